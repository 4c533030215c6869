"""A witness: cosigns a log's checkpoint only if it extends the last one it cosigned (C2SP tlog-witness).

An agency runs it on a machine of its own, with its own key and state; it sees checkpoints, never entries. Needs
neither the portal's database nor its web. What it decides is on disk before it is answered.
"""

import base64
import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from portal.audit.durable import write_durably
from portal.audit.note import Checkpoint, Cosigner, NoteInvalid, Verifier, open_note, split_note
from portal.audit.policy import KnownLog, PolicyInvalid, parse_logs
from portal.audit.tree import EMPTY_ROOT, HASH_SIZE, ProofInvalid, verify_consistency

MOST_HASHES = 63
LONGEST_REQUEST = 256 * 1024
MOST_EVIDENCE = 1_000
KEY, LOGS, STATE, EVIDENCE = "key", "logs.txt", "state", "evidence"
PROVEN, DOUBTED = "two-at-one-size-", "without-its-proof-"
_SIZE = "text/x.tlog.size"
_NOTHING = b"nothing was cosigned yet\n"  # a state that is empty or gone is another matter
_HEADING = (
    "# The logs whose checkpoints this witness cosigns, one a line: log <verifier key>\n"
    "# The portal shows its key on the page /log/about; compare it with the DPO's by another way than the network.\n"
)


class WitnessBroken(Exception):
    """The witness cannot work: its key, list of logs or state is missing or malformed. Says which, never a secret."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered to a request: HTTP status, body and media type. `said` is one line for the operator's log."""

    status: int
    body: str
    said: str
    media: str = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request as sent: the size it builds on, the proof, and the checkpoint, whose signature is not yet checked."""

    old: int
    proof: list[bytes]
    note: str
    body: str
    checkpoint: Checkpoint

    @classmethod
    def parse(cls, request: bytes) -> Self:
        """Raises `NoteInvalid` for whatever is malformed."""
        head, blank, note = request.partition(b"\n\n")
        if not blank:
            raise NoteInvalid("the request has no checkpoint")
        lines = head.decode("ascii", "replace").split("\n")
        proof = [_hash(line) for line in lines[1:]]
        if len(proof) > MOST_HASHES:
            raise NoteInvalid("the proof is too long")
        word, _, digits = lines[0].partition(" ")
        if word != "old" or not digits.isdigit() or len(digits) > 19 or str(int(digits)) != digits:
            raise NoteInvalid("the first line reads old and a size")
        body = split_note(note)[0]
        return cls(int(digits), proof, note.decode(), body, _checkpoint(body))


class Witness:
    """A witness in a folder of its own. Safe between threads, and between processes on one folder."""

    def __init__(self, home: Path, clock: Callable[[], float] = time.time) -> None:
        self._home = home
        self._clock = clock
        self._cosigner = _read_key(home / KEY)
        if not (home / STATE).is_dir():
            raise WitnessBroken(f"the folder {STATE} is gone: a witness that forgot what it signed must be made anew")
        for each in self.logs():
            self._latest(each.key.name)

    @property
    def key(self) -> str:
        """The verifier key to put into policies."""
        return str(self._cosigner.key)

    def logs(self) -> tuple[KnownLog, ...]:
        """The logs it knows, as the file says now. Raises `WitnessBroken`."""
        try:
            return parse_logs((self._home / LOGS).read_bytes())
        except OSError as error:
            raise WitnessBroken(f"cannot read {LOGS}") from error
        except PolicyInvalid as error:
            raise WitnessBroken(f"{LOGS}, {error}") from error

    def add_checkpoint(self, request: bytes) -> Answer:
        """Answer one `add-checkpoint` request, with the status codes of tlog-witness.

        The new state is durable when this returns. Raises `WitnessBroken` and `OSError`: then nothing was cosigned.
        """
        try:
            asked = _Asked.parse(request)
        except NoteInvalid as error:
            return _refusal(400, str(error), "")
        origin = asked.checkpoint.origin
        keys = [log.key for log in self.logs() if log.key.name == origin]
        if not keys:
            return _refusal(404, "this log is not known here", origin)
        try:
            open_note(asked.note, keys)
        except NoteInvalid as error:
            return _refusal(403, str(error), origin)
        if asked.old > asked.checkpoint.size:
            return _refusal(400, "the old size is larger than the checkpoint's", origin)
        with self._locked():
            return self._decide(asked)

    def _decide(self, asked: _Asked) -> Answer:
        new, latest = asked.checkpoint, self._latest(asked.checkpoint.origin)
        if asked.old != latest.size:
            said = f"409 {new.origin}: built on {asked.old}, cosigned is {latest.size}"
            return Answer(409, f"{latest.size}\n", said, _SIZE)
        try:
            verify_consistency(latest.size, new.size, latest.root, new.root, asked.proof)
        except ProofInvalid as error:
            self._keep_evidence(asked, latest)
            return _refusal(422, str(error), new.origin)
        self._persist(asked)
        cosigned = self._cosigner.cosign(asked.body, int(self._clock()))
        return Answer(200, cosigned.line + "\n", f"200 {new.origin}: {latest.size} to {new.size}")

    def _latest(self, origin: str) -> Checkpoint:
        """The last checkpoint cosigned for this log; the empty tree where its state says that there was none.

        Without a state it is not known what was signed, and whoever removed it would have a fork cosigned.
        """
        try:
            note = _place(self._home, origin).read_bytes()
        except FileNotFoundError as error:
            raise WitnessBroken(
                f"there is no state for the log {origin}: it was removed, or the log was not added with"
                " `portal witness add-log`"
            ) from error
        if note == _NOTHING:
            return Checkpoint(origin, 0, EMPTY_ROOT)
        try:
            latest = _checkpoint(split_note(note)[0])
        except NoteInvalid as error:
            raise WitnessBroken("the stored state is damaged") from error
        if latest.origin != origin:
            raise WitnessBroken("the stored state is of another log")
        return latest

    def _persist(self, asked: _Asked) -> None:
        write_durably(_place(self._home, asked.checkpoint.origin), asked.note.encode())

    def _keep_evidence(self, asked: _Asked, latest: Checkpoint) -> None:
        """Two checkpoints of one log that do not fit, both signed by it, prove that it was tampered with.

        At one size both are kept, and for good. A larger one without its proof may be an honest one that a stranger
        sent: of those the latest are kept, so that they crowd out nothing. Named by what was signed: lines that
        anybody can add under a checkpoint make no new one.
        """
        if asked.checkpoint == latest:
            return  # the very one that was cosigned
        folder = self._home / EVIDENCE
        folder.mkdir(mode=0o700, exist_ok=True)
        kind = PROVEN if asked.checkpoint.size == latest.size else DOUBTED
        found = sorted(folder.glob(f"{kind}*.txt"), key=lambda path: path.stat().st_mtime_ns)
        place = folder / f"{kind}{hashlib.sha256(asked.body.encode()).hexdigest()}.txt"
        if place in found or (kind == PROVEN and len(found) >= MOST_EVIDENCE):
            return
        if len(found) >= MOST_EVIDENCE:
            found[0].unlink()
        held = _place(self._home, latest.origin)
        both = held.read_text("utf-8") + "\n" if kind == PROVEN and held.exists() else ""
        write_durably(place, f"{both}{asked.note}".encode())

    @contextmanager
    def _locked(self) -> Iterator[None]:
        handle = os.open(self._home / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def create(home: Path, name: str) -> str:
    """Make a witness in a folder; answers its verifier key. An existing one is left as it is, whatever its name.

    Raises `NoteInvalid` for a name that no key can have, and `WitnessBroken` for a folder that cannot be made.
    """
    Cosigner(name, bytes(32))  # refuses a bad name before anything is written
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (home / KEY).exists():  # else a state that is gone stays gone: what was signed is not known any more
            (home / STATE).mkdir(mode=0o700, exist_ok=True)
            seed = base64.b64encode(os.urandom(32)).decode()
            write_durably(home / KEY, f"{name}\n{seed}\n".encode())
        if not (home / LOGS).exists():
            write_durably(home / LOGS, _HEADING.encode())
    except OSError as error:
        raise WitnessBroken(f"the folder cannot be made or written ({error.strerror})") from error
    return Witness(home).key


def add_log(home: Path, key: Verifier, never_signed: bool = False) -> bool:
    """Cosign a log's checkpoints from now on, from its beginning or from where this witness was. Whether it is new.

    A second key of a log that is known (it is being replaced) stands beside the first. A log that is in the list
    without its state is refused: what was signed for it is not known any more. `never_signed` says that nothing was.
    Raises `WitnessBroken`.
    """
    path, place = home / LOGS, _place(home, key.name)
    try:
        content = path.read_bytes()
        known = [log.key for log in parse_logs(content)]
        longer = content if key in known else content + f"log {key}\n".encode()
        parse_logs(longer)  # nothing is written that could not be read again
        if not place.exists():
            if key.name in [each.name for each in known] and not never_signed:
                raise WitnessBroken(
                    f"{LOGS} names this log and its state is gone: what this witness signed for it is not known any"
                    " more. If it never signed anything, say so with --never-signed; else make a new witness"
                )
            write_durably(place, _NOTHING)
        if key not in known:
            write_durably(path, longer)
    except OSError as error:
        raise WitnessBroken(f"the folder cannot be read or written ({error.strerror})") from error
    except PolicyInvalid as error:
        raise WitnessBroken(f"{LOGS}, {error}") from error
    return key not in known


def _place(home: Path, origin: str) -> Path:
    return home / STATE / f"{hashlib.sha256(origin.encode()).hexdigest()}.txt"


def _read_key(path: Path) -> Cosigner:
    try:
        if path.stat().st_mode & 0o077:
            raise WitnessBroken("the key can be read by others; set its mode to 0600")
        name, seed = path.read_text("utf-8").splitlines()
        return Cosigner(name, base64.b64decode(seed, validate=True))
    except OSError as error:
        raise WitnessBroken("there is no key here; make one with `portal witness init`") from error
    except ValueError as error:
        raise WitnessBroken("the key file is malformed") from error


def _checkpoint(body: str) -> Checkpoint:
    """The three lines that count; extension lines of other logs are cosigned with them and mean nothing here."""
    lines = body.split("\n")
    if any(not line for line in lines[:-1]):
        raise NoteInvalid("a checkpoint has no empty lines")
    return Checkpoint.parse("\n".join(lines[:3]) + "\n")


def _hash(line: str) -> bytes:
    try:
        value = base64.b64decode(line, validate=True)
    except ValueError as error:
        raise NoteInvalid("a line of the proof is no base64") from error
    if len(value) != HASH_SIZE or base64.b64encode(value).decode() != line:
        raise NoteInvalid("a line of the proof is no hash")
    return value


def _refusal(status: int, why: str, origin: str) -> Answer:
    return Answer(status, f"{why}\n", f"{status} {origin or 'malformed request'}: {why}")
