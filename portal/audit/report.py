"""What verification found, in words that need no technician."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

MOST: Final = 3
"""So many entries are named by which details were erased."""


@dataclass(frozen=True, slots=True)
class Gone:
    """How many sealed details were erased, `by` which entries (references), and how many are `announced` and there."""

    erased: int = 0
    by: tuple[str, ...] = ()
    announced: int = 0

    def sentence(self) -> str:
        """In words, each sentence with a space before it; "" where there is nothing to say."""
        told = ""
        if self.erased:
            what = "One sealed detail was" if self.erased == 1 else f"{self.erased:,} sealed details were"
            their = "its" if self.erased == 1 else "their"
            told += f" {what} erased at the end of {their} period, as {self._entries()} of the log {self._verb()}."
        if self.announced:
            number = "One more is" if self.announced == 1 else f"{self.announced:,} more are"
            told += f" {number} announced as erased and still there: something keeps them, or the erasing broke off."
        return told

    def _entries(self) -> str:
        shown = ", ".join(self.by[:MOST])
        more = f" and {len(self.by) - MOST:,} more" if len(self.by) > MOST else ""
        return f"{'entry' if len(self.by) == 1 else 'entries'} {shown}{more}"

    def _verb(self) -> str:
        return "says" if len(self.by) == 1 else "say"


@dataclass(frozen=True, slots=True)
class Report:
    """What verification found.

    `covered` entries stand under the last of `checkpoints` signed checkpoints; `waiting` are committed and not yet in
    the log's order; `erased` details were erased, as entries say; `silent` writers stopped without a closing entry,
    which is told and no fault. `index` and `reference` name the first bad entry.
    """

    whole: bool
    sentence: str
    entries: int = 0
    checkpoints: int = 0
    covered: int = 0
    waiting: int = 0
    erased: int = 0
    last_checkpoint: datetime | None = None
    silent: int = 0
    index: int | None = None
    reference: str | None = None


def whole(
    entries: int,
    checkpoints: int,
    covered: int,
    waiting: int,
    last_checkpoint: datetime | None,
    gone: Gone,
    silent: Sequence[tuple[datetime, str | None]] = (),
) -> Report:
    """The report on a log in which nothing is wrong. `silent`: see `Run.silent`."""
    sentence = f"All {entries:,} entries of the access log are whole: none was changed, removed or moved"
    if checkpoints:
        sentence += f", and {checkpoints:,} signed checkpoints agree, the last over {covered:,} entries"
    if last_checkpoint is not None:
        sentence += f" at {last_checkpoint:%H:%M:%S} UTC on {last_checkpoint.day} {last_checkpoint:%B %Y}"
    sentence += "."
    if entries > covered:
        younger = entries - covered
        sentence += (
            f" {younger:,} younger {'entry waits for its' if younger == 1 else 'entries wait for their'} checkpoint."
        )
    sentence += gone.sentence()
    if silent:
        at, reference = silent[-1]
        writers = "One writer" if len(silent) == 1 else f"{len(silent):,} writers"
        sentence += (
            f" {writers} stopped without a closing entry, the last after reference {reference} on {at.day} {at:%B %Y}:"
            " the process was killed, or what it wrote in its last seconds was taken away."
        )
    return Report(True, sentence, entries, checkpoints, covered, waiting, gone.erased, last_checkpoint, len(silent))
