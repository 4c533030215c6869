"""Who vouches for the log, in words."""

from dataclasses import dataclass
from datetime import date, datetime

from portal.audit.standing import LATE, Seen, Standing
from portal.db import MINUTE, SECOND, from_micros
from portal.pages.presenting import moment, plural
from portal.sharing.logbook.vouching import Vouched

NOBODY = (
    "Nobody outside this installation vouches for the log: it has no witnesses. Whoever holds its database, its keys "
    "and what was kept beside them could rewrite it unseen."
)


@dataclass(frozen=True, slots=True)
class WitnessLine:
    """One witness: its name in the policy, its key's name, how far it vouches, when it last did, whether it is late."""

    name: str
    key: str
    upto: str
    when: datetime | None
    late: bool


@dataclass(frozen=True, slots=True)
class Told:
    """The state of the log for people. `warning` is "" while all is well; `stopped` while the log goes on."""

    words: str
    warning: str
    stopped: str
    witnesses: tuple[WitnessLine, ...]
    origin: str
    former: tuple[str, ...]
    key: str
    beside: str = ""
    until: date | None = None


def told(found: Vouched) -> Told:
    """The state of the log as sentences and lines."""
    stand = found.standing
    lines = tuple(_line(seen) for seen in stand.witnesses)
    return Told(_words(stand), _warning(stand), found.stopped, lines, found.origin, *_keys(found))


def _keys(found: Vouched) -> tuple[tuple[str, ...], str, str, date | None]:
    return found.former, found.key, found.beside, found.until


def _words(stand: Standing) -> str:
    if stand.at is None:
        return "The log has no signed checkpoint yet. The first is made seconds after the first entry."
    signed = f"{plural(stand.size, 'entry', 'entries')} under a checkpoint signed on {moment(from_micros(stand.at))}."
    if not stand.witnesses:
        return f"{signed} {NOBODY}"
    if stand.published is None:
        return f"{signed} Not enough witnesses have vouched for it yet."
    if stand.published == stand.size:
        return f"{signed} Enough witnesses vouch for all of them."
    return f"{signed} Enough witnesses vouch for the first {stand.published:,}."


def _warning(stand: Standing) -> str:
    if stand.late is None:
        return ""
    away = [seen.name for seen in stand.witnesses if seen.late]
    return (
        f"Entries recorded since {moment(from_micros(stand.late))} have waited for more than "
        f"{LATE // MINUTE} minutes for enough witnesses to vouch for them. Missing: {', '.join(away)}. "
        "Nothing stops: ask whoever runs these witnesses to look after them."
    )


def _line(seen: Seen) -> WitnessLine:
    upto = "nothing yet" if seen.size is None else f"the first {plural(seen.size, 'entry', 'entries')}"
    when = None if seen.at is None else from_micros(seen.at * SECOND)
    return WitnessLine(seen.name, seen.key, upto, when, seen.late)
