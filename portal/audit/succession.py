"""Whether each key of the log took its predecessor's place as it should: told of in the log, and beside it for a while.

Anybody can add a signature line of their own under a checkpoint, so that two lines alone prove nothing. What proves it
is the entry `key-rotated`: it names the new key, and stands under checkpoints that the old key signed.
"""

import hashlib
from collections.abc import Mapping

from portal.audit.entry import sealed_digest
from portal.audit.note import Verifier
from portal.audit.run import LogBroken


def digest_of(key: Verifier) -> bytes:
    """What the entry that begins or ends a key writes: SHA-256 of the verifier key's text."""
    return hashlib.sha256(str(key).encode()).digest()


def told_of(key: Verifier) -> str:
    """The member `sealed` of the entry that begins or ends a key."""
    return sealed_digest([digest_of(key)]) or ""


class Succession:
    """Follows the keys that signed the checkpoints of a log, which are met in order of size.

    `told` grows with the log: `Run.rotated`. `whole`: the log is seen from its first entry, so that no entry which
    tells of a key can lie before.
    """

    def __init__(self, told: Mapping[str, int], whole: bool) -> None:
        self._told, self._whole = told, whole
        self._last: frozenset[Verifier] = frozenset()
        self._size = 0
        self._came: set[Verifier] = set()
        self._ended: set[Verifier] = set()

    def met(self, signed: frozenset[Verifier], size: int, gap: bool = False) -> None:
        """Take in which known keys signed the checkpoint over `size` entries; `gap`: there are others before it.

        Raises `LogBroken` where a key came without an overlap or without its entry, or came back.
        """
        if any(key in self._ended for key in signed):
            raise LogBroken(
                f"a key of the log that had been replaced signs again at {size:,} entries", *self._since(size)
            )
        if self._last and not gap and {key.name for key in signed} == {key.name for key in self._last}:
            self._step(signed, size)
        self._last, self._size = signed, size

    def _step(self, signed: frozenset[Verifier], size: int) -> None:
        staying, dropped = signed & self._last, self._last - signed
        if not staying:
            raise LogBroken(
                f"the log's key was replaced: no checkpoint up to the one over {size:,} entries is signed by both the"
                " key before and the key after it",
                *self._since(size),
            )
        self._came |= signed - self._last
        if dropped and any((self._whole or key in self._came) and told_of(key) not in self._told for key in staying):
            raise LogBroken("the log's key was replaced, and no entry tells of it", *self._since(size))
        self._ended |= dropped

    def _since(self, size: int) -> tuple[int, None, int]:
        """Where the entries stand that are in question: from the last checkpoint to this one."""
        return min(self._size, max(size - 1, 0)), None, max(size - 1, 0)
