"""What the file declares, and where: finds undeclared names and spreads "@groups"."""

from collections.abc import Mapping, Sequence
from typing import Any

from isa.errors import Problem
from isa.positions import Lines, Location, line_of, path_of

_SAID = {
    "party": "party",
    "role": "role",
    "purpose": "purpose",
    "fact": "fact",
    "gateway": "gateway",
    "category": "category",
    "controller": "controller",
    "kind": "kind of record",
    "field": "field",
}


class Names:
    """Looks names up in the file as written (`raw`), so that a part of the wrong shape still counts as declared."""

    def __init__(self, raw: Mapping[str, Any], lines: Lines) -> None:
        self.problems: list[Problem] = []
        self._raw = raw
        self._lines = lines
        self.known = {section: set(_table(raw, section)) for section in _SAID}
        self.clause_at: dict[str, int] = {}
        for at, clause in enumerate(_rows(raw, "clause")):
            number = str(clause.get("no", ""))
            if number in self.clause_at:
                self.say(("clause", at, "no"), f"clause {number} stands twice")
            self.clause_at.setdefault(number, at)

    def say(self, at: Location, message: str) -> None:
        """Record one problem at the location `at`."""
        self.problems.append(Problem(path_of(at, self._raw), line_of(at, self._lines), message))

    def line(self, at: Location) -> int:
        return line_of(at, self._lines)

    def example_line(self, say: str) -> int:
        for at, row in enumerate(_rows(self._raw, "example")):
            if row.get("say") == say:
                return self.line(("example", at))
        return 0

    def check(self, section: str, name: str, at: Location) -> bool:
        """Whether the file declares `name` in `section`; a problem if not."""
        if name in self.known[section]:
            return True
        self.say(at, f'no {_SAID[section]} is called "{name}"')
        return False

    def parties(self, said: Sequence[str], at: Location) -> frozenset[str]:
        return self.spread(said, "party", "parties", at)

    def party_groups(self, groups: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
        return self._groups(groups, "party", "parties")

    def role_groups(self, groups: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
        return self._groups(groups, "role", "roles")

    def _groups(self, groups: Mapping[str, Sequence[str]], section: str, table: str) -> dict[str, tuple[str, ...]]:
        for key, members in groups.items():
            for at, member in enumerate(members):
                self.check(section, member, (table, key, at))
        return {key: tuple(members) for key, members in groups.items()}

    def spread(self, said: Sequence[str], section: str, table: str, at: Location) -> frozenset[str]:
        """The ids meant by `said`, with "@group" replaced by its members."""
        meant: set[str] = set()
        groups = _table(self._raw, table)
        for place, name in enumerate(said):
            if not name.startswith("@"):
                self.check(section, name, (*at, place))
                meant.add(name)
            elif isinstance(groups.get(name[1:]), list):
                meant.update(str(member) for member in groups[name[1:]])
            else:
                self.say((*at, place), f'no group of {table} is called "{name}"')
        return frozenset(meant)


def _table(raw: Mapping[str, Any], section: str) -> Mapping[str, Any]:
    table = raw.get(section)
    return table if isinstance(table, Mapping) else {}


def _rows(raw: Mapping[str, Any], section: str) -> list[Mapping[str, Any]]:
    rows = raw.get(section)
    return [row if isinstance(row, Mapping) else {} for row in rows] if isinstance(rows, list) else []
