"""The only writer of the access log. Every change in the portal happens inside `AccessLog.transaction`.

The entry commits with the change it tells of, before anything is shown. Any failure of the database is
`LogUnavailable`: nothing may be shown then.
"""

import hmac
import os
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from portal.audit import outcomes, signing
from portal.audit.details import Keys, Vault
from portal.audit.entry import (
    Entry,
    Outcome,
    Place,
    Subject,
    detail_digest,
    details_digest,
    make_leaf,
    reference_of,
    sealed_digest,
)
from portal.audit.note import Signer
from portal.audit.stopping import Stop
from portal.audit.storing import store
from portal.audit.tree import leaf_hash
from portal.db import SECOND, begin_write, from_micros, new_id, now_micros
from portal.errors import LogUnavailable
from portal.keys import secrets
from portal.keys.provider import KeyProvider

SOFTWARE = version("iom-portal")
MOST_OUTCOMES = 20_000  # how many digests of stored outcomes are remembered before all are let go


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the log answers: the entry's id, the reference for the person ("K7QF-2M"), and its time (UTC)."""

    entry_id: uuid.UUID
    reference: str
    at: datetime


class _Writer:
    """One chain of entries. Used by one thread at a time; moved on only after a commit, at `used` (monotonic)."""

    __slots__ = ("id", "n", "prev", "used")

    def __init__(self) -> None:
        self.id = uuid.uuid4()
        self.n = 0
        self.prev: bytes | None = None
        self.used = time.monotonic()


class AccessLog:
    """Appends entries. Build one for each process; it is safe between threads and after a fork.

    `provider` keeps the log's own secrets; `clock` answers microseconds UTC; `woken` is called after each commit that
    appended (the sequencer's `wake`). While `stop` stops the log nothing is appended.
    """

    def __init__(
        self,
        provider: KeyProvider,
        clock: Callable[[], int] = now_micros,
        woken: Callable[[], None] | None = None,
        software: str = SOFTWARE,
        stop: Stop | None = None,
    ) -> None:
        self.stop = stop
        self.clock = clock
        self.woken = woken
        self.software = software
        self._provider = provider
        self._secrets: tuple[Vault, bytes] | None = None
        self._writers: deque[_Writer] = deque()
        self._process = os.getpid()
        self._outcomes: set[str] = set()
        self.signers = signing.Signers(provider)
        self._lock = threading.Lock()

    @contextmanager
    def transaction(self, session: Session) -> Iterator["Transaction"]:
        """Run the block in one write transaction that commits at its end, entries and changes together.

        What the session read before is let go. The block's own exceptions pass through and roll everything back; a
        failure of the database, at any point, raises `LogUnavailable`. After a commit whose fate is unknown the entry
        may stand although `LogUnavailable` was raised: the log may say more than was shown, never less.
        """
        self._open(session)
        with self._written(session, self._take()) as tx:
            yield tx

    @contextmanager
    def _written(self, session: Session, writer: _Writer, last: bool = False) -> Iterator["Transaction"]:
        """`transaction`, by this writer. It is given back, unless this was its last or the commit's fate is unknown."""
        vault, committing = self._open(session)[0], False
        try:
            with begin_write(session):
                tx = Transaction(self, session, vault, writer)
                yield tx
                session.flush()
                committing = True
        except (SQLAlchemyError, OSError) as error:
            if not committing:  # rolled back for certain, so the chain still ends where it did
                self._writers.append(writer)
            raise LogUnavailable("the access log could not be written") from error
        except BaseException:
            if not committing:
                self._writers.append(writer)
            raise
        writer.n, writer.prev, writer.used = tx.n, tx.prev, time.monotonic()
        if not last:
            self._writers.append(writer)
        vault.keep(tx.fresh_keys)
        self._remember(tx.fresh_outcomes)
        if self.woken is not None and tx.appended:
            self.woken()

    def vault(self, session: Session) -> Vault:
        """What seals and opens the log's details; makes the log's secrets at first asking. For reading the log."""
        return self._open(session)[0]

    def nobody(self, session: Session) -> uuid.UUID:
        """A stand-in person, for an entry about a record that does not exist (see `Vault.nobody`)."""
        return self.vault(session).nobody()

    def source_of(self, session: Session, address: str) -> bytes:
        """The keyed digest (16 bytes) of a network address, for `Entry.source`."""
        return hmac.digest(self._open(session)[1], address.encode(), "sha256")[:16]

    def signer(self, session: Session, origin: str, number: int = 1) -> Signer:
        """What signs under the name `origin`, which is the log's origin of that number; the first key is made at
        first asking, later ones by `make_signer`. While a key is being replaced it signs with the old one too.
        """
        self._open(session)
        return self.signers.of(session, origin, number)

    def make_signer(self, session: Session, number: int) -> None:
        """Make the signing key of the log's origin of that number, unless it is there. Commits."""
        try:
            with begin_write(session):
                secrets.named(session, self._provider, signing.name_of(number))
        except (SQLAlchemyError, OSError) as error:
            raise LogUnavailable("the log's signing key could not be made") from error

    def lifted(self) -> "AccessLog":
        """A log that appends although this one is stopped: for the entry that says how it goes on."""
        return AccessLog(self._provider, self.clock, software=self.software)

    def close(self, session: Session) -> None:
        """Append the closing entry of every writer of this process: call when it ends in good order."""
        self.retire(session, 0.0)

    def retire(self, session: Session, idle: float) -> int:
        """Append the closing entry of every writer that wrote nothing for `idle` seconds; answers how many.

        It remembers the entry before it: where that one was cut off before it got its place, there is a hole now.
        """
        self._forget_after_fork()
        closed = 0
        for _ in range(0 if self.stop else len(self._writers)):
            try:
                writer = self._writers.popleft()
            except IndexError:  # another thread has the last one
                break
            if time.monotonic() - writer.used < idle:
                self._writers.append(writer)
            elif writer.n:
                with self._written(session, writer, last=True) as tx:
                    tx.append(Entry("log-closed"))
                closed += 1
        return closed

    def _open(self, session: Session) -> tuple[Vault, bytes]:
        if self._secrets is None:
            with self._lock:
                if self._secrets is None:  # kept only once they are committed: a lost secret would lose the tags
                    try:
                        with begin_write(session):
                            vault = Vault.load(session, self._provider)
                            source = secrets.named(session, self._provider, "source-address")
                            secrets.named(session, self._provider, "log-signer")
                    except (SQLAlchemyError, OSError) as error:
                        raise LogUnavailable("the access log could not be opened") from error
                    self._secrets = vault, source
        return self._secrets

    def _take(self) -> _Writer:
        self._forget_after_fork()
        try:
            return self._writers.pop()
        except IndexError:
            return _Writer()

    def _forget_after_fork(self) -> None:
        if os.getpid() != self._process:  # the parent goes on with these chains
            self._writers, self._process = deque(), os.getpid()

    def _remember(self, digests: set[str]) -> None:
        if digests:
            if len(self._outcomes) > MOST_OUTCOMES:
                self._outcomes = set()
            self._outcomes.update(digests)


class Transaction:
    """An open write transaction of the log: what is changed through `session` commits with what is appended."""

    def __init__(self, log: AccessLog, session: Session, vault: Vault, writer: _Writer) -> None:
        self._log = log
        self.session = session
        self._connection: Connection = session.connection()
        self._vault = vault
        self._writer = writer.id
        self.n = writer.n
        self.prev = writer.prev
        self.appended = 0
        self.fresh_keys: Keys = {}
        self.fresh_outcomes: set[str] = set()

    def append(self, entry: Entry) -> Receipt:
        """Append one entry; it is durable when the transaction has committed, not before.

        Raises `LeafInvalid` for a word outside the vocabulary, and `LogStopped` while the log is stopped; failures of
        the database surface as `LogUnavailable`.
        """
        if self._log.stop is not None:
            self._log.stop.check()
        entry_id, at = new_id(), self._log.clock()
        decision = None if entry.decided is None else self._outcome(entry.decided)
        rows = self._details(entry_id, at, entry.subjects) if entry.subjects else []
        details = details_digest([row[2] for row in rows])
        leaf = make_leaf(
            entry,
            Place(entry_id, at, self._writer, self.n, self.prev, os.urandom(16)),
            decision=decision,
            details=details,
            sealed=sealed_digest(entry.sealed_sha256),
            software=self._log.software,
        )
        reference, digest, writer = reference_of(entry_id), leaf_hash(leaf), self._writer.bytes
        place = (_bytes(decision), _bytes(details), writer, self.n, reference)
        row = (entry_id.bytes, leaf, at, *_told(entry), *place)
        store(self._connection, row, (writer, self.n, entry_id.bytes, at, digest), rows)
        self.n, self.prev, self.appended = self.n + 1, digest, self.appended + 1
        return Receipt(entry_id, reference, from_micros(at))

    def _details(self, entry_id: uuid.UUID, at: int, subjects: Sequence[Subject]) -> list[tuple[Any, ...]]:
        tags = [self._vault.tag(subject.person) for subject in subjects]
        year = datetime.fromtimestamp(at // SECOND, UTC).year
        keys = self._vault.keys(self._connection, tags, year, self.fresh_keys)
        rows = []
        for position, (subject, tag) in enumerate(zip(subjects, tags, strict=True)):
            decision = None if subject.decided is None else self._outcome(subject.decided)
            sealed, silent = self._vault.seal(keys[tag, year], entry_id, position, subject, decision)
            rows.append((entry_id.bytes, position, detail_digest(sealed, silent), tag, sealed, silent, None))
        return rows

    def _outcome(self, outcome: Outcome) -> str:
        """The outcome's digest; its content is stored the first time it is met."""
        digest = outcome.digest()
        if digest not in self._log._outcomes and digest not in self.fresh_outcomes:
            outcomes.store(self._connection, *outcome.content())
            self.fresh_outcomes.add(digest)
        return digest


def _told(entry: Entry) -> tuple[Any, ...]:
    """What stands of an entry itself in columns to search by, in the order of the table."""
    return (
        None if entry.actor is None else entry.actor.bytes,
        entry.agency,
        entry.role,
        entry.session,
        entry.operation,
        entry.purpose,
        entry.outcome,
        entry.agreement,
    )


def _bytes(digest: str | None) -> bytes | None:
    return None if digest is None else bytes.fromhex(digest)
