"""How the criteria of a borough stand for somebody, as far as one reader may see. It decides nothing.

Everything here is made of records that a door has opened and logged for this reader already.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from portal.auth.actor import Actor
from portal.casework import criteria, criteria_sets
from portal.casework.criteria import ADULTS, GROUPS, MET, NOT_MET, UNKNOWN, YOUTH, Choice, Evidence, Outcome, Scored
from portal.casework.criteria_sets import Version
from portal.db import to_micros
from portal.sharing.days import age, day_at
from portal.sharing.disclosure import Disclosure, Record
from portal.sharing.doors import Doors
from portal.sharing.reading import evidence as evidence_of
from portal.sharing.unseen import TELLS
from portal.sharing.visits import Case

ONE_YEAR = "1 year"
"""In the version of a score: the figure for one year. HMPPS's bands, and so these criteria, are of the two-year one."""
NO_AGE = (
    "No date of birth that you may see, so it is not known which set applies. The stricter for this person is that for"
)


@dataclass(frozen=True, slots=True)
class Stood:
    """One set as it stands for a person. `title`: whose criteria, for whom, which version, since when."""

    title: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Assessment:
    """How the criteria stand: one set, or both where the age is not known (`note` says which is stricter)."""

    borough: str
    answer: str
    stood: tuple[Stood, ...]
    note: str = ""

    def kept(self, takes_on: bool | None) -> str:
        """The words that are kept with a decision; `takes_on` as in `otherwise`."""
        told = [criteria.kept_words(s.title, s.outcome) for s in self.stood]
        return "\n\n".join(filter(None, (*told, self.note, otherwise(self, takes_on))))


def evidence(records: Iterable[Record], unseen: frozenset[str]) -> Evidence:
    """What opened records say that criteria look at; `unseen` as the door that opened them says, and what did not
    open besides: it was recorded, and nobody knows as what."""
    every = list(records)
    broken = {TELLS[v.key] for r in every for v in r.values if v.broken and v.key in TELLS}
    born = [on for r in every if r.kind == "person" and (on := _day(r.text("date_of_birth")))]
    scores = [_scored(r) for r in every if r.kind in ("score", "score_band") and ONE_YEAR not in r.text("version")]
    return Evidence(
        born=born[0] if len(set(born)) == 1 else None,
        scores=tuple(s for s in scores if s.predictor),
        crimes=tuple(_choice(r, "priority_crime") for r in every if _says(r, "priority_crime")),
        cohorts=tuple(_choice(r, "cohort") for r in every if _says(r, "cohort")),
        unseen=unseen | broken,
    )


def _says(record: Record, name: str) -> bool:
    return record.kind in ("case", "referral") and bool(record.text(name))


def _choice(record: Record, name: str) -> Choice:
    on = _day(record.text("referred_on")) or day_at(to_micros(record.changed_at))
    return Choice(record.text(name), on, record.owner_name)


def _scored(record: Record) -> Scored:
    return Scored(record.text("predictor"), _day(record.text("assessed_on")), record.text("value"), record.text("band"))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def standing(session: Session, agreement: str, on: date) -> dict[str, Version]:
    """The sets in force on a day under an agreement, by group. Looks at nobody."""
    return criteria_sets.in_force(criteria_sets.versions(session, [agreement]), on)


def assess(sets: Mapping[str, Version], borough: str, known: Evidence, on: date) -> Assessment | None:
    """How the sets in force stand for one person. None where there is none for their age."""
    groups = [group_of(known, on)] if group_of(known, on) else list(GROUPS)
    stood = {
        g: Stood(title(borough, sets[g]), criteria.evaluate(sets[g].rules, known, on)) for g in groups if g in sets
    }
    if not stood:
        return None
    if len(groups) == 1:
        return Assessment(borough, stood[groups[0]].outcome.answer, tuple(stood.values()))
    return Assessment(borough, UNKNOWN, tuple(stood.values()), f"{NO_AGE} {GROUPS[_stricter(stood)]}.")


def group_of(known: Evidence, on: date) -> str:
    """Whose set applies on a day: that for adults or for people under 18; "" where the age is not known."""
    if known.born is None:
        return ""
    return YOUTH if age(known.born, on) < 18 else ADULTS


def _stricter(stood: Mapping[str, Stood]) -> str:
    """The group whose set is the further from met; where both are the same, people under 18 (clause 4.5)."""
    order = (NOT_MET, UNKNOWN, MET)
    return min(stood, key=lambda g: (order.index(stood[g].outcome.answer), g != YOUTH))


def title(borough: str, version: Version) -> str:
    """ "Criteria of Barnet for adults, version 2, since 1 November 2026" """
    since = criteria.day(version.starts)
    return f"Criteria of {borough} for {GROUPS[version.people]}, version {version.number}, since {since}"


def of_case(session: Session, agreement: str, shown: Disclosure, now: int) -> Assessment | None:
    """How the criteria in force now stand for the person of a case, by what this reader was shown of it."""
    sets = standing(session, agreement, day_at(now))
    if not sets:
        return None
    known = evidence((r for section in shown.sections for r in section.records), shown.unseen)
    return assess(sets, shown.borough, known, day_at(now))


def of_cases(
    session: Session, doors: Doors, actor: Actor, cases: Sequence[Case], purpose: str, operation: str
) -> dict[uuid.UUID, Assessment]:
    """How the criteria stand in these cases now, by case: one entry names them all. Where no criteria are in force
    nothing is opened. Raises `LogUnavailable`."""
    on = day_at(doors.clock())
    every = criteria_sets.versions(session, {c.agreement for c in cases})
    sets = {a: criteria_sets.in_force([v for v in every if v.agreement == a], on) for a in {v.agreement for v in every}}
    asked = {c.id: c for c in cases if sets.get(c.agreement)}
    seen = evidence_of.look(session, doors, actor, list(asked.values()), purpose, operation).seen
    found = {}
    for one in seen:
        agreement = asked[one.case].agreement
        borough = doors.book.engine(agreement).agreement.borough
        assessed = assess(sets[agreement], borough, evidence(one.records, one.unseen), on)
        if assessed is not None:
            found[one.case] = assessed
    return found


def otherwise(assessed: Assessment, takes_on: bool | None) -> str:
    """What to say where people decide otherwise than the criteria stand; "" where they do not. `takes_on` None: neither
    taken on nor turned down."""
    met = assessed.answer == MET
    if takes_on is None or takes_on == met or (not takes_on and not met):
        return ""
    return f"Decided so although the criteria are {assessed.answer.lower()}: the reason stands with the decision."
