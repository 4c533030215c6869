"""Any number of plain people, for load tests: cheap to make, right in form, distinct in every number."""

from collections.abc import Iterator
from datetime import date
from random import Random

from portal.demo.people import days, names, numbers, staff
from portal.demo.people import vocabulary as v
from portal.demo.people.boroughs import BOROUGHS, Borough
from portal.demo.people.casebook import Casebook, reference
from portal.demo.people.profile import postcode
from portal.demo.people.shapes import Nominal

_CRIMES = (v.BURGLARY, v.ROBBERY, v.VIOLENCE, v.KNIFE, v.SUPPLY, v.VEHICLE)
_NOTES = (
    "Seen {place} on foot, alone. Polite, no concerns.",
    "Attended on time. Week gone through, next appointment given.",
    "No reply at the door, card left. Will try an evening.",
    "Rang to move the appointment and kept the new one.",
    "Missed the appointment, {place} way according to a friend. Text and letter sent.",
)
_APART = 1000


def crowd(n_persons: int, n_cases: int, seed: int, today: date) -> Iterator[Nominal]:
    """`n_persons` people holding `n_cases` cases between them, the same for the same seed and day, one at a time.

    Everybody has a case, for nobody is in the portal without one; further cases lie in further boroughs. Numbers start
    at 1000, apart from those of `story`, so that both may be told together. Raises ValueError if there are fewer cases
    than people, or more than three a person.
    """
    if not n_persons <= n_cases <= 3 * n_persons:
        raise ValueError(f"{n_persons} people hold between {n_persons} and {3 * n_persons} cases, not {n_cases}")
    rng = Random(seed)  # noqa: S311 — invention, not secrecy
    for place in range(n_persons):
        share = n_cases * (place + 1) // n_persons - n_cases * place // n_persons
        yield _one(rng, _APART + place, share, today)


def _one(rng: Random, number: int, cases: int, today: date) -> Nominal:
    woman = rng.random() < 0.12
    surname, forenames, _ = names.person_name(rng, woman)
    birth = days.born(today, rng.randrange(19, 58), rng.randrange(364))
    person = {
        "surname": surname, "forename": forenames, "date_of_birth": birth.isoformat(),
        "gender": "Female" if woman else "Male", "telephone": numbers.mobile(number),
    }  # fmt: skip
    first = rng.choices(range(3), (6, 2, 2))[0]
    told = [_case(rng, BOROUGHS[(first + step) % 3], number, birth, person, today) for step in range(cases)]
    return Nominal(
        f"c{number}",
        tuple(case for nominal in told for case in nominal.cases),
        {reference: drafts for nominal in told for reference, drafts in nominal.drafts.items()},
    )


def _case(rng: Random, borough: Borough, number: int, birth: date, person: dict[str, str], today: date) -> Nominal:
    back = rng.randrange(20, 350)
    filed = reference(borough, days.ago(today, back).date(), number)
    book = Casebook(borough, today, birth, number, filed)
    officer = rng.choice(staff.workers("probation", borough.agreement))
    police = rng.choice(staff.workers("police", borough.agreement))
    coordinator = {"BN": "rahman", "BR": "fontaine", "HR": "thackray"}[borough.prefix]
    at = book.ago(back, "09:30")
    address = f"{rng.randrange(1, 190)} {rng.choice(borough.streets)}"
    book.add(at, officer, "person", **person, address=address, postcode=postcode(rng, borough))
    book.add(at, officer, "identifiers", crn=numbers.crn(number))
    book.add(at, police, "identifiers", pnc=numbers.pnc(number, min(today.year - 1, birth.year + 15)))
    review = book.day(-rng.randrange(1, 80))
    book.add(
        at, coordinator, "case", status=v.ACTIVE, rag=rng.choice((v.RED, v.AMBER, v.GREEN)), cohort=v.FIXED,
        priority_crime=rng.choice(_CRIMES), selected_on=at.date().isoformat(), review_on=review.isoformat(),
    )  # fmt: skip
    book.add(
        at, officer, "score", predictor="OVP", version="OASys legacy", value=str(rng.randrange(5, 95)),
        assessed_on=at.date().isoformat(), source="Monthly extract",
    )  # fmt: skip
    book.assign(at, officer, "lead")
    book.assign(at, police)
    for _ in range(2):
        text = rng.choice(_NOTES).format(place=rng.choice(borough.places))
        book.note(
            book.ago(rng.randrange(1, back), "14:20"), rng.choice((officer, police)), "behaviour", text, "Contact",
        )  # fmt: skip
    case, drafts = book.close(v.ACTIVE, review, "probation")
    return Nominal("", (case,), {case.reference: drafts})
