"""What verification found, in words that need no technician."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Report:
    """What verification found.

    `covered` entries stand under the last of `checkpoints` signed checkpoints; `waiting` are committed and not yet in
    the log's order; `erased` details were erased in their time. `index` and `reference` name the first bad entry.
    """

    whole: bool
    sentence: str
    entries: int = 0
    checkpoints: int = 0
    covered: int = 0
    waiting: int = 0
    erased: int = 0
    last_checkpoint: datetime | None = None
    index: int | None = None
    reference: str | None = None


def whole(
    entries: int, checkpoints: int, covered: int, waiting: int, erased: int, last_checkpoint: datetime | None
) -> Report:
    """The report on a log in which nothing is wrong."""
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
    if erased:
        details = "One sealed detail was" if erased == 1 else f"{erased:,} sealed details were"
        sentence += f" {details} erased in due time; that it happened still shows in the entries."
    return Report(True, sentence, entries, checkpoints, covered, waiting, erased, last_checkpoint)
