"""Entries of the access log in the words of the agreement they were made under."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from isa.agreement import Agreement
from isa.wording import field_name, high
from portal.audit.entry import Outcome
from portal.audit.operations import OPERATIONS
from portal.sharing.book import Book
from portal.sharing.logbook.scope import USES

TERMS = {"pnc": "PNC ID", "crn": "CRN", "surname": "surname", "date_of_birth": "date of birth"}
ANYONE = "anyone's"


@dataclass(frozen=True, slots=True)
class Line:
    """Fields that one clause treats alike. `why` are gateways for what was opened, the nearest clause for the rest."""

    fields: str
    owner: str
    clause: str
    why: str


def operation(name: str) -> str:
    """ "Looked at what is held about a person" """
    return OPERATIONS.get(name, name).removesuffix(".")


def purpose(book: Book, name: str | None) -> str:
    """A purpose of the agreement, or a use of s.62(4), by its name; "" for none."""
    if name is None:
        return ""
    if name in USES:
        return USES[name].name
    return next((a.purposes[name].name for a in book.all() if name in a.purposes), name)


def agency(book: Book, party: str | None) -> str:
    """The short name of a party; its full name where two parties of the book share the short one; "" for none."""
    if not party:
        return ""
    known = {key: p for a in book.all() for key, p in a.parties.items()}
    if party not in known:
        return party
    short = known[party].short
    return short if [p.short for p in known.values()].count(short) == 1 else known[party].name


def agreement_of(book: Book, reference: str | None) -> Agreement | None:
    """The very text an entry was decided under, if it is still served."""
    return next((a for a in book.all() if a.reference == reference), None)


def agreement_words(book: Book, reference: str | None) -> str:
    """ "Barnet Integrated Offender Management …, version 4"; "" for none."""
    if reference is None:
        return ""
    found = agreement_of(book, reference)
    return f"{found.title}, version {found.version}" if found else reference.partition("#")[0]


def fields(agreement: Agreement | None, keys: Iterable[str]) -> str:
    """ "Person: surname, forename; Identifiers: PNC". Keys as they are where the text is no longer served."""
    keys = dict.fromkeys(keys)
    if agreement is None:
        return ", ".join(sorted(keys))
    kinds: dict[str, list[str]] = {}
    for field in agreement.fields.values():
        if field.key in keys:
            kinds.setdefault(agreement.kinds[field.kind].name, []).append(field_name(agreement, field.key))
    return "; ".join(f"{high(kind)}: {', '.join(names)}" for kind, names in kinds.items())


def _folded(agreement: Agreement | None, keys: Iterable[str]) -> str:
    """As `fields`, with a category of which everything is meant said by its name."""
    keys = list(keys)
    if agreement is None:
        return fields(agreement, keys)
    whole: dict[str, str] = {}
    for category in agreement.categories.values():
        of = {f.key for f in agreement.fields.values() if f.category == category.id}
        if of and of <= set(keys):
            whole |= dict.fromkeys(of, f"{high(category.name)}: everything")
    rest = fields(agreement, (key for key in keys if key not in whole))
    return "; ".join([*dict.fromkeys(whole.values()), *([rest] if rest else [])])


def lines(agreement: Agreement | None, outcome: Outcome) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """(opened, withheld) by owner and clause."""
    opened: dict[tuple[str, str, str], list[str]] = {}
    for key, owner, clause, gates in outcome.permitted:
        opened.setdefault((owner, clause, "; ".join(_gateway(agreement, g) for g in gates)), []).append(key)
    withheld: dict[tuple[str, str, str], list[str]] = {}
    for key, owner, clause, near in outcome.withheld:
        withheld.setdefault((owner, clause, _clause(agreement, near) if near else ""), []).append(key)
    return _lines(agreement, opened, fields), _lines(agreement, withheld, _folded)


def _lines(
    agreement: Agreement | None,
    grouped: Mapping[tuple[str, str, str], Sequence[str]],
    said: Callable[[Agreement | None, Iterable[str]], str],
) -> tuple[Line, ...]:
    return tuple(
        Line(said(agreement, keys), _owner(agreement, owner), _clause(agreement, clause), why)
        for (owner, clause, why), keys in grouped.items()
    )


def _owner(agreement: Agreement | None, owner: str) -> str:
    if not owner:
        return ANYONE
    return agreement.parties[owner].short if agreement and owner in agreement.parties else owner


def _clause(agreement: Agreement | None, number: str) -> str:
    if agreement is None or number not in agreement.clauses:
        return number
    return f"{number}, {agreement.clauses[number].heading}"


def _gateway(agreement: Agreement | None, name: str) -> str:
    return agreement.gateways[name].cite if agreement and name in agreement.gateways else name


def said_of(book: Book, agreement: Agreement | None, detail: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """What a sealed detail adds, as (label, words). Search terms by kind only: the officer sees no case content."""
    told: list[tuple[str, str]] = []
    for key, label in (("justification", "Reason given"), ("note", "Note of the reviewer"), ("role", "Role")):
        if detail.get(key):
            told.append((label, str(detail[key]).replace("_", " ")))
    if detail.get("terms"):
        told.append(("Searched by", ", ".join(TERMS.get(term, term) for term in detail["terms"])))
    if detail.get("opens"):
        told.append(("What it opened", ", ".join(detail["opens"])))
    if detail.get("recipients"):
        told.append(("Shared with", ", ".join(agency(book, party) for party in detail["recipients"])))
    for key, label in (("refused", "Refused"), ("broken", "Could not be opened")):
        if detail.get(key):
            index = 0 if key == "refused" else 1
            told.append((label, fields(agreement, (pair[index] for pair in detail[key])) or "the whole record"))
    if isinstance(detail.get("asked"), Mapping):
        asked = "; ".join(f"{name}: {text}" for name, text in detail["asked"].items())
        told.append(("Asked of the log", asked or "everything"))
    if detail.get("records"):
        count = len(detail["records"])
        told.append(("How much", f"{count:,} {'record' if count == 1 else 'records'}"))
    return tuple(told)
