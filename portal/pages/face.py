"""What the first glance at a case answers: who this is, how worried we are, who is responsible, what is due.

Takes a `Disclosure` and only rearranges it: nothing reaches the page that the disclosure does not hold.
"""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from portal.pages.pathways import custody
from portal.pages.presenting import as_date, day, past
from portal.sharing import moves
from portal.sharing.disclosure import Disclosure, Record
from portal.sharing.moves import Stand
from portal.sharing.reading.turning import soon
from portal.sharing.restrictions import KIND, is_over


@dataclass(frozen=True, slots=True)
class Person:
    """Someone responsible for the case, as the record of their assignment names them; `until` their last day, or ""."""

    name: str
    role: str
    agency: str
    telephone: str
    until: str = ""


@dataclass(frozen=True, slots=True)
class NextDate:
    """A date to come, or one that has passed without being dealt with."""

    label: str
    on: date


@dataclass(frozen=True, slots=True)
class Restriction:
    """What the person must not do, "" where it does not open; `ahead`: it has not begun yet."""

    sort: str
    instruction: str
    starts_on: str
    ends_on: str
    ahead: bool
    if_broken: str
    source: str
    owner_name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Need:
    """One thing to know for working with the person, and who wrote it when. `text` is "" where the label says it."""

    label: str
    text: str
    owner_name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Face:
    """The head of the case page. Texts are "" where the agreement does not give them. `rag_since`: the day from which
    the RAG is to be reviewed, "" while it holds; `rated_anew`: somebody wrote there since the reader's last visit;
    `over`: restrictions that only whoever may correct them still gets; `adult_on`: the eighteenth birthday, if near;
    `more`: how the case stands besides its status, in lines."""

    name: str
    also_known_as: str
    born: str
    address: str
    telephone: str
    rag: str
    rag_reason: str
    status: str
    cohort: str
    responsible: tuple[Person, ...]
    next_dates: tuple[NextDate, ...]
    custody: str = ""
    rag_since: str = ""
    rated_anew: bool = False
    restrictions: tuple[Restriction, ...] = ()
    over: frozenset[uuid.UUID] = frozenset()
    needs: tuple[Need, ...] = ()
    adult_on: date | None = None
    more: tuple[str, ...] = ()


def face(d: Disclosure, today: date) -> Face:
    """The head of the page for one disclosure. Dates are those from 60 days back; of more than five, the first five."""
    stand = moves.stand((*d.records(moves.KIND), *d.records(moves.CUSTODY), *d.records(moves.CASE)))
    return Face(
        name=" ".join(part for part in (d.first("person", "forename"), d.first("person", "surname")) if part),
        also_known_as=d.first("person", "also_known_as"),
        born=d.first("person", "date_of_birth"),
        address=", ".join(t for t in (d.first("person", "address"), d.first("person", "postcode")) if t),
        telephone=d.first("person", "telephone"),
        rag=d.first("case", "rag"),
        rag_reason=d.first("case", "rag_reason"),
        status=stand.shown,
        cohort=d.first("case", "cohort"),
        responsible=_responsible(d, today),
        next_dates=_next_dates(d, today, stand),
        custody=custody(d, today),
        rag_since=rag_since(d.records("case"), today),
        more=_more(stand),
        rated_anew=any(d.seen_before is not None and r.changed_at > d.seen_before for r in d.records("case")),
        restrictions=tuple(_restriction(r, today) for r in d.records(KIND) if not is_over(r, today)),
        over=frozenset(r.id for r in d.records(KIND) if is_over(r, today)),
        needs=tuple(dict.fromkeys(n for r in d.records("needs") for n in _needs(r))),
        adult_on=soon(d.first("person", "date_of_birth"), today),
    )


def _more(stand: Stand) -> tuple[str, ...]:
    """Supervision, and a suspension that a stay in custody would hide."""
    how, since = stand.supervision, stand.listed
    found = [f"{moves.STEPS[how.code].to} since {day(how.on)}"] if how.code and how.on else []
    if since.code == moves.SUSPENDED and since.on and stand.status in moves.RUNNING:
        found.insert(0, f"Suspended since {day(since.on)}")
    return tuple(found)


def rag_since(cases: Iterable[Record], today: date) -> str:
    """Since which day the RAG is to be reviewed (clause 8.36), as an ISO date; "" while it holds. Where it has no day
    of its own it holds until the review of the case."""
    for record in cases:
        if record.text("rag"):
            until = record.text("rag_review_on") or record.text("review_on")
            return until if past(until, today) else ""
    return ""


def _responsible(d: Disclosure, today: date) -> tuple[Person, ...]:
    """Whoever's last day has not passed, the lead first."""
    people = (_person(r) for r in d.records("assignment"))
    return tuple(sorted((p for p in people if not past(p.until, today)), key=lambda p: "Lead" not in p.role))


def _restriction(record: Record, today: date) -> Restriction:
    begins = as_date(record.text("starts_on"))
    sort, text, start, end, ring, source = (
        record.text(n) for n in ("sort", "instruction", "starts_on", "ends_on", "if_broken", "source")
    )
    ahead = begins is not None and begins > today
    if text.casefold().startswith(sort.casefold()):  # "No contact: No contact with …" says it twice
        sort = ""
    return Restriction(sort, text, start, end, ahead, ring, source, record.owner_name, record.changed_at)


def _needs(record: Record) -> Iterator[Need]:
    for value in record.values:
        if value.broken:
            yield Need(value.label, "could not be opened", record.owner_name, record.changed_at)
        elif value.type != "yesno":
            yield Need(value.label, value.text, record.owner_name, record.changed_at)
        elif value.text == "Yes":
            yield Need(value.label, "", record.owner_name, record.changed_at)


def _person(record: Record) -> Person:
    name, role, telephone, until = (record.text(n) for n in ("practitioner", "role", "telephone", "until"))
    return Person(name, role, record.owner_name, telephone, until)


def _next_dates(d: Disclosure, today: date, stand: Stand) -> tuple[NextDate, ...]:
    found: list[NextDate] = []
    for words, since in (("Review of the recall", stand.place), ("Review of the suspension", stand.listed)):
        if since.review and (by := as_date(since.review)):
            found.append(NextDate(words, by))
    wanted = (
        ("custody", "release_on", "Release"),
        ("sentence", "release_on", "Release"),
        ("case", "review_on", "Review"),
        ("plan", "due_on", "Plan goal"),
    )
    for kind, name, label in wanted:
        for record in d.records(kind):
            on = as_date(record.text(name))
            over = record.text("status") == "Met" if kind == "plan" else bool(record.text("released_on"))
            if on is None or over:
                continue
            pathway = record.text("pathway") if kind == "plan" else ""
            found.append(NextDate(f"{label}: {pathway}" if pathway else label, on))
    kept = [n for n in found if (today - n.on).days <= 60]
    return tuple(sorted(set(kept), key=lambda n: (n.on, n.label))[:5])
