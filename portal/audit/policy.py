"""Whose signatures make a checkpoint believable: the policy file (C2SP tlog-policy). No database, no web, no keys.

Lines `log`, `witness`, `group` and `quorum`; a mistake is named with its line. An auditor runs this too.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from portal.audit.note import (
    Checkpoint,
    Cosignature,
    NoteInvalid,
    Verifier,
    WitnessKey,
    cosignatures,
    open_checkpoint,
    signers,
)

NONE: Final = "none"
MOST_LINES = 10_000


class PolicyInvalid(ValueError):
    """The policy file is malformed. `line` counts from 1; 0 where the file as a whole is meant."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(f"line {line}: {what}" if line else what)
        self.line = line
        self.what = what


@dataclass(frozen=True, slots=True)
class KnownLog:
    """A `log` line: whose checkpoints count, and where it can be read."""

    key: Verifier
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Witness:
    """A `witness` line. `name` is the policy's own word for it; `url` is where it takes checkpoints (the prefix)."""

    name: str
    key: WitnessKey
    url: str | None = None

    @property
    def label(self) -> str:
        """The name as it can be shown: octets that are no UTF-8 are replaced."""
        return self.name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Group:
    """A `group` line: at least `needed` of its members, witnesses or groups, must have witnessed."""

    needed: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Witnessed:
    """A checkpoint and who of the policy's witnesses cosigned it, by the policy's names.

    `quorum`: whether that is enough. `since`: the second since 1970 at which it was enough, by the witnesses' clocks;
    None where it is not, and where nobody is needed. `keys`: which of the log's known keys signed it.
    """

    checkpoint: Checkpoint
    by: Mapping[str, Cosignature]
    quorum: bool
    since: int | None
    keys: frozenset[Verifier] = frozenset()


@dataclass(frozen=True, slots=True)
class Policy:
    """Known logs, known witnesses, and the rule that says which of them suffice. Read it with `parse`."""

    logs: tuple[KnownLog, ...] = ()
    witnesses: Mapping[str, Witness] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    quorum: str = NONE

    @classmethod
    def parse(cls, content: bytes) -> Self:
        """Read a policy file. Raises `PolicyInvalid`, which names the line."""
        reading = _Reading()
        for number, words in _lines(content):
            reading.line(number, words)
        if reading.quorum is None:
            raise PolicyInvalid(0, "the policy has no quorum line")
        return cls(tuple(reading.logs), reading.witnesses, reading.groups, reading.quorum)

    def text(self) -> bytes:
        """The policy as a file for somebody else: whom to believe, and not where to find them."""
        lines = [f"log {each.key}" for each in self.logs]
        lines += [f"witness {name} {each.key}" for name, each in self.witnesses.items()]
        lines += [f"group {n} {each.needed} {' '.join(each.members)}" for n, each in self.groups.items()]
        return "".join(f"{line}\n" for line in [*lines, f"quorum {self.quorum}"]).encode("utf-8", "surrogateescape")

    def fulfilled(self, names: Collection[str]) -> bool:
        """Whether cosignatures of the witnesses with these names make the quorum."""
        reached = {NONE, *(name for name in names if name in self.witnesses)}
        for name, group in self.groups.items():  # each comes after its members
            if sum(member in reached for member in group.members) >= group.needed:
                reached.add(name)
        return self.quorum in reached

    def least(self) -> int:
        """How many witnesses make the quorum at the least: fewer are not worth a closer look."""
        needed = {NONE: 0, **dict.fromkeys(self.witnesses, 1)}
        for name, group in self.groups.items():
            needed[name] = sum(sorted(needed[member] for member in group.members)[: group.needed])
        return needed[self.quorum]

    def witnessed(self, note: str | bytes, *known: Verifier) -> Witnessed:
        """Open a checkpoint that one of `known`, or else of the policy's logs, signed; say who cosigned it, and when.

        Raises `NoteInvalid`. A quorum that is missing is in the answer: whether that is a fault, the caller says.
        """
        keys = known or tuple(log.key for log in self.logs)
        if not keys:
            raise NoteInvalid("the policy names no log")
        checkpoint = open_checkpoint(note, *keys)
        found = {each.key: each for each in cosignatures(note, [w.key for w in self.witnesses.values()])}
        by = {name: found[w.key] for name, w in self.witnesses.items() if w.key in found}
        since = None
        if self.quorum != NONE:
            times = sorted(each.at for each in by.values())
            since = next((at for at in times if self.fulfilled([n for n, c in by.items() if c.at <= at])), None)
        return Witnessed(checkpoint, by, self.fulfilled(by), since, signers(note, keys))


def parse_logs(content: bytes) -> tuple[KnownLog, ...]:
    """A file of `log` lines only: whose checkpoints a witness cosigns. Raises `PolicyInvalid`, which names the line."""
    reading = _Reading()
    for number, words in _lines(content):
        if words[0] != "log":
            raise PolicyInvalid(number, "only log lines belong here")
        reading.line(number, words)
    return tuple(reading.logs)


class _Reading:
    """A policy file as far as it has been read."""

    def __init__(self) -> None:
        self.logs: list[KnownLog] = []
        self.witnesses: dict[str, Witness] = {}
        self.groups: dict[str, Group] = {}
        self.quorum: str | None = None
        self._members: set[str] = set()
        self._keys: set[tuple[str, bytes]] = set()

    def line(self, number: int, words: list[str]) -> None:
        """Take one line, already split into its items."""
        try:
            match words:
                case ["log", key, *url] if len(url) < 2:
                    self._log(Verifier.parse(key), *url)
                case ["witness", name, key, *url] if len(url) < 2:
                    self._name(name)
                    self._once("witness", key_of := WitnessKey.parse(key))
                    self.witnesses[name] = Witness(name, key_of, *url)
                case ["group", name, needed, *members] if members:
                    self._name(name)
                    self._group(name, needed, members)
                case ["quorum", name]:
                    self._quorum(name)
                case ["log" | "witness" | "group" | "quorum", *_]:
                    raise ValueError(f"a {words[0]} line has other items than these")
                case _:
                    raise ValueError("a line begins with log, witness, group or quorum")
        except ValueError as error:
            raise PolicyInvalid(number, str(error)) from error

    def _log(self, key: Verifier, url: str | None = None) -> None:
        self._once("log", key)
        self.logs.append(KnownLog(key, url))

    def _once(self, kind: str, key: Verifier | WitnessKey) -> None:
        if (kind, key.public) in self._keys:
            raise ValueError(f"this {kind}'s key is in the policy already")
        self._keys.add((kind, key.public))

    def _name(self, name: str) -> None:
        if name == NONE or name in self.witnesses or name in self.groups:
            raise ValueError("this name is taken")

    def _group(self, name: str, needed: str, members: list[str]) -> None:
        for member in members:
            if member not in self.witnesses and member not in self.groups:
                raise ValueError("a member is not defined above")
            if member in self._members:
                raise ValueError("a member belongs to a group already")
            self._members.add(member)
        number = {"any": 1, "all": len(members)}.get(needed)
        if number is None:
            if not (needed.isascii() and needed.isdigit()) or needed.startswith("0") or len(needed) > 6:
                raise ValueError("a group needs all, any, or a number of its members")
            number = int(needed)
        if number > len(members):
            raise ValueError("a group needs more members than it has")
        self.groups[name] = Group(number, tuple(members))

    def _quorum(self, name: str) -> None:
        if self.quorum is not None:
            raise ValueError("the policy has a quorum line already")
        if name != NONE and name not in self.witnesses and name not in self.groups:
            raise ValueError("the quorum is not defined above")
        self.quorum = name


def _lines(content: bytes) -> Iterator[tuple[int, list[str]]]:
    """Lines that say something, numbered from 1, each split at spaces and tabs only. Names stay opaque octets."""
    lines = content.split(b"\n")
    if lines.pop():
        raise PolicyInvalid(len(lines) + 1, "the line does not end with a newline: the file may be cut off")
    if len(lines) > MOST_LINES:
        raise PolicyInvalid(MOST_LINES, "the file is too long")
    for number, line in enumerate(lines, 1):
        if any((byte < 0x20 and byte != 0x09) or byte == 0x7F for byte in line):
            raise PolicyInvalid(number, "the line holds a control character")
        words = [word.decode("utf-8", "surrogateescape") for word in line.replace(b"\t", b" ").split(b" ") if word]
        if words and not words[0].startswith("#"):
            yield number, words
