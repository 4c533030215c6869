"""Proofs as files: that one entry stands in the log, and that one checkpoint extends another.

The first is a C2SP `tlog-proof@v1`; the second the body of the C2SP tlog-witness request `add-checkpoint`, for which
there is no other format. Bytes: docs/access-log-format.md. Reading raises `ProofInvalid`; nothing here needs a key.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from portal.audit.note import Checkpoint
from portal.audit.tree import HASH_SIZE, LARGEST_SIZE, ProofInvalid, leaf_hash, verify_consistency, verify_inclusion

HEADER: Final = "c2sp.org/tlog-proof@v1"
MOST_HASHES: Final = 63
LONGEST: Final = 2 << 20


@dataclass(frozen=True, slots=True)
class Inclusion:
    """That the entry `leaf` is number `index` under the signed checkpoint `note`, by `hashes`, lowest first.

    The leaf travels as the file's `extra`: it needs no trust of its own, because the hashes must lead from it to the
    signed root. Empty where a stranger's proof does not bring it.
    """

    index: int
    hashes: Sequence[bytes]
    note: str
    leaf: bytes = b""

    def text(self) -> str:
        """The file."""
        extra = f"extra {base64.b64encode(self.leaf).decode()}\n" if self.leaf else ""
        return f"{HEADER}\n{extra}index {self.index}\n{_lines(self.hashes)}\n{self.note}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a file. Raises `ProofInvalid`."""
        head, note = _halves(text)
        if head[0] != HEADER:
            raise ProofInvalid(f"the first line of the proof is not {HEADER}")
        leaf = b""
        if len(head) > 1 and head[1].startswith("extra "):
            leaf = _base64(head.pop(1).removeprefix("extra "))
        if len(head) < 2:
            raise ProofInvalid("the proof names no index")
        return cls(_number(head[1], "index"), _hashes(head[2:]), note, leaf)

    def check(self, leaf: bytes, checkpoint: Checkpoint) -> None:
        """Return if the entry stands under `checkpoint`, read from `note`, else raise `ProofInvalid`."""
        verify_inclusion(leaf_hash(leaf), self.index, checkpoint.size, self.hashes, checkpoint.root)


@dataclass(frozen=True, slots=True)
class Consistency:
    """That the signed checkpoint `note` extends the tree of the first `old` entries, by `hashes`."""

    old: int
    hashes: Sequence[bytes]
    note: str

    def text(self) -> str:
        """The file."""
        return f"old {self.old}\n{_lines(self.hashes)}\n{self.note}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a file. Raises `ProofInvalid`."""
        head, note = _halves(text)
        return cls(_number(head[0], "old"), _hashes(head[1:]), note)

    def check(self, earlier: Checkpoint, later: Checkpoint) -> None:
        """Return if `later`, read from `note`, extends `earlier`, else raise `ProofInvalid`."""
        if earlier.origin != later.origin:
            raise ProofInvalid("the two checkpoints are of two logs")
        if earlier.size != self.old:
            raise ProofInvalid(f"the proof is about a checkpoint over {self.old:,} entries")
        verify_consistency(self.old, later.size, earlier.root, later.root, self.hashes)


def _lines(hashes: Sequence[bytes]) -> str:
    return "".join(base64.b64encode(each).decode() + "\n" for each in hashes)


def _halves(text: str) -> tuple[list[str], str]:
    """The lines before the first blank one, and the checkpoint after it, verbatim."""
    if len(text) > LONGEST:
        raise ProofInvalid("the file is too long for a proof")
    head, blank, note = text.partition("\n\n")
    if not blank or not note:
        raise ProofInvalid("the proof ends before its checkpoint")
    return head.split("\n"), note


def _number(line: str, word: str) -> int:
    name, _, digits = line.partition(" ")
    fits = digits.isascii() and digits.isdigit() and len(digits) <= 19 and str(int(digits)) == digits
    if name != word or not fits or int(digits) > LARGEST_SIZE:
        raise ProofInvalid(f"the proof has no line `{word} N` where it belongs")
    return int(digits)


def _hashes(lines: Sequence[str]) -> tuple[bytes, ...]:
    if len(lines) > MOST_HASHES:
        raise ProofInvalid("the proof has more hashes than any tree needs")
    hashes = tuple(map(_base64, lines))
    if any(len(each) != HASH_SIZE for each in hashes):
        raise ProofInvalid("a hash of the proof is not 32 bytes long")
    return hashes


def _base64(text: str) -> bytes:
    try:
        value = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ProofInvalid("malformed base64") from error
    if base64.b64encode(value).decode() != text:
        raise ProofInvalid("malformed base64")
    return value
