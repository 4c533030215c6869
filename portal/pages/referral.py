"""A referral as its referrer is told of it: in words, and nothing of it that no clause gives."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from flask import url_for

from portal.sharing.inbox import ACCEPTED, ASKED, GONE, LAPSED, REFUSED, WAITING, WITHDRAWN
from portal.sharing.reading.referrals import Line, Words, asked

STATES = {
    WAITING: "Waiting",
    ASKED: "You are asked for more",
    ACCEPTED: "Accepted: it goes to the panel",
    REFUSED: "Refused",
    WITHDRAWN: "Taken back",
    LAPSED: "No longer offered: the case that it came from was closed",
}

ENDED = "It was not answered before this came to an end. Refer them again if it is still needed."


@dataclass(frozen=True, slots=True)
class Told:
    """One referral. `name`: the reference of a case that is closed; `state` in words; `because` the reason, or what
    is asked; `withheld` why neither is told; `path` to the page of it."""

    name: str
    borough: str
    sent: datetime
    since: datetime
    state: str
    because: str
    withheld: str
    asked: bool
    waits: bool
    words: tuple[Words, ...]
    path: str


def told(line: Line) -> Told:
    """What its referrer is told: that it waits is their own; an answer only where a clause gives it."""
    waits, answered = line.state == WAITING and not line.ended, bool(line.outcome) and not line.ended
    own = waits or line.state in GONE
    return Told(
        name=line.name or (line.reference if line.closed else "Name not shown"),
        borough=line.borough,
        sent=line.sent,
        since=line.since,
        state=STATES[line.state] if own or answered else "Ended" if line.ended else "Answered",
        because=line.because if answered and line.state not in GONE else "",
        withheld=ENDED if line.ended else "" if own or answered else line.withheld,
        asked=asked(line),
        waits=waits,
        words=line.words,
        path=url_for("refer.one", referral=line.id),
    )


def all_told(lines: Iterable[Line]) -> tuple[Told, ...]:
    """Several of them, in their order."""
    return tuple(told(line) for line in lines)
