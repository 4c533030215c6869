"""The log as its officers read it: filtered lists, each reading logged with its use before anything is opened."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Self

from sqlalchemy.orm import Session

from isa.wording import high
from portal.audit import overview, reading
from portal.audit.details import Opened
from portal.audit.operations import OPERATIONS
from portal.audit.overview import About
from portal.audit.reading import Filters, Row, Scope
from portal.auth.actor import Actor
from portal.sharing.days import midnight
from portal.sharing.disclosure import Receipt
from portal.sharing.doors import Doors
from portal.sharing.logbook import words
from portal.sharing.logbook.scope import USES, person_of, record, references, scope_of
from portal.sharing.reading import staff

NOBODY = "the system"
ENDED = {"permitted": "done", "refused": "refused", "failed": "failed"}
SHOWN = 3  # so many cases are named in a line of the list


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an officer asks of the log. `what` is "field:…" or "category:…"; days are whole days in London.

    `case` is a case reference as typed, or as the look-up found it.
    """

    case: str = ""
    actor: uuid.UUID | None = None
    agency: str = ""
    operation: str = ""
    purpose: str = ""
    outcome: str = ""
    what: str = ""
    since: date | None = None
    until: date | None = None

    def terms(self) -> dict[str, str]:
        """As plain texts, for an address that seals them."""
        given = {
            "case": self.case,
            "actor": self.actor.hex if self.actor else "",
            "agency": self.agency,
            "operation": self.operation,
            "purpose": self.purpose,
            "outcome": self.outcome,
            "what": self.what,
            "since": self.since.isoformat() if self.since else "",
            "until": self.until.isoformat() if self.until else "",
        }
        return {name: text for name, text in given.items() if text}

    @classmethod
    def of(cls, terms: Mapping[str, str]) -> Self:
        """Back from `terms`. Raises `ValueError` for what is no id or day."""
        since, until, actor = terms.get("since", ""), terms.get("until", ""), terms.get("actor", "")
        plain = {name: terms.get(name, "") for name in ("case", "agency", "operation", "purpose", "outcome", "what")}
        return cls(
            **plain,
            actor=uuid.UUID(actor) if actor else None,
            since=date.fromisoformat(since) if since else None,
            until=date.fromisoformat(until) if until else None,
        )


@dataclass(frozen=True, slots=True)
class Line:
    """One entry in a list. `about` are case references, or names of staff it was done to."""

    entry: uuid.UUID
    reference: str
    at: datetime
    who: str
    role: str
    agency: str
    did: str
    purpose: str
    about: tuple[str, ...]
    more: int
    outcome: str
    index: int | None


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of lines, newest first; `asked` is what was wanted, read out; `total` is counted up to `most`."""

    lines: tuple[Line, ...]
    asked: tuple[tuple[str, str], ...]
    total: int
    most: int
    after: str | None
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Choices:
    """What can be chosen in the filters: (value, words) each."""

    actors: tuple[tuple[str, str], ...]
    agencies: tuple[tuple[str, str], ...]
    operations: tuple[tuple[str, str], ...]
    purposes: tuple[tuple[str, str], ...]
    whats: tuple[tuple[str, str], ...]


def listing(
    session: Session, doors: Doors, actor: Actor, use: str, wanted: Wanted, after: str | None = None
) -> Listing:
    """A page of the log. Raises `NotFound` for a false `after`, `Refused`, `LogUnavailable`."""
    scope = scope_of(session, doors, actor)
    filters, person = filters_of(session, doors, scope, wanted)
    vault = doors.log.vault(session)
    page = reading.page(session, vault, filters, after)
    total = overview.count(session, vault, filters)
    asked = read_out(session, doors, wanted)
    detail = {"asked": dict(asked), "entries": [row.entry_id.hex for row in page.rows]}
    receipt = record(session, doors, actor, use, detail, [person] if person else [])
    found = lines(session, doors, scope, page.rows)
    return Listing(found, asked, total, overview.MOST_COUNTED, page.after, receipt)


def filters_of(session: Session, doors: Doors, scope: Scope, wanted: Wanted) -> tuple[Filters, uuid.UUID | None]:
    """As filters, and the person it is about. A case nobody knows finds nothing, like one without entries."""
    person = person_of(session, scope, wanted.case) if wanted.case else None
    whom = person or (uuid.uuid4() if wanted.case else None)
    return Filters(
        person=whom,
        actor=wanted.actor,
        agency=wanted.agency or None,
        operation=wanted.operation or None,
        purpose=wanted.purpose or None,
        outcome=wanted.outcome or None,
        opened=_fields(doors, wanted.what),
        since=midnight(wanted.since) if wanted.since else None,
        until=midnight(wanted.until + timedelta(days=1)) if wanted.until else None,
        scope=scope,
    ), person


def _fields(doors: Doors, what: str) -> frozenset[str] | None:
    sort, _, name = what.partition(":")
    if not what:
        return None
    if sort == "field":
        return frozenset({name})
    return frozenset(f.key for a in doors.book.all() for f in a.fields.values() if f.category == name)


def read_out(session: Session, doors: Doors, wanted: Wanted) -> tuple[tuple[str, str], ...]:
    """What is wanted as (label, words), so that it can be read out and stand in the log."""
    who = staff.names(session, doors, [wanted.actor])[wanted.actor] if wanted.actor else ""
    what = dict(_whats(doors)).get(wanted.what, wanted.what)
    told = (
        ("case", wanted.case.strip().upper()),
        ("practitioner", who),
        ("agency", words.agency(doors.book, wanted.agency)),
        ("what was done", words.operation(wanted.operation) if wanted.operation else ""),
        ("purpose", words.purpose(doors.book, wanted.purpose or None)),
        ("outcome", ENDED.get(wanted.outcome, wanted.outcome)),
        ("what was opened", what),
        ("from", wanted.since.isoformat() if wanted.since else ""),
        ("to", wanted.until.isoformat() if wanted.until else ""),
    )
    return tuple((label, text) for label, text in told if text)


def lines(session: Session, doors: Doors, scope: Scope, rows: Sequence[Row], most: int = SHOWN) -> tuple[Line, ...]:
    """Rows in words. The caller has logged that they are read."""
    abouts = overview.about(session, doors.log.vault(session), rows, most)
    told = [each for about in abouts.values() for each in about.details]
    people = {each.person for each in told if each.person is not None}
    names = staff.names(session, doors, people | {row.actor for row in rows if row.actor is not None})
    cases = references(session, scope, (case for each in told if (case := case_of(each))))
    return tuple(_line(doors, row, abouts[row.entry_id], names, cases) for row in rows)


def _line(doors: Doors, row: Row, about: About, names: Mapping[uuid.UUID, str], cases: Mapping[uuid.UUID, str]) -> Line:
    shown = tuple(dict.fromkeys(name for each in about.details if (name := name_of(each, names, cases))))
    return Line(
        entry=row.entry_id,
        reference=row.reference,
        at=row.at,
        who=names[row.actor] if row.actor else NOBODY,
        role=doors.book.role_name(row.agency, row.role) if row.agency and row.role else "",
        agency=words.agency(doors.book, row.agency),
        did=words.operation(row.operation),
        purpose=words.purpose(doors.book, row.purpose),
        about=shown,
        more=max(0, about.count - len(about.details)) if shown else 0,
        outcome=row.outcome,
        index=row.index,
    )


def case_of(opened: Opened) -> uuid.UUID | None:
    """The case a detail names, if it names one."""
    try:
        return uuid.UUID(str(opened.detail.get("case", "")))
    except ValueError:
        return None


def name_of(opened: Opened, names: Mapping[uuid.UUID, str], cases: Mapping[uuid.UUID, str]) -> str:
    """Whom a detail is about: a case by its reference, a member of staff by name, else nobody whom this page names."""
    case = case_of(opened)
    if case is not None:
        return cases.get(case, "")
    found = names.get(opened.person, staff.UNKNOWN) if opened.person else staff.UNKNOWN
    return "" if found == staff.UNKNOWN else found


def choices(session: Session, doors: Doors, actor: Actor) -> Choices:
    """What the filters offer this officer. Call after a reading was logged: it names those who made entries."""
    scope = scope_of(session, doors, actor)
    made = overview.actors(session, doors.log.vault(session), Filters(scope=scope))
    named = sorted((name, user.hex) for user, name in staff.names(session, doors, made).items())
    book = doors.book
    agreements = book.of_party(actor.party)
    parties = sorted({p for a in agreements for p in a.parties}, key=lambda p: words.agency(book, p))
    purposes = {p.id: p.name for a in agreements for p in a.purposes.values()}
    uses = {use.id: f"the log: {use.name}" for use in USES.values()}
    return Choices(
        actors=tuple((user, name) for name, user in named),
        agencies=tuple((party, words.agency(book, party)) for party in parties),
        operations=tuple((name, words.operation(name)) for name in OPERATIONS),
        purposes=tuple((name, high(said)) for name, said in (purposes | uses).items()),
        whats=_whats(doors),
    )


def _whats(doors: Doors) -> tuple[tuple[str, str], ...]:
    """Categories, then the single fields of kinds whose fields each have one category."""
    found: dict[str, str] = {}
    for agreement in doors.book.all():
        found.update({f"category:{c.id}": f"{high(c.name)}: anything" for c in agreement.categories.values()})
    for agreement in doors.book.all():
        plain = [f for f in agreement.fields.values() if not f.label]
        found.update({f"field:{f.key}": words.fields(agreement, [f.key]) for f in plain})
    return tuple(found.items())


def others(session: Session, doors: Doors, actor: Actor, scope: Scope, size: int = 10) -> tuple[Line, ...]:
    """The last readings of the log by others. The caller has logged this reading."""
    filters = Filters(operation="log-read", not_actor=actor.user, scope=scope)
    page = reading.page(session, doors.log.vault(session), filters, size=size)
    return tuple(replace(line, about=(), more=0) for line in lines(session, doors, scope, page.rows, 0))


def refused(session: Session, doors: Doors, scope: Scope, since: datetime) -> tuple[tuple[str, str, int], ...]:
    """(agency, its name, how many) refusals since then, the most first."""
    filters = Filters(outcome="refused", since=since, scope=scope)
    counted: Mapping[Any, int] = overview.by_agency(session, doors.log.vault(session), filters)
    return tuple((a or "", words.agency(doors.book, a) or NOBODY, n) for a, n in counted.items())
