"""Reads the truth table written by hand (hand_table.csv) and answers from it, as naively as it can be done.

Knows nothing of the engine. It takes from the loaded agreement only names: which party is of which kind, which field
is of which category.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from isa.agreement import Agreement, Capacity, Field

TABLE = Path(__file__).parent / "hand_table.csv"
FACTS = {"basis": "confidence_met", "adult": "made_as_adult"}
PER_CATEGORY = frozenset({"confidence_met"})  # asked for each owner and category apart
PER_FIELD = frozenset({"request_granted"})  # asked for each owner and field apart
INDUCTED = frozenset({"trained", "use_accepted", "vetted"})
"""What is known of somebody who has been through everything that is asked of a person."""
Terms = frozenset[frozenset[str]]


@dataclass(frozen=True)
class Row:
    """One line. Empty sets of a "needs" row mean anyone, anything."""

    rule: str
    what: frozenset[str]
    owners: frozenset[str]
    who: frozenset[str]
    roles: frozenset[str]
    actions: frozenset[str]
    purposes: frozenset[str]
    facts: frozenset[str]
    boroughs: frozenset[str]

    def names(self, field: Field) -> bool:
        """Whether the row speaks of this field: by its category, its own name (under one label or any), or its kind."""
        bare = field.key.partition("@")[0]
        return bool(self.what & {field.category, bare, field.key, f"{field.kind}.*"}) or (
            any(word.startswith("!") for word in self.what) and f"!{field.category}" not in self.what
        )


@dataclass(frozen=True)
class Table:
    """The table as it holds in one borough."""

    groups: dict[str, frozenset[str]]
    rows: tuple[Row, ...]

    def holds(self, kind: str, role: str) -> bool:
        """Whether a party of this kind may have the role."""
        only = self.groups.get(f"@only_{role}")
        return only is None or kind in only

    def owners(self, field: Field) -> frozenset[str]:
        """The kinds of party that own the field."""
        rows = [row for row in self.rows if row.names(field)]
        found = frozenset(k for row in rows if row.rule == "owns" for k in row.owners)
        return found.intersection(*(row.owners for row in rows if row.rule == "only"))

    def of(self, kind: str, role: str) -> "Mine":
        """What the table gives one capacity."""
        rows = [r for r in self.rows if (not r.who or kind in r.who) and (not r.roles or role in r.roles)]
        held = self.holds(kind, role)
        may = tuple(r for r in rows if r.rule == "may" and held)
        return Mine(kind, may, tuple(r for r in rows if r.rule == "needs"))


@dataclass(frozen=True)
class Mine:
    """The rows that fit one kind of party in one role."""

    kind: str
    may: tuple[Row, ...]
    needs: tuple[Row, ...]
    _kept: dict[tuple[str, str, str, str], Terms] = field(default_factory=dict, compare=False)

    def terms(self, action: str, of: Field, owner: str, purpose: str) -> Terms:
        """The least sets of facts under which it is permitted; none: never. `owner` is a kind of party."""
        key = (action, of.key, owner, purpose)
        if key not in self._kept:
            self._kept[key] = self._terms(action, of, owner, purpose)
        return self._kept[key]

    def _terms(self, action: str, of: Field, owner: str, purpose: str) -> Terms:
        given = {row.facts for row in self.may if self._fits(row, action, of, owner, purpose)}
        if not given:
            return frozenset()
        more = frozenset(f for row in self.needs if self._fits(row, action, of, owner, purpose) for f in row.facts)
        whole = {facts | more for facts in given}
        return frozenset(facts for facts in whole if not any(other < facts for other in whole))

    def _fits(self, row: Row, action: str, of: Field, owner: str, purpose: str) -> bool:
        mine = "own" if owner == self.kind else "others"
        owned = not row.owners or owner in row.owners or mine in row.owners
        return owned and action in row.actions and (not row.purposes or purpose in row.purposes) and row.names(of)


@cache
def table(borough: str) -> Table:
    """The table of "barnet", "brent" or "harrow"."""
    groups: dict[str, frozenset[str]] = {}
    lines = []
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("@"):
            name, _, words = line.partition("=")
            groups[name.strip()] = _spread(words, groups)
        elif line and not line.startswith("#"):
            lines.append(line)
    rows = (_row(cells, groups) for cells in csv.DictReader(lines, strict=True))
    return Table(groups, tuple(row for row in rows if not row.boroughs or borough in row.boroughs))


def _row(cells: dict[str, str], groups: dict[str, frozenset[str]]) -> Row:
    sets = [_spread(cells[name], groups) for name in ("what", "owners", "who", "as", "may", "for", "while", "in")]
    sets[6] = frozenset(FACTS.get(fact, fact) for fact in sets[6])
    return Row(cells["rule"], *sets)


def _spread(words: str, groups: dict[str, frozenset[str]]) -> frozenset[str]:
    found: set[str] = set()
    for word in words.split():
        found |= groups[word] if word.startswith("@") else {word}
    return frozenset(found)


def kinds(agreement: Agreement) -> dict[str, str]:
    """Party → the kind of party it is, in the table's words."""
    if agreement.digest not in _KINDS:
        _KINDS[agreement.digest] = {party.id: party.kind for party in agreement.parties.values()}
    return _KINDS[agreement.digest]


_KINDS: dict[str, dict[str, str]] = {}


def facts_of(terms: Iterable[str], owner: str, field: Field) -> dict[str, bool]:
    """Facts in the table's words as the engine is given them, for this field of records of this owner."""
    apart = dict.fromkeys(PER_CATEGORY, field.category) | dict.fromkeys(PER_FIELD, field.key)
    return {f"{fact}:{owner}:{apart[fact]}" if fact in apart else fact: True for fact in terms}


def permits(agreement: Agreement, capacity: Capacity, ask: tuple[str, str, str, str], true: frozenset[str]) -> bool:
    """Whether the table permits (action, field, owner, purpose) while exactly `true` is known to be true."""
    action, key, owner, purpose = ask
    kind = kinds(agreement)
    mine = _mine(agreement.borough.lower(), kind[capacity.party], capacity.role)
    return any(facts <= true for facts in mine.terms(action, agreement.fields[key], kind[owner], purpose))


@cache
def _mine(borough: str, kind: str, role: str) -> Mine:
    return table(borough).of(kind, role)
