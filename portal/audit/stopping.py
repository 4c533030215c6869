"""The stop of the access log: a file beside the keys, so outside the database, that every process of the portal sees.

Set when a witness holds more of the log than the database, or another history of it. While it is there nothing is
appended and no checkpoint signed. It is taken away by a new origin only (see `origins`).
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from portal.audit.durable import write_durably
from portal.db import now_micros
from portal.errors import LogStopped

FILE: Final = "log-stopped.json"
EXPORTS: Final = "log-stopped-exports.jsonl"
"""What was taken out meanwhile, a line each: nothing can be appended then, and evidence must not wait."""
BEHIND: Final = "behind"
FORKED: Final = "forked"
_DECIDES = (
    "Nothing is recorded, so nothing is shown and nothing can be changed, until the data-protection officer decides."
)
_WORDS: Final = {
    BEHIND: "The witness {witness} has signed for {theirs:,} entries of the access log, and the database holds "
    "{ours:,}. The end of the log is gone: an older copy of the database was put back, or the log was cut off.",
    FORKED: "The witness {witness} has signed for another history of the access log than the one in the database, "
    "which holds {ours:,} entries. The log was rewritten, or an older copy of the database was put back and used.",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the log was stopped: `kind` is BEHIND or FORKED, `witness` the policy's name for who said so.

    `theirs` is the number of entries it vouches for (0 where it did not say), `ours` the number in the database,
    `note` the checkpoint of ours that it refused, `at` microseconds UTC.
    """

    kind: str
    witness: str
    theirs: int
    ours: int
    origin: str
    note: str
    at: int

    def sentence(self) -> str:
        """What happened, for people."""
        return f"{_WORDS[self.kind].format(**asdict(self))} {_DECIDES}"


class Stop:
    """The stop of one installation, in the folder of its keys."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._exports = folder / EXPORTS

    def __bool__(self) -> bool:
        """Whether the log is stopped. Costs one look at the file system."""
        return os.path.lexists(self._path)

    def reason(self) -> Reason | None:
        """Why, as far as the file says; None where it does not stop or cannot be read."""
        try:
            return Reason(**json.loads(self._path.read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def sentence(self) -> str:
        """Why the log is stopped, for people; "" where it is not."""
        if not self:
            return ""
        try:
            reason = self.reason()
            return reason.sentence() if reason else f"The access log was stopped. {_DECIDES}"
        except (KeyError, ValueError, TypeError):
            return f"The access log was stopped. {_DECIDES}"

    def check(self) -> None:
        """Raise `LogStopped`, in words, where the log is stopped."""
        if self:
            raise LogStopped(self.sentence())

    def set(self, kind: str, witness: str, theirs: int, ours: int, origin: str, note: str) -> None:
        """Stop the log, durably. The first reason stays."""
        if not self:
            reason = Reason(kind, witness, theirs, ours, origin, note, now_micros())
            write_durably(self._path, json.dumps(asdict(reason), indent=1).encode())

    def note(self, export: Mapping[str, Any]) -> str:
        """Note durably that something is taken out while the log is stopped; answers the name of the file."""
        earlier = self._exports.read_bytes() if self._exports.exists() else b""
        write_durably(self._exports, earlier + json.dumps({"at": now_micros(), **export}).encode() + b"\n")
        return EXPORTS

    def exports(self) -> list[dict[str, Any]]:
        """What was noted so, for the entry that begins the new origin."""
        lines = self._exports.read_text("utf-8").splitlines() if self._exports.exists() else []
        return [json.loads(line) for line in lines]

    def lift(self) -> Path:
        """Let the log go on; the reason is kept under a name with its time, which is answered."""
        reason = self.reason()
        kept = self._path.with_name(f"log-stopped-{reason.at if reason else now_micros()}.json")
        if self._exports.exists():
            os.replace(self._exports, kept.with_name(f"{kept.stem}-exports.jsonl"))
        os.replace(self._path, kept)
        return kept
