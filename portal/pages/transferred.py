"""A transfer in words, for the head of a case, where it stands, the panel and the page of the transfer itself."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from portal.pages.presenting import day
from portal.sharing.reading.transfers import Told
from portal.sharing.transfers import BACK, DECLINED, ENDED, PANEL, TAKEN, WAITS

WORDS = {
    WAITS: "waiting for an answer",
    PANEL: "accepted, and goes to the panel of {borough}",
    TAKEN: "taken on in {borough}",
    DECLINED: "not taken on in {borough}",
    BACK: "taken back",
    ENDED: "no longer offered, for this case was de-selected before an answer",
}
CAME = {BACK: "no longer offered: taken back", ENDED: "no longer offered: the case in {borough} is closed"}
"""Of one that came here (clause 8.91)."""


@dataclass(frozen=True, slots=True)
class Line:
    """One transfer. `title`: where to or where from; `words` what became of it, since when, "" where that is not
    told."""

    title: str
    on: datetime
    words: str
    by: str


def lines(told: Iterable[Told]) -> tuple[Line, ...]:
    """Each transfer in a line, in the order given."""
    return tuple(Line(title(t), t.record.at, words(t), t.record.owner_name) for t in told)


def title(told: Told) -> str:
    """Where to, or where from."""
    return f"Transfer {'from' if told.came else 'offered to'} {told.record.text('borough')}"


def words(told: Told) -> str:
    """What became of it in a word, with the day it is so since."""
    known = CAME if told.came else WORDS
    if told.code not in known:
        return ""
    on = f", {day(told.since)}" if told.since and told.code != WAITS else ""
    return known[told.code].format(borough=told.record.text("borough")) + on


def reason(told: Iterable[Told]) -> str:
    """Why a case whose person another borough has taken on is de-selected; "" where none has."""
    taken = next((t for t in told if t.code == TAKEN and t.since), None)
    if taken is None or taken.since is None:
        return ""
    return f"Transferred: {taken.record.text('borough')} took them on, {day(taken.since)}."
