"""Who will see an update and who will not, by name of agency and clause: the list shown before it is shared."""

from collections.abc import Iterable
from dataclasses import dataclass

from isa.agreement import Agreement
from isa.explaining import text_for_user
from isa.reach import Reader
from portal.pages.presenting import joined


@dataclass(frozen=True, slots=True)
class Line:
    """Agencies that the same clause treats alike. `note` is a sentence that already names its clause, or ""."""

    agencies: str
    clause: str
    note: str


@dataclass(frozen=True, slots=True)
class Audience:
    """Both halves of the list; the writer's own agency comes first among those who will."""

    will: tuple[Line, ...]
    will_not: tuple[Line, ...]


def audience(agreement: Agreement, readers: Iterable[Reader], own: str) -> Audience:
    """The list for one kind of update, as `isa.reach.readers` found it; `own` is the writer's party."""
    will: dict[tuple[str, str], list[str]] = {}
    will_not: dict[tuple[str, str], list[str]] = {}
    for reader in sorted(readers, key=lambda r: r.party != own):
        decision = reader.decision
        half, note = (will, "") if decision.permit else (will_not, _why_not(agreement, reader))
        name = agreement.parties[reader.party].short
        half.setdefault((decision.clause, note), []).append(f"{name} (you)" if reader.party == own else name)
    return Audience(_lines(will), _lines(will_not))


def _why_not(agreement: Agreement, reader: Reader) -> str:
    """The refusing sentence without its "Not shown: …" start; "" where the refusal is silent."""
    return text_for_user(agreement, reader.decision).partition(". ")[2]


def _lines(half: dict[tuple[str, str], list[str]]) -> tuple[Line, ...]:
    return tuple(Line(joined(names), clause, note) for (clause, note), names in half.items())
