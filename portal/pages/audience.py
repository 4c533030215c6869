"""Who will see an update and who will not, by name of agency and clause: the list shown before it is shared."""

from collections.abc import Iterable
from dataclasses import dataclass

from portal.pages.presenting import joined
from portal.sharing.preview import Audience as Party


@dataclass(frozen=True, slots=True)
class Line:
    """Agencies that the same clause treats alike. `note` is a sentence that already names its clause, or ""."""

    agencies: str
    clause: str
    note: str


@dataclass(frozen=True, slots=True)
class Audience:
    """Three lists: who works on the case and will see it, who would if they do (the
    writer may not be told that they do), who will not."""

    will: tuple[Line, ...]
    would: tuple[Line, ...]
    will_not: tuple[Line, ...]


def audience(parties: Iterable[Party]) -> Audience:
    """The list for one kind of update, as `sharing.preview` found it for every other party."""
    parties = tuple(parties)
    return Audience(
        _lines(p for p in parties if p.sees and p.now),
        _lines(p for p in parties if p.sees and not p.now),
        _lines(p for p in parties if not p.sees),
    )


def _lines(parties: Iterable[Party]) -> tuple[Line, ...]:
    alike: dict[tuple[str, str], list[str]] = {}
    for party in parties:
        alike.setdefault((party.clause, "" if party.sees else party.words), []).append(party.name)
    return tuple(Line(joined(names), clause, note) for (clause, note), names in alike.items())
