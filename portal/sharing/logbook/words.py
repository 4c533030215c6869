"""Entries of the access log in the words of the agreement they were made under."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from isa.agreement import Agreement, natural
from isa.wording import field_name, high, low
from portal.audit import erasing
from portal.audit.entry import Outcome
from portal.audit.operations import OPERATIONS
from portal.sharing.book import Book
from portal.sharing.logbook.scope import USES

TERMS = {"pnc": "PNC ID", "crn": "CRN", "surname": "surname", "date_of_birth": "date of birth"}
ANYONE = "anyone's"
REASON = "Reason given"
ASKED = {
    "requested": "Asked to see",
    "granted": "Granted on request",
    "declined": "Refused by its owner",
    "taken_back": "Taken back by its owner",
}
"""What a request to see more was about (clause 8.28), by field."""
COMBINED = {"same": "Linked: said to be the same person", "two": "Said to be two people, and not linked"}
"""What was said of the two cases of an entry (clause 8.70)."""
LENT = {
    "refused": "Refused by their own organisation",
    "withdrawn": "Taken back before anybody answered",
    "ended": "Ended before its last day",
}
"""What became of a secondment (clause 9.30)."""
TOLD_SAME = "Was told that they are linked: said to be the same person"


@dataclass(frozen=True, slots=True)
class Line:
    """Fields of one category that one clause treats alike: `count` of them, or `whole`: every field it has. `why` are
    gateways for what was opened, the nearest clause for the rest. No category where the text is no longer served."""

    category: str
    fields: str
    count: int
    whole: bool
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
    """ "Person: surname, forename; Identifiers: PNC ID". Keys as they are where the text is no longer served."""
    return _fields(agreement, keys, field_name)


def _fields(agreement: Agreement | None, keys: Iterable[str], name: Callable[[Agreement, str], str]) -> str:
    keys = dict.fromkeys(keys)
    if agreement is None:
        return ", ".join(sorted(keys))
    kinds: dict[str, list[str]] = {}
    for field in agreement.fields.values():
        if field.key in keys:
            kinds.setdefault(agreement.kinds[field.kind].name, []).append(name(agreement, field.key))
    return "; ".join(f"{high(kind)}: {', '.join(names)}" for kind, names in kinds.items())


LOG_DETAILS = "Details of the access log"
"""What an entry that erases them names, which is no field of a record (clause 9.33)."""


def _plain(agreement: Agreement, key: str) -> str:
    """The name of a field whose category is said already."""
    return low(agreement.fields[key].name)


def lines(agreement: Agreement | None, outcome: Outcome) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """(opened, withheld) by owner, then by category in the agreement's order, then by clause."""
    opened: _Grouped = {}
    for key, owner, clause, gates in outcome.permitted:
        why = "; ".join(_gateway(agreement, g) for g in gates)
        opened.setdefault((owner, _category(agreement, key), clause, why), []).append(key)
    withheld: _Grouped = {}
    for key, owner, clause, near in outcome.withheld:
        why = _clause(agreement, near) if near else ""
        withheld.setdefault((owner, _category(agreement, key), clause, why), []).append(key)
    return _lines(agreement, opened), _lines(agreement, withheld)


_Grouped = dict[tuple[str, str, str, str], list[str]]
"""Keys of fields by owner, category, clause and why."""


def _category(agreement: Agreement | None, key: str) -> str:
    return agreement.fields[key].category if agreement and key in agreement.fields else ""


def _lines(agreement: Agreement | None, grouped: _Grouped) -> tuple[Line, ...]:
    made = [
        Line(
            category=agreement.categories[category].name if agreement and category else "",
            fields=LOG_DETAILS if keys == [erasing.FIELD] else _fields(agreement, keys, _plain),
            count=len(set(keys)),
            whole=agreement is not None and set(keys) >= _of(agreement, category),
            owner=_owner(agreement, owner),
            clause=_clause(agreement, clause),
            why=why,
        )
        for (owner, category, clause, why), keys in grouped.items()
    ]
    order = {c.name: at for at, c in enumerate(agreement.categories.values())} if agreement else {}

    def place(line: Line) -> tuple[str, int, tuple[tuple[int, str], ...]]:
        return line.owner, order.get(line.category, -1), natural(line.clause.partition(",")[0])

    return tuple(sorted(made, key=place))


def _of(agreement: Agreement, category: str) -> set[str]:
    return {field.key for field in agreement.fields.values() if field.category == category}


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
    for key, label in (("justification", REASON), ("note", "Note of the reviewer"), ("role", "Role")):
        if detail.get(key):
            told.append((label, str(detail[key]).replace("_", " ")))
    if detail.get("taken_off"):
        told.append(("Agenda", "Taken off it"))
    if detail.get("called_off"):
        told.append(("Meeting", "Called off"))
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
        told.append(("Asked of the log", asked or "Everything"))
    told += [*_combined(detail), *_requested(agreement, detail), *_lent(book, detail), *_broken(detail)]
    told += [*_erased(detail), *_rekeyed(detail), *_contract(book, detail)]
    if detail.get("records"):
        count = len(detail["records"])
        told.append(("How much", f"{count:,} {'record' if count == 1 else 'records'}"))
    return tuple(told)


def _broken(detail: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the first entry of a new origin says of the old one, and of what was taken out while nothing was logged."""
    ended = detail.get("break")
    if not isinstance(ended, Mapping):
        return []
    before = f"{ended.get('entries', 0):,} entries under the root {ended.get('root', '')}"
    taken = [
        ("Taken out while it was stopped", str(each.get("justification", ""))) for each in detail.get("exports", ())
    ]
    return [("Origin that ended", str(ended.get("origin", ""))), ("Its entries", before), *taken]


def _erased(detail: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What an entry says of details of the log that are erased, or kept longer (clauses 9.32 and 9.33)."""
    told: list[tuple[str, str]] = []
    if isinstance(detail.get("erased"), Mapping):
        erased = detail["erased"]
        count = f"{erased.get('details', 0):,} details under {erased.get('keys', 0):,} keys"
        told.append(("Erased", f"{count}, written in {erased.get('year')} (clause {erased.get('clause')})"))
    if isinstance(detail.get("kept"), Mapping):
        told += [(str(label), str(text)) for label, text in detail["kept"].items()]
    return told


def _rekeyed(detail: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the entries say that begin and end the replacement of the log's key."""
    keys = detail.get("log_key")
    if not isinstance(keys, Mapping):
        return []
    until = [("Both sign until", str(keys["until"]))] if keys.get("until") else []
    return [("Old key of the log", str(keys.get("old", ""))), ("New key of the log", str(keys.get("new", ""))), *until]


def _combined(detail: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What an entry says of two records that may be one person's."""
    words = COMBINED.get(str(detail.get("combined", "")), TOLD_SAME if detail.get("told_same") else "")
    return [("The same person?", words)] if words else []


def _requested(agreement: Agreement | None, detail: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What an entry says of a request to see more: the fields, and the last day of what was granted."""
    told = [(label, fields(agreement, (pair[0] for pair in detail[k]))) for k, label in ASKED.items() if detail.get(k)]
    return [*told, ("Last day", str(detail["until"]))] if detail.get("until") else told


def _lent(book: Book, detail: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What an entry says of a secondment: asked of whom, agreed, or how it ended."""
    if not detail.get("secondment"):
        return []
    if detail.get("home"):
        return [("Secondment", f"Asked {agency(book, detail['home'])} for somebody")]
    return [("Secondment", LENT.get(str(detail.get("answer", "")), "Agreed by their own organisation"))]


def _contract(book: Book, detail: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Whose contract an entry records or ends, and for which days (clause 9.36)."""
    if not detail.get("contract"):
        return []
    days = f"from {detail.get('first', '')}" + (f" to {detail['last']}" if detail.get("last") else "")
    return [("Contract", f"{agency(book, str(detail.get('of', '')))}, {days}")]
