"""Collects cosignatures: after each checkpoint, at start, and every minute, the witnesses of the policy are asked.

Off the request's path, in a thread of its own, so that a slow witness delays neither people nor checkpoints. Whoever of
them holds more of the log than the database, or another history, stops the log.
"""

import fcntl
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, func, insert, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from portal.audit.asking import PATIENCE, Asker, Reply, request_of
from portal.audit.note import NoteInvalid, Signer, Verifier, cosignatures, open_checkpoint, with_lines
from portal.audit.policy import Policy, Witness
from portal.audit.rounds import Rounds
from portal.audit.sequencer import LOOK, head, node_at
from portal.audit.stopping import BEHIND, FORKED, Stop
from portal.audit.tables import CHECKPOINT, COSIGNATURE
from portal.audit.tree import LARGEST_SIZE, prove_consistency
from portal.db import SECOND, begin_write, now_micros
from portal.errors import PortalError

SWEEP = 60.0
SKEW = 120
"""Seconds by which a witness's clock may differ from ours: what it says of a time is worth nothing otherwise."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Newest:
    """The newest checkpoint, and how much of the log each witness is thought to have cosigned."""

    size: int
    note: str
    key: Verifier
    known: Mapping[str, int]


class Collector(Rounds):
    """Asks the witnesses of a policy in the name of one installation, whose locks are in `folder`.

    `signer` is the log's, under its present origin. Failures are logged without data, and tried again.
    """

    def __init__(
        self,
        engine: Engine,
        policy: Policy,
        signer: Callable[[Session], Signer],
        stop: Stop,
        folder: Path,
        clock: Callable[[], int] = now_micros,
        patience: float = PATIENCE,
    ) -> None:
        super().__init__("log-witnesses", self._round, 0.0, SWEEP, last=False)
        self._engine = engine
        self._policy = policy
        self._signer = signer
        self._stop = stop
        self._folder = folder
        self._clock = clock
        self._asker = Asker(patience)

    def check(self) -> None:
        """Ask every witness now, though it may have cosigned the newest checkpoint: before anything else is done.

        What they hold against the database stops the log, which is not raised here. A witness that is away is passed.
        """
        self._attempt(wait=True)

    def _round(self) -> None:
        self._attempt(wait=False)

    def _attempt(self, wait: bool) -> None:
        try:
            with self._alone(wait) as first:
                if first:
                    self._collect(everyone=wait or not self._missing())
        except (PortalError, SQLAlchemyError, OSError) as error:
            log.warning("the witnesses could not be asked, tried again: %s", type(error).__name__)
        except Exception as error:  # such as a tree that is damaged: verification says where
            log.error("the witnesses could not be asked, tried again: %s", type(error).__name__)

    def _collect(self, everyone: bool) -> None:
        if self._stop:
            return
        with Session(self._engine) as session:
            newest = self._newest(session)
        if newest is None:
            return
        olds = {n: min(size, newest.size) for n, size in newest.known.items() if everyone or size < newest.size}
        for _ in range(2):  # the second time with the size that the witness named
            olds = self._heard(newest, olds, self._asker.ask(self._questions(newest, olds)))
            if not olds:
                return

    def _missing(self) -> bool:
        with Session(self._engine) as session:
            newest = self._newest(session)
        return newest is not None and any(size < newest.size for size in newest.known.values())

    def _newest(self, session: Session) -> _Newest | None:
        signer = self._signer(session)
        connection = session.connection()
        there = select(CHECKPOINT).where(CHECKPOINT.c.size <= head(session).size)  # a row that says more is false
        for row in connection.execute(there.order_by(CHECKPOINT.c.size.desc()).limit(LOOK)):
            try:
                open_checkpoint(row.note, *signer.verifiers)
            except NoteInvalid:  # of a former origin, whose next checkpoint is of this one; or put there to silence us
                continue
            return _Newest(
                row.size, row.note, signer.verifier, {w.name: _known(connection, w) for w in self._witnesses()}
            )
        return None

    def _witnesses(self) -> list[Witness]:
        return [witness for witness in self._policy.witnesses.values() if witness.url]

    def _questions(self, newest: _Newest, olds: Mapping[str, int]) -> dict[str, tuple[str, bytes]]:
        with Session(self._engine) as session:  # closed again before the network is waited for
            node = node_at(session.connection())
            proofs = {old: prove_consistency(node, old, newest.size) for old in set(olds.values())}
        urls = {witness.name: witness.url or "" for witness in self._witnesses()}
        return {name: (urls[name], request_of(old, proofs[old], newest.note)) for name, old in olds.items()}

    def _heard(self, newest: _Newest, olds: Mapping[str, int], replies: Mapping[str, Reply]) -> dict[str, int]:
        """Take in what was answered; which witnesses to ask again, from which size."""
        again = {}
        for name, reply in replies.items():
            witness, theirs = self._policy.witnesses[name], _size(reply)
            if reply.status == 200:
                self._keep(newest, witness, reply.body)
            elif reply.status == 422 or (theirs is not None and theirs == olds[name] == newest.size):
                self._halt(FORKED, witness, theirs or 0, newest)
            elif theirs is not None and theirs > newest.size:
                if theirs > self._size_now():  # else another process of ours went ahead
                    self._halt(BEHIND, witness, theirs, newest)
            elif theirs is not None and theirs != olds[name]:
                again[name] = theirs
            else:
                _warn(witness, _trouble(reply))
        return again

    def _keep(self, newest: _Newest, witness: Witness, body: str) -> None:
        """Store a cosignature that holds, unless this checkpoint has one of that witness."""
        try:
            longer = with_lines(newest.note, body.removesuffix("\n").split("\n"))
            found = cosignatures(longer, [witness.key])
        except NoteInvalid:
            found = []
        if not found:
            return _warn(witness, "its answer is no cosignature of its own")
        if abs(found[0].at - self._clock() // SECOND) > SKEW:
            return _warn(witness, "its clock and ours differ by more than two minutes")
        row = {"size": newest.size, "witness": witness.key.name, "key_id": witness.key.key_id}
        with Session(self._engine) as session, begin_write(session):
            there = select(COSIGNATURE.c.size).where(*(COSIGNATURE.c[name] == value for name, value in row.items()))
            if session.connection().execute(there).first() is None:
                values = row | {"at": found[0].at, "line": found[0].line}
                session.connection().execute(insert(COSIGNATURE), values)

    def _size_now(self) -> int:
        with Session(self._engine) as session:
            return head(session).size

    def _halt(self, kind: str, witness: Witness, theirs: int, newest: _Newest) -> None:
        if self._stop:
            return  # another witness said so first
        self._stop.set(kind, witness.label, theirs, newest.size, newest.key.name, newest.note)
        log.critical("the access log was stopped: %s", self._stop.sentence())

    @contextmanager
    def _alone(self, wait: bool) -> Iterator[bool]:
        """One process of an installation asks at a time: whether it is this one."""
        handle = os.open(self._folder / "log-witnesses.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                yield False
            else:
                yield True
        finally:
            os.close(handle)


def _known(connection: Connection, witness: Witness) -> int:
    theirs = (COSIGNATURE.c.witness == witness.key.name) & (COSIGNATURE.c.key_id == witness.key.key_id)
    return connection.execute(select(func.max(COSIGNATURE.c.size)).where(theirs)).scalar() or 0


def _size(reply: Reply) -> int | None:
    """The size in a 409, which is all that it may say."""
    digits = reply.body.removesuffix("\n")
    if reply.status != 409 or not (digits.isascii() and digits.isdigit()) or len(digits) > 19:
        return None
    size = int(digits)
    return size if str(size) == digits and size <= LARGEST_SIZE else None


def _trouble(reply: Reply) -> str:
    return {
        0: "it does not answer",
        403: "it does not know the log's key",
        404: "it does not know this log",
    }.get(reply.status, f"it answered {reply.status}")


def _warn(witness: Witness, what: str) -> None:
    log.warning("the witness %s did not cosign: %s", witness.label, what)
