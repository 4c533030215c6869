"""Whom the reader of a bundle believes, and what was counted while it was verified."""

from dataclasses import dataclass, field

from portal.audit.note import Verifier
from portal.audit.policy import Policy, Witnessed


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom the reader believes: the log's key, and a policy that names witnesses. Not what the bundle says of itself.

    `keys`: those of each name that the log has had; none where the policy's `log` lines say them. `demanded`: without
    the policy's quorum nothing counts as whole.
    """

    keys: tuple[Verifier, ...]
    policy: Policy = field(default_factory=Policy)
    demanded: bool = False

    def witnessed(self, note: str) -> Witnessed:
        """Open a checkpoint of this log, and say who cosigned it. Raises `NoteInvalid`."""
        origin = note.partition("\n")[0]
        return self.policy.witnessed(note, *([key for key in self.keys if key.name == origin] or self.keys[:1]))

    def names(self) -> frozenset[str]:
        """The names of the log whose key is known."""
        return frozenset(key.name for key in self.keys or [log.key for log in self.policy.logs])


@dataclass(slots=True)
class Tally:
    """What was compared, counted. Times are microseconds UTC; `quorum` is the largest size that a quorum cosigned.

    `erased` details are gone, as the entries `erased_by` (references) say, under agreements of which `unread` say no
    period here; `announced` ones are still there. `unknown`: former names of the log whose checkpoints were passed
    over, because the reader has no key of them; `successor`: a key that took the place of the reader's, as an entry
    under the reader's key tells; `stranger`: one that signed beyond the excerpt, of which nothing here tells;
    `silent`: see `Run.silent`.
    """

    entries: int = 0
    earliest: int | None = None
    latest: int | None = None
    chains: int = 0
    carried: int = 0
    checkpoints: int = 0
    covered: int = 0
    held: int = 0
    cosigned: int = 0
    quorum: int | None = None
    details: int = 0
    erased: int = 0
    announced: int = 0
    erased_by: tuple[str, ...] = ()
    unread: frozenset[str] = frozenset()
    outcomes: int = 0
    agreements: int = 0
    untexted: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    successor: Verifier | None = None
    stranger: Verifier | None = None
    silent: list[tuple[int, str | None]] = field(default_factory=list)
    out_of_order: tuple[int, str | None] | None = None
