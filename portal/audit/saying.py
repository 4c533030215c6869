"""What a verification compared, in words that need no technician."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from portal.audit.bundle import Manifest
from portal.audit.note import Verifier
from portal.audit.offline import SECOND
from portal.audit.told import Told
from portal.audit.tree import ProofInvalid
from portal.audit.trust import Tally

MOST: Final = 3
"""So many entries are named by which details were erased."""


def plural(count: int, one: str, many: str = "") -> str:
    """ "1 entry", "2,000 entries" """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def moment(at: int) -> str:
    """Microseconds UTC as "26 November 2026, 12:26:05 UTC"; a time beyond the calendar as its number."""
    try:
        when = datetime.fromtimestamp(at // SECOND, UTC)
    except (ValueError, OverflowError, OSError):
        return f"{at:,} microseconds after 1970"
    return f"{when.day} {when:%B %Y, %H:%M:%S} UTC"


def verdict(manifest: Manifest, tally: Tally) -> str:
    """The good news in one sentence."""
    if not tally.entries:
        return "The bundle holds no entry, and what else it holds fits together."
    what = "the access log" if manifest.first == 0 else "this part of the access log"
    count = plural(tally.entries, "entry", "entries")
    return f"All {count} of {what} are whole: none was changed, removed, added or moved."


def checked(manifest: Manifest, tally: Tally, keys: Sequence[Verifier]) -> list[str]:
    """What was compared, a sentence each."""
    told = []
    if tally.entries and tally.earliest is not None and tally.latest is not None:
        told.append(
            f"Entries {manifest.first:,} to {manifest.end - 1:,} of the log {manifest.origin}, dated"
            f" {moment(tally.earliest)} to {moment(tally.latest)}: the exact bytes and the place of each."
        )
        began = f"; {tally.carried:,} began before this part" if tally.carried else ""
        told.append(f"{plural(tally.chains, 'chain')} of writers, none with a hole{began}.")
    by = f", signed with {'the key' if len(keys) == 1 else 'one of the keys'} {', '.join(map(str, keys))}"
    last = f", the last over {tally.covered:,} entries"
    told.append(f"{plural(tally.checkpoints, 'signed checkpoint')}{last}{by}.")
    if tally.held:
        told.append(f"{plural(tally.held, 'checkpoint')} that you kept: the log still says what it said then.")
    if tally.quorum is not None:
        told.append(
            f"{plural(tally.cosigned, 'checkpoint')} with cosignatures of witnesses; enough of them for the policy"
            f" cosigned up to {tally.quorum:,} entries, at times that fit the dates of the entries."
        )
    told.append(f"{plural(tally.details, 'sealed detail')} against the entries they belong to, still sealed.")
    if tally.erased:
        one = len(tally.erased_by) == 1
        shown = ", ".join(tally.erased_by[:MOST]) + (" …" if len(tally.erased_by) > MOST else "")
        told.append(
            f"{plural(tally.erased, 'of them is', 'of them are')} gone: erased at the end of the period, just what"
            f" {'entry' if one else 'entries'} {shown} of the log {'says' if one else 'say'}."
        )
    told.append(f"{plural(tally.outcomes, 'outcome')} by field, and {plural(tally.agreements, 'text')} of agreements.")
    return told


def _erased(tally: Tally) -> list[str]:
    told = []
    if tally.announced:
        told.append(
            f"{plural(tally.announced, 'sealed detail')} announced as erased and still there: something keeps"
            f" {'it' if tally.announced == 1 else 'them'}, or the erasing broke off."
        )
    if tally.unread:
        names = ", ".join(sorted({name.partition("#")[0] for name in tally.unread}))
        told.append(f"Details were erased under a text whose period cannot be read here: {names}.")
    return told


def remarks(manifest: Manifest, tally: Tally) -> list[str]:
    """What a careful reader should know though nothing is wrong."""
    told = []
    if tally.quorum is None:
        told.append("No witness vouches for this log here: whoever holds its key could have two versions of it.")
    elif tally.quorum < manifest.end:
        told.append(f"Entries from {max(tally.quorum, manifest.first):,} on are not cosigned by enough witnesses yet.")
    if manifest.first:
        told.append(
            f"The {manifest.first:,} entries before this part are not in the bundle; they are fixed by the checkpoints."
        )
    if tally.out_of_order is not None:
        index, reference = tally.out_of_order
        named = f"entry {index:,}" + (f" (reference {reference})" if reference else "")
        told.append(
            f"The date of {named} lies before that of one in front of it: a clock was set back, or the date is false."
        )
    if tally.silent:
        at, reference = tally.silent[-1]
        told.append(
            f"{plural(len(tally.silent), 'writer')} stopped without a closing entry, the last after reference"
            f" {reference}, {moment(at)}: the process was killed, or what it wrote in its last seconds was taken away."
        )
    if tally.successor is not None:
        told.append(f"The log has another key since, of which an entry under your key tells: {tally.successor}.")
    if tally.stranger is not None:
        told.append(
            f"After this part the log is signed by another key than yours, {tally.stranger}: whether it took the place"
            " of yours is not to be seen here. Ask, and compare it."
        )
    if tally.unknown:
        before = ", ".join(sorted(tally.unknown))
        told.append(f"The log had another name before ({before}); name that key too, and its checkpoints are compared.")
    told += _erased(tally)
    if tally.untexted:
        names = sorted({name.partition("#")[0] for name in tally.untexted})
        shown = ", ".join(names[:3]) + (" …" if len(names) > 3 else "")
        told.append(f"Agreements that entries name and whose text is not here: {shown}.")
    return told


def opened(told: Told, members: Mapping[str, Any]) -> list[str]:
    """What the sealed parts of a proven entry say, one line each. Raises `ProofInvalid` where they are not its own."""
    try:
        return _opened(told, members)
    except (AttributeError, IndexError, KeyError, TypeError, RecursionError) as error:
        raise ProofInvalid("what it says is not as the portal writes it") from error


def _opened(told: Told, members: Mapping[str, Any]) -> list[str]:
    said = told.check(members)
    digests = [members["decision"]]
    lines = []
    for each in said:
        if each is not None:
            known = [f"{key}: {_plainly(value)}" for key, value in sorted(each["detail"].items())]
            lines.append("; ".join([f"About person {each['person']}", *known]))
            lines += _decided(told.decided(each["decision"]))
            digests.append(each["decision"])
    gone = sum(detail.sealed is None for detail in told.details)
    if gone == 1:  # no proof tells the two apart: the part's digest stands in the file either way
        lines.append("One part is not in this file: it was erased in its time, or somebody took it out")
    elif gone:
        parts = plural(gone, "part")
        lines.append(f"{parts} are not in this file: they were erased in their time, or somebody took them out")
    shut = sum(each is None for each in said) - gone
    if shut:
        lines.append(f"{plural(shut, 'part')} about others stay sealed" if shut > 1 else "One part stays sealed")
    lines += _decided(told.decided(members["decision"]))
    if any(digest and told.decided(digest) is None for digest in digests):
        lines.append("What was permitted and withheld by field is not in this file, or not all of it")
    return lines


def _decided(outcome: Mapping[str, Any] | None) -> list[str]:
    """By owner and clause; whoever wants the fields one by one finds them in the file."""
    lines = []
    for word, kind in (("Permitted", "permitted"), ("Withheld", "withheld")):
        by: dict[tuple[str, str], list[str]] = {}
        for row in () if outcome is None else outcome.get(kind, ()):
            by.setdefault((str(row[1]), str(row[2])), []).append(str(row[0]))
        for (owner, clause), names in sorted(by.items()):
            whose = f", records of {owner}" if owner else ""
            lines.append(f"{word} under clause {clause}{whose}: {', '.join(names)}")
    return lines


def _plainly(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
