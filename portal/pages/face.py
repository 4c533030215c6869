"""What the first glance at a case answers: who this is, how worried we are, who is responsible, what is due.

Takes a `Disclosure` and only rearranges it: nothing reaches the page that the disclosure does not hold.
"""

from dataclasses import dataclass
from datetime import date

from portal.pages.presenting import as_date, past
from portal.sharing.disclosure import Disclosure, Record


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
class Face:
    """The head of the case page. Texts are "" where the agreement does not give them."""

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


def face(d: Disclosure, today: date) -> Face:
    """The head of the page for one disclosure. Dates are those from 60 days back; of more than five, the first five."""
    return Face(
        name=" ".join(part for part in (d.first("person", "forename"), d.first("person", "surname")) if part),
        also_known_as=d.first("person", "also_known_as"),
        born=d.first("person", "date_of_birth"),
        address=", ".join(t for t in (d.first("person", "address"), d.first("person", "postcode")) if t),
        telephone=d.first("person", "telephone"),
        rag=d.first("case", "rag"),
        rag_reason=d.first("case", "rag_reason"),
        status=d.first("case", "status"),
        cohort=d.first("case", "cohort"),
        responsible=_responsible(d, today),
        next_dates=_next_dates(d, today),
    )


def _responsible(d: Disclosure, today: date) -> tuple[Person, ...]:
    """Whoever's last day has not passed, the lead first."""
    people = (_person(r) for r in d.records("assignment"))
    return tuple(sorted((p for p in people if not past(p.until, today)), key=lambda p: "Lead" not in p.role))


def _person(record: Record) -> Person:
    name, role, telephone, until = (record.text(n) for n in ("practitioner", "role", "telephone", "until"))
    return Person(name, role, record.owner_name, telephone, until)


def _next_dates(d: Disclosure, today: date) -> tuple[NextDate, ...]:
    found: list[NextDate] = []
    wanted = (("sentence", "release_on", "Release"), ("case", "review_on", "Review"), ("plan", "due_on", "Plan goal"))
    for kind, name, label in wanted:
        for record in d.records(kind):
            on = as_date(record.text(name))
            if on is None or (kind == "plan" and record.text("status") == "Met"):
                continue
            pathway = record.text("pathway") if kind == "plan" else ""
            found.append(NextDate(f"{label}: {pathway}" if pathway else label, on))
    kept = [n for n in found if (today - n.on).days <= 60]
    return tuple(sorted(set(kept), key=lambda n: (n.on, n.label))[:5])
