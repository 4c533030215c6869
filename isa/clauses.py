"""Builds the numbered clauses: what each effect must say and may not say, and what its words refer to."""

import re
from collections.abc import Mapping
from typing import Any

from isa.agreement import ACTIONS, Clause, Field, Obligation
from isa.document import ClauseRow, Document
from isa.names import Names
from isa.positions import Location

SLOT = re.compile(r"\{([a-z]*)\}")
_SLOTS = {"to", "acting", "from", "can", "what", "for", "gateway", "condition", "when", "unless"}
_RULE = ("to", "acting", "from", "can", "what", "for", "gateway", "condition", "when", "unless", "then")
_MUST = ("to", "acting", "can", "what", "for")
_NOT_IN_PROHIBITION = {
    "when": "a prohibition is lifted by `unless` only, never because a fact is not true",
    "gateway": "a prohibition needs no gateway",
    "condition": "a prohibition needs no condition",
    "then": "a prohibition carries no obligations",
    "emergency": "an emergency clause grants",
    "regime_change": "a prohibition changes no regime",
}


class ClauseBuilder:
    """Builds every clause of `document`; problems go to `names`."""

    def __init__(self, document: Document, raw: Mapping[str, Any], names: Names, fields: Mapping[str, Field]) -> None:
        self._rows = document.clause
        self._raw = raw
        self._names = names
        self._fields = fields

    def build(self) -> dict[str, Clause]:
        """The clauses by number, in the document's order."""
        return {row.no: self._clause(row, ("clause", self._names.clause_at[row.no])) for row in self._rows}

    def _clause(self, row: ClauseRow, at: Location) -> Clause:
        written = self._raw["clause"][at[1]]
        self._check_effect(row, written, at)
        for slot in SLOT.findall(row.prose):
            if slot not in _SLOTS:
                self._names.say((*at, "prose"), f"there is no slot {{{slot}}}")
            elif slot not in written:
                self._names.say((*at, "prose"), f"the slot {{{slot}}} stays empty: the clause does not say `{slot}`")
        for name, section, said in (
            ("gateway", "gateway", row.gateway),
            ("when", "fact", row.when),
            ("unless", "fact", row.unless),
        ):
            for place, item in enumerate(said):
                self._names.check(section, item, (*at, name, place))
        return Clause(
            number=row.no,
            heading=row.heading,
            effect=row.effect,
            prose=row.prose,
            to=self._ids(row.to, "party", "parties", (*at, "to"), row),
            acting=self._ids(row.acting, "role", "roles", (*at, "acting"), row),
            owners=None if row.from_ is None else self._ids(row.from_, "party", "parties", (*at, "from"), row),
            can=self._actions(row, at),
            what=self._what(row, at),
            purposes=self._purposes(row, at),
            gateways=tuple(row.gateway),
            condition=row.condition,
            when=tuple(row.when),
            unless=tuple(row.unless),
            emergency=row.emergency,
            regime_change=row.regime_change,
            obligations=tuple(Obligation(o.do, o.who, o.within or "", o.by) for o in row.then),
            note=row.note,
            said={key: tuple(written[key]) for key in _RULE if isinstance(written.get(key), list) and key != "then"},
            line=self._names.line(at),
        )

    def _check_effect(self, row: ClauseRow, written: Mapping[str, Any], at: Location) -> None:
        say = self._names.say
        if not row.prose and (row.effect != "statement" or "." in row.no):
            say(at, "the prose is missing")
        if row.effect == "statement":
            for key in (*_RULE, "emergency", "regime_change"):
                if key in written:
                    say((*at, key), "a statement has words only")
            return
        for key in _MUST:
            if key not in written and not (row.effect == "prohibit" and key == "acting"):
                say(at, f"`{key}` is missing")
        if row.effect == "grant":
            if "unless" in written:
                say((*at, "unless"), "a grant has conditions (`when`); only a prohibition is lifted by `unless`")
            return
        for key, why in _NOT_IN_PROHIBITION.items():
            if key in written:
                say((*at, key), why)

    def _everything(self, said: list[str] | None, row: ClauseRow, at: Location) -> bool:
        """Whether `said` means everything: "*", or nothing said, in a prohibition; never in a grant."""
        if said is None:
            return row.effect == "prohibit"
        if "*" not in said:
            return False
        if row.effect == "grant":
            self._names.say(at, 'a grant names whom and what it means; "*" is for prohibitions')
        elif len(said) > 1:
            self._names.say(at, '"*" already means everything; say it alone')
        return row.effect == "prohibit"

    def _ids(
        self, said: list[str] | None, section: str, table: str, at: Location, row: ClauseRow
    ) -> frozenset[str] | None:
        if self._everything(said, row, at):
            return None
        return self._names.spread([name for name in said or () if name != "*"], section, table, at)

    def _actions(self, row: ClauseRow, at: Location) -> frozenset[str] | None:
        if self._everything(row.can, row, (*at, "can")):
            return None
        for place, action in enumerate(row.can or ()):
            if action not in ACTIONS and action != "*":
                self._names.say((*at, "can", place), f'"{action}" is no action; there are {", ".join(ACTIONS)}')
        return frozenset(row.can or ()) & frozenset(ACTIONS)

    def _purposes(self, row: ClauseRow, at: Location) -> frozenset[str] | None:
        if self._everything(row.for_, row, (*at, "for")):
            return None
        for place, purpose in enumerate(row.for_ or ()):
            if purpose != "*":
                self._names.check("purpose", purpose, (*at, "for", place))
        return frozenset(row.for_ or ()) - {"*"}

    def _what(self, row: ClauseRow, at: Location) -> frozenset[str] | None:
        if self._everything(row.what, row, (*at, "what")):
            return None
        keys: set[str] = set()
        for place, said in enumerate(row.what or ()):
            if said != "*":
                keys |= self._target(said, (*at, "what", place))
        return frozenset(keys)

    def _target(self, said: str, at: Location) -> set[str]:
        sort, _, name = said.partition(":")
        if sort == "category":
            self._names.check("category", name, at)
            return {key for key, field in self._fields.items() if field.category == name}
        if sort != "field":
            self._names.say(at, f'say "category:…" or "field:…", not "{said}"')
            return set()
        if name in self._fields:
            return {name}
        labels = [key for key in self._fields if key.startswith(f"{name}@")]
        if labels:
            self._names.say(at, f"records of this kind are labelled; say which, such as field:{labels[0]}")
        elif self._names.check("field", name.partition("@")[0], at) and "@" in name:
            self._names.say(at, f'"{name.partition("@")[2]}" is no label of this kind of record')
        return set()
