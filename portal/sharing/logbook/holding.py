"""Details of the log that are kept beyond their period: listed, begun and ended by officers (clause 9.32)."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit import holds, overview, reading
from portal.audit.details import Opened
from portal.audit.entry import Subject
from portal.audit.erasures import year_of
from portal.audit.holds import LIFTED, PLACED, Asked, Hold
from portal.audit.reading import Filters, Row, Scope
from portal.auth.actor import Actor
from portal.errors import NotFound
from portal.sharing import said
from portal.sharing.disclosure import Receipt
from portal.sharing.doors import Doors
from portal.sharing.fields import LONGEST_REASON, Invalid, clean
from portal.sharing.logbook import words
from portal.sharing.logbook.entries import case_of
from portal.sharing.logbook.scope import PARTNERSHIP, record, references, scope_of
from portal.sharing.tables import CaseFile

KINDS: Final[Mapping[str, str]] = {
    "inquiry": "An inquiry",
    "review": "A review",
    "prosecution": "A prosecution",
    "complaint": "A complaint",
}
LONGEST: Final[Mapping[str, int]] = {"asked_by": 200, "matter": 100}
FIRST_YEAR: Final = 2000


@dataclass(frozen=True, slots=True)
class Typed:
    """The form as sent. Without a `case` (its reference) all details under `agreement` (an id) are meant."""

    kind: str = ""
    case: str = field(default="", repr=False)
    agreement: str = ""
    first_year: str = ""
    last_year: str = ""
    asked_by: str = ""
    matter: str = ""
    reason: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Shown:
    """A hold in words. `about` is a case reference, "" for all under the agreement or one that this officer may not
    know of; `ends`: whether this officer may end it; `reference` is that of its entry."""

    hold: Hold
    kind: str
    about: str
    agreement: str
    party: str
    reason: str
    reference: str
    ends: bool


@dataclass(frozen=True, slots=True)
class Found:
    """Those that last, then those that have ended, the newest first; and the agreements to choose from (id, title)."""

    lasting: tuple[Shown, ...]
    ended: tuple[Shown, ...]
    agreements: tuple[tuple[str, str], ...]
    receipt: Receipt


def listing(session: Session, doors: Doors, actor: Actor, use: str) -> Found:
    """The holds this officer may know of: of their own party, and all that keep a whole agreement's; the partnership's
    officer all. Logged. Raises `Refused`, `LogUnavailable`."""
    scope = scope_of(session, doors, actor)
    found = [each for each in holds.every(session, scope.agreements) if _knows(actor, each)]
    asked = {"asked": {"what": "details kept longer"}, "entries": [each.entry.hex for each in found]}
    receipt = record(session, doors, actor, use, asked)
    rows, details = _entries(session, doors, scope, found)
    cases = references(session, scope, (case for each in details.values() if (case := case_of(each))))
    shown = [_shown(doors, actor, each, rows.get(each.entry), details.get(each.entry), cases) for each in found]
    titles = tuple((a.id, a.title) for a in doors.book.of_party(actor.party))
    lasting = tuple(each for each in shown if each.hold.lifted is None)
    return Found(lasting, tuple(each for each in shown if each.hold.lifted is not None), titles, receipt)


def place(session: Session, doors: Doors, actor: Actor, use: str, typed: Typed) -> None:
    """Have details kept. Raises `Invalid` with every problem, `Refused`, `LogUnavailable`."""
    scope = scope_of(session, doors, actor)
    problems, years = _problems(doors, typed)
    file = None
    if clean(typed.case):
        wanted = (CaseFile.reference == clean(typed.case).upper(), CaseFile.agreement.in_(scope.agreements))
        file = session.execute(select(CaseFile.id, CaseFile.person, CaseFile.agreement).where(*wanted)).first()
        if file is None:
            problems["case"] = "No case under your agreements has this reference"
    elif typed.agreement not in scope.agreements:
        problems["agreement"] = "Give a case reference, or select an agreement"
    if problems:
        raise Invalid({each.name: problems[each.name] for each in fields(Typed) if each.name in problems})
    agreement = doors.book.engine(typed.agreement if file is None else file.agreement).agreement
    vault = doors.log.vault(session)
    person = vault.nobody() if file is None else file.person
    tag = None if file is None else vault.tag(file.person)
    who = (clean(typed.asked_by), clean(typed.matter))
    asked = Asked(typed.kind, actor.party, agreement.id, *years, *who, tag)
    detail = {"case": file.id.hex} if file else {}
    told = {"Kept for": KINDS[typed.kind], "Asked by": who[0], "Matter": who[1], "Written in": _years(*years)}
    about = Subject(person, {**detail, "justification": clean(typed.reason), "kept": told})
    entry = said.entry(PLACED, actor, purpose=use, agreement=agreement.reference, subjects=[about])
    with doors.log.transaction(session) as tx:
        holds.place(tx, asked, entry)


def lift(session: Session, doors: Doors, actor: Actor, use: str, hold: uuid.UUID, reason: str) -> bool:
    """End a hold. False where it has ended already. Raises `Invalid` (reason), `NotFound`, `Refused`."""
    scope = scope_of(session, doors, actor)
    mine = [each for each in holds.every(session, scope.agreements) if each.id == hold and _ends(actor, each)]
    if not mine:
        raise NotFound
    if problem := _reason_problem(reason):
        raise Invalid({"end": problem})
    _, details = _entries(session, doors, scope, mine)
    known = details.get(mine[0].entry)
    person = known.person if known is not None and known.person is not None else doors.log.nobody(session)
    detail = {"case": known.detail["case"]} if known is not None and "case" in known.detail else {}
    told = {"Asked by": mine[0].asked_by, "Matter": mine[0].matter}
    about = Subject(person, {**detail, "justification": clean(reason), "kept": told})
    agreement = doors.book.engine(mine[0].agreement).agreement.reference
    entry = said.entry(LIFTED, actor, purpose=use, agreement=agreement, subjects=[about])
    with doors.log.transaction(session) as tx:
        return holds.lift(tx, hold, entry) is not None


def _knows(actor: Actor, hold: Hold) -> bool:
    return actor.role == PARTNERSHIP or hold.party == actor.party or not hold.personal


def _ends(actor: Actor, hold: Hold) -> bool:
    return hold.lifted is None and (actor.role == PARTNERSHIP or hold.party == actor.party)


def _entries(
    session: Session, doors: Doors, scope: Scope, found: list[Hold]
) -> tuple[dict[uuid.UUID, Row], dict[uuid.UUID, Opened]]:
    """The entries that placed them, and the first detail of each, as far as they are this officer's to read."""
    vault = doors.log.vault(session)
    filters = Filters(ids=frozenset(each.entry for each in found), scope=scope)
    rows = {row.entry_id: row for row in reading.page(session, vault, filters, size=len(found) + 1).rows}
    about = overview.about(session, vault, list(rows.values()), 1)
    return rows, {entry: each.details[0] for entry, each in about.items() if each.details}


def _shown(
    doors: Doors, actor: Actor, hold: Hold, row: Row | None, detail: Opened | None, cases: Mapping[uuid.UUID, str]
) -> Shown:
    case = case_of(detail) if detail is not None else None
    return Shown(
        hold=hold,
        kind=KINDS[hold.kind],
        about=cases.get(case, "") if case is not None else "",
        agreement=doors.book.engine(hold.agreement).agreement.title,
        party=words.agency(doors.book, hold.party),
        reason="" if detail is None else str(detail.detail.get("justification", "")),
        reference="" if row is None else row.reference,
        ends=_ends(actor, hold),
    )


def _years(first: int, last: int) -> str:
    return f"{first}" if first == last else f"{first} to {last}"


def _problems(doors: Doors, typed: Typed) -> tuple[dict[str, str], tuple[int, int]]:
    problems = {} if typed.kind in KINDS else {"kind": "Select what they are needed for"}
    years = (_year(typed.first_year), _year(typed.last_year))
    now = year_of(doors.clock())
    for name, label, year in zip(("first_year", "last_year"), ("first", "last"), years, strict=True):
        if not FIRST_YEAR <= year <= now:
            problems[name] = f"The {label} year must be from {FIRST_YEAR} to {now}"
    if not problems.keys() & {"first_year", "last_year"} and years[0] > years[1]:
        problems["last_year"] = "The last year must not come before the first"
    for name, label in (("asked_by", "who asked"), ("matter", "the file or reference of the matter")):
        text = clean(getattr(typed, name))
        if not text or len(text) > LONGEST[name] or "\n" in text:
            problems[name] = f"Say {label}, in {LONGEST[name]} characters at most"
    if problem := _reason_problem(typed.reason):
        problems["reason"] = problem
    return problems, years


def _year(text: str) -> int:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) == 4 else 0


def _reason_problem(reason: str) -> str:
    text = clean(reason)
    if not text:
        return "Give a reason"
    return "" if len(text) <= LONGEST_REASON else f"The reason must be {LONGEST_REASON:,} characters or fewer"
