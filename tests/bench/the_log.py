"""What the access log costs by itself: eight writers at once, and a verification beside the hashing alone.

Other work on a machine only ever adds. So what is compared is done in turn, and each turn has a ratio of its own.
"""

import hashlib
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Column, LargeBinary, MetaData, String, Table, bindparam, func, insert, select
from sqlalchemy.orm import Session

from portal.audit import checking, columns, sequencer
from portal.audit.entry import Entry, Subject
from portal.audit.tables import ENTRY, SEQUENCE
from portal.db import begin_write, new_id, now_micros
from portal.query import Query
from tests.bench import places
from tests.bench.places import Place

WRITERS, EACH, TURNS = 8, 100, 9
_PLAIN = Table(
    "bench_insert",
    MetaData(),
    Column("id", LargeBinary, primary_key=True),
    Column("leaf", LargeBinary),
    *(Column(name, String) for name in ("actor", "agency", "role", "operation", "purpose", "outcome", "reference")),
)
_LEAVES = Query(
    select(ENTRY.c.leaf)
    .join_from(SEQUENCE, ENTRY, ENTRY.c.entry_id == SEQUENCE.c.entry_id)
    .where((SEQUENCE.c.index >= bindparam("start")) & (SEQUENCE.c.index < bindparam("end")))
    .order_by(SEQUENCE.c.index),
    raw=True,
)
_TOLD = {"actor": "a" * 36, "agency": "police", "role": "practitioner", "operation": "consultation"}
_TOLD |= {"purpose": "risk", "outcome": "permitted", "reference": "K7QF-2M"}


@dataclass(frozen=True)
class Turns:
    """Two things done in turn: what each took or made, turn by turn."""

    ours: list[float]
    plain: list[float]

    @property
    def ratios(self) -> list[float]:
        """Ours beside the plain one, turn by turn, the least first."""
        return sorted(one / other for one, other in zip(self.ours, self.plain, strict=True))

    @property
    def ratio(self) -> float:
        """The median of the ratios."""
        return statistics.median(self.ratios)

    def __str__(self) -> str:
        return f"{self.ratio:.2f} (turns from {self.ratios[0]:.2f} to {self.ratios[-1]:.2f})"


def appending(place: Place) -> Turns:
    """Entries and plain rows a second by eight threads, each in a durable transaction of its own."""
    engine = place.session.get_bind().engine
    _PLAIN.create(engine, checkfirst=True)
    people = [new_id() for _ in range(200)]

    def entry(session: Session, number: int) -> None:
        with place.doors.log.transaction(session) as tx:
            tx.append(Entry("consultation", purpose="risk", subjects=[Subject(people[number % 200], {"case": "c"})]))

    def plain(session: Session, _: int) -> None:
        with begin_write(session):
            session.connection().execute(insert(_PLAIN), {"id": new_id().bytes, "leaf": bytes(620), **_TOLD})

    def rate(work: Callable[[Session, int], None]) -> float:
        def many() -> None:
            with Session(engine) as session:
                for number in range(EACH):
                    work(session, number)

        threads = [threading.Thread(target=many) for _ in range(WRITERS)]
        start = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return WRITERS * EACH / (time.perf_counter() - start)

    place.session.rollback()
    rate(entry), rate(plain)  # connections, keys and statements are warm then
    turns = [(rate(entry), rate(plain)) if turn % 2 else (rate(plain), rate(entry))[::-1] for turn in range(TURNS)]
    return Turns([turn[0] for turn in turns], [turn[1] for turn in turns])


def verifying(place: Place, count: int, turns: int = 5) -> tuple[Turns, Turns, int]:
    """CPU microseconds an entry of verifying a log of about `count` entries beside hashing their leaves: from the same
    two cursors, and from one that reads nothing but the leaf. And how many entries there are.
    """
    signer, session = place.doors.signer(place.session), place.session
    sequencer.drain(session, signer, now_micros)
    there = session.connection().execute(select(func.count()).select_from(SEQUENCE)).scalar_one()
    places.add_entries(place, max(0, count - there))
    size = session.connection().execute(select(func.count()).select_from(SEQUENCE)).scalar_one()

    def verify() -> None:
        report = checking.check(session, signer.verifier)
        assert report.whole, report.sentence

    works = (verify, lambda: hash_the_same(session, size), lambda: hash_alone(session, size))
    taken: tuple[list[float], ...] = ([], [], [])
    for _ in range(turns):
        for work, found in zip(works, taken, strict=True):
            started = time.process_time()
            work()
            found.append((time.process_time() - started) / size * 1e6)
    return Turns(taken[0], taken[1]), Turns(taken[0], taken[2]), size


def hash_the_same(session: Session, size: int) -> None:
    """Read what a verification reads of every entry, columns and sealed details, and hash the leaf."""
    connection = session.connection()
    for start in range(0, size, checking.BATCH):
        columns.DETAILS.all(connection, start=start, end=start + checking.BATCH)
        for raw in columns.PLACES.all(connection, start=start, end=start + checking.BATCH):
            hashlib.sha256(b"\0" + raw[3]).digest()
    session.rollback()


def hash_alone(session: Session, size: int) -> None:
    """Read the leaves and nothing else, and hash them."""
    connection = session.connection()
    for start in range(0, size, checking.BATCH):
        for raw in _LEAVES.all(connection, start=start, end=start + checking.BATCH):
            hashlib.sha256(b"\0" + raw[0]).digest()
    session.rollback()
