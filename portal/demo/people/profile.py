"""Who a background person is: drawn once, so that every record about them agrees with the others."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from random import Random

from portal.demo.people import days, names, numbers, staff
from portal.demo.people import vocabulary as v
from portal.demo.people.boroughs import Borough
from portal.demo.people.known import KNOWN, Known
from portal.sharing.days import age

_OFFENCES: Mapping[str, tuple[str, ...]] = {
    v.BURGLARY: ("Burglary dwelling", "Burglary other than dwelling", "Attempted burglary dwelling"),
    v.ROBBERY: ("Robbery of personal property", "Robbery of business property", "Assault with intent to rob"),
    v.VIOLENCE: ("S.20 GBH", "S.47 ABH", "Assault on emergency worker", "Affray"),
    v.KNIFE: ("Possession of bladed article", "Threats with bladed article"),
    v.DOMESTIC: ("Controlling or coercive behaviour", "Breach of restraining order", "S.47 ABH (domestic)"),
    v.SUPPLY: ("PWITS class A", "PWITS class B", "Conspiracy to supply class A"),
    v.VEHICLE: ("Theft of motor vehicle", "Aggravated vehicle taking", "Theft from motor vehicle"),
    v.OTHER_CRIME: ("Shoplifting", "Theft from the person", "Handling stolen goods"),
}
_COHORT = {v.BURGLARY: v.FIXED, v.ROBBERY: v.FIXED, v.VEHICLE: v.FIXED, v.OTHER_CRIME: v.FREE}
_PATHWAYS = (v.ACCOMMODATION, v.ALCOHOL, v.ATTITUDES, v.FAMILY, v.DRUGS, v.WORK, v.FINANCE, v.HEALTH)
_STATES = (v.ACTIVE, v.IN_CUSTODY, v.REFERRED, v.DESELECTED, v.SELECTED, v.SUSPENDED)
_STATE_WEIGHTS = (54, 15, 11, 10, 6, 4)


@dataclass(frozen=True, slots=True)
class Profile:
    """The settled facts of a background person; `opened`, `released` (if ahead, negative) and `inside` count days.

    All three are days before today; `inside` is when the custody began that lasts still, 0 for those who are out.
    """

    borough: Borough
    number: int
    woman: bool
    surname: str
    forenames: str
    ethnicity: str
    birth: date
    crime: str
    offence: str
    sentence: str
    state: str
    rag: str
    course: str
    cohort: str
    opened: int
    released: int | None
    inside: int
    pathways: tuple[str, ...]
    address: str
    postcode: str
    pnc: str
    crn: str
    team: Mapping[str, str]

    @property
    def words(self) -> dict[str, str | tuple[str, ...]]:
        """What the voices say of this person: pronouns and the places of the borough."""
        he, him, his, himself = ("she", "her", "her", "herself") if self.woman else ("he", "him", "his", "himself")
        return {
            "he": he, "He": he.capitalize(), "him": him, "his": his, "His": his.capitalize(), "himself": himself,
            "borough": self.borough.name, "court": self.borough.court, "office": self.borough.probation_office,
            "housing": self.borough.housing_office, "Relative": ("Partner", "Mum", "Sister", "Dad"),
            "place": self.borough.places, "hostel": self.borough.hostels,
        }  # fmt: skip

    @property
    def coordinator(self) -> str:
        """The staff key of the borough's coordinator, who keeps the selection records."""
        return {"BN": "rahman", "BR": "fontaine", "HR": "thackray"}[self.borough.prefix]

    def worker(self, kind: str) -> str:
        """The staff key of this person's worker in the party of a kind; the coordinator speaks for the council."""
        return self.team.get(kind) or self.coordinator


def imagine(rng: Random, borough: Borough, number: int, today: date, known: Known | None = None) -> Profile:
    """Draws a person of a borough. A `known` one keeps the identity under which probation's monthly file names them."""
    woman = known.woman if known else rng.random() < 0.12
    surname, forenames, ethnicity = names.person_name(rng, woman)
    birth = known.birth if known else _birth(rng, today)
    state = rng.choices(_STATES, _STATE_WEIGHTS)[0]
    crime, offence = _crime(rng, known)
    opened = rng.randrange(4, 40) if state in (v.REFERRED, v.SELECTED) else rng.randrange(70, 350)
    course = rng.choices(("up", "down", "mixed"), _course_weights(state))[0]
    entered = birth.year + rng.randrange(13, max(14, min(30, today.year - birth.year)))
    return Profile(
        borough=borough,
        number=number,
        woman=woman,
        surname=known.surname if known else surname,
        forenames=known.forenames if known else forenames,
        ethnicity=known.ethnicity if known else ethnicity,
        birth=birth,
        crime=crime,
        offence=offence,
        sentence=_sentence(rng, age(birth, today), state),
        state=state,
        rag=_rag(rng, state, course),
        course=course,
        cohort=_COHORT.get(crime, v.FLEX),
        opened=opened,
        released=_released(rng, state, opened),
        inside=rng.randrange(20, max(21, opened * 2 // 3)) if state == v.IN_CUSTODY else 0,
        pathways=tuple(sorted(rng.sample(_PATHWAYS, rng.choice((1, 2, 2, 3, 3, 4))))),
        address=_address(rng, borough),
        postcode=known.postcode if known else postcode(rng, borough),
        pnc=known.pnc if known else numbers.pnc(number, min(entered, today.year - 1)),
        crn=known.crn if known else numbers.crn(number),
        team=team_of(rng, borough),
    )


def team_of(rng: Random, borough: Borough) -> dict[str, str]:
    """One worker of each kind of party in a borough, by staff key; kinds without case workers are left out."""
    held = {kind: staff.workers(party, borough.agreement)[:2] for kind, party in borough.parties.items()}
    return {kind: rng.choice(keys) for kind, keys in held.items() if keys}


def known_to_probation(borough: str) -> tuple[Known, ...]:
    """The people of a borough whom the example monthly file names too, so that an import finds them."""
    return tuple(known for known in KNOWN if known.borough == borough)


def postcode(rng: Random, borough: Borough) -> str:
    """A postcode of the borough's districts, its inward half drawn by chance."""
    letters = "ABDEFGHJLNPQRSTUWXYZ"
    return f"{rng.choice(borough.postcodes)} {rng.randrange(1, 10)}{rng.choice(letters)}{rng.choice(letters)}"


def _crime(rng: Random, known: Known | None) -> tuple[str, str]:
    crime = rng.choices(tuple(_OFFENCES), (16, 15, 17, 12, 12, 12, 9, 7))[0]
    if known is None:
        return crime, rng.choice(_OFFENCES[crime])
    return next((each for each, offences in _OFFENCES.items() if known.offence in offences), crime), known.offence


def _address(rng: Random, borough: Borough) -> str:
    house = f"{rng.randrange(1, 190)} {rng.choice(borough.streets)}"
    kind = rng.random()
    if kind < 0.1:
        return "NFA"
    if kind < 0.2:
        return f"Room {rng.randrange(1, 24)}, {rng.choice(borough.hostels)}".replace("the ", "The ")
    return f"Flat {rng.randrange(1, 48)}, {house}" if kind < 0.55 else house


def _birth(rng: Random, today: date) -> date:
    """Whoever is under 18 turns it within some months: youth justice looks ahead to that day."""
    years, back = _age(rng), rng.randrange(364)
    return days.born(today, years, back if years >= 18 else 355 - back // 4)


def _age(rng: Random) -> int:
    ages: tuple[int, ...] = (17, 17, 18, *range(19, 45), *range(20, 36), *range(22, 31), 47, 49, 52, 56, 61)
    return rng.choice(ages)


def _sentence(rng: Random, years: int, state: str) -> str:
    if years < 18:
        return "Youth rehabilitation order"
    if state == v.IN_CUSTODY:
        return rng.choice(("Custody, determinate", "Recalled on licence", "Remand", "Custody, determinate"))
    return rng.choice(
        ("Licence", "Licence", "Community order", "Suspended sentence order", "Post-sentence supervision")
    )


def _released(rng: Random, state: str, opened: int) -> int | None:
    """Days since release: ahead for those in custody, before the case opened for the others, None if never inside."""
    if state == v.IN_CUSTODY:
        return -rng.choice((2, 4, 6, 9, 12, 13, 26, 47, 80, 130, 200))
    return opened + rng.randrange(1, 60) if rng.random() < 0.5 else None


def _course_weights(state: str) -> tuple[int, int, int]:
    return {v.DESELECTED: (8, 1, 1), v.IN_CUSTODY: (2, 5, 3), v.SUSPENDED: (1, 6, 3)}.get(state, (4, 3, 3))


def _rag(rng: Random, state: str, course: str) -> str:
    if state == v.DESELECTED:
        return v.GREEN
    weights = {"up": (1, 4, 5), "down": (6, 3, 1), "mixed": (2, 6, 2)}[course]
    return rng.choices((v.RED, v.AMBER, v.GREEN), weights)[0]
