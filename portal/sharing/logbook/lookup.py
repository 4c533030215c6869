"""Find a person in the log by exact identifiers (clause 9.3): logged, and answered with case references only."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit import reading
from portal.audit.reading import Filters, Scope
from portal.auth.actor import Actor
from portal.keys import index_tags
from portal.sharing.disclosure import Receipt
from portal.sharing.doors import Doors
from portal.sharing.fields import Invalid, clean
from portal.sharing.logbook.scope import record, scope_of
from portal.sharing.storing import tags_of
from portal.sharing.tables import CaseFile, SearchTag

MOST = 10


@dataclass(frozen=True, slots=True)
class Terms:
    """What was typed: a PNC ID or CRN, or a surname with a date of birth. Not in any repr or log in the clear."""

    number: str = field(default="", repr=False)
    surname: str = field(default="", repr=False)
    born: str = field(default="", repr=False)
    """ISO date; a text that is no date is told so."""


@dataclass(frozen=True, slots=True)
class Found:
    """Case references, and the receipt of having shown them."""

    references: tuple[str, ...]
    receipt: Receipt


def find(session: Session, doors: Doors, actor: Actor, use: str, terms: Terms) -> tuple[str, ...]:
    """References of the cases of exactly these details. Logged, the terms sealed.

    A person of whom no entry is theirs to read is not found: the look-up tells nothing that the log would not.
    Raises `Invalid` with what to correct, `Refused`, `LogUnavailable`.
    """
    values = _checked(terms)
    scope = scope_of(session, doors, actor)
    tags = [tag for _, tag in tags_of(doors, values)]
    query = select(CaseFile.id, CaseFile.person, CaseFile.reference).where(
        CaseFile.id.in_(select(SearchTag.case).where(SearchTag.tag.in_(tags))),
        CaseFile.agreement.in_(scope.agreements),
    )
    rows = session.execute(query.order_by(CaseFile.reference).limit(MOST * 4)).all()
    found = [row for row in rows if _in_log(session, doors, scope, row.person)][:MOST]
    detail = {"terms": _sealed(values), "cases": [row.id.hex for row in found]}
    persons = dict.fromkeys(row.person for row in found)
    record(session, doors, actor, use, detail, persons, operation="search")
    return tuple(row.reference for row in found)


def show(session: Session, doors: Doors, actor: Actor, use: str, references: Sequence[str]) -> Found:
    """References that a look-up of this session found, shown again and logged as a reading. Raises as `find`."""
    scope_of(session, doors, actor)
    asked = {"asked": {"cases": ", ".join(references)}}
    return Found(tuple(references), record(session, doors, actor, use, asked))


def _in_log(session: Session, doors: Doors, scope: Scope, person: uuid.UUID) -> bool:
    vault = doors.log.vault(session)
    return bool(reading.page(session, vault, Filters(person=person, scope=scope), size=1).rows)


def _sealed(values: dict[str, str]) -> dict[str, str]:
    return {key.partition(".")[2]: text for key, text in values.items()}


def _checked(terms: Terms) -> dict[str, str]:
    """The terms as field values. Raises `Invalid` with every problem, by the names of `Terms`."""
    number, surname, born = clean(terms.number), clean(terms.surname), clean(terms.born)
    values: dict[str, str] = {}
    problems: dict[str, str] = {}
    if number:
        try:
            values |= _number(number)
        except ValueError as error:
            problems["number"] = str(error)[:1].upper() + str(error)[1:]
    if surname and not born:
        problems["born"] = "Enter the date of birth too: a name alone finds nobody"
    elif born and not surname:
        problems["surname"] = "Enter the surname too: a date of birth alone finds nobody"
    elif born:
        try:
            values |= {"person.surname": surname, "person.date_of_birth": date.fromisoformat(born).isoformat()}
        except ValueError:
            problems["born"] = "Date of birth must be a real date, like 27 3 1991"
    if not (number or surname or born):
        problems["number"] = "Enter a PNC ID, a CRN, or a surname with a date of birth"
    if problems:
        raise Invalid(problems)
    return values


def _number(text: str) -> dict[str, str]:
    """A CRN begins with a letter, a PNC ID with a digit. Raises `ValueError` with what to do."""
    if text[:1].isalpha():
        return {"identifiers.crn": index_tags.canonical_crn(text)}
    return {"identifiers.pnc": index_tags.canonical_pnc(text)}
