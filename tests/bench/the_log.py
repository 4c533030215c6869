"""What the access log costs by itself: eight writers at once, and a verification beside the hashing alone."""

import hashlib
import threading
import time
from collections.abc import Callable

from sqlalchemy import Column, LargeBinary, MetaData, String, Table, insert, select
from sqlalchemy.orm import Session

from portal.audit import checking, sequencer
from portal.audit.entry import Entry, Subject
from portal.audit.tables import ENTRY, SEQUENCE
from portal.db import begin_write, new_id, now_micros
from tests.bench import places
from tests.bench.places import Place

WRITERS, EACH, TURNS = 8, 150, 5
_PLAIN = Table(
    "bench_insert",
    MetaData(),
    Column("id", LargeBinary, primary_key=True),
    Column("leaf", LargeBinary),
    *(Column(name, String) for name in ("actor", "agency", "role", "operation", "purpose", "outcome", "reference")),
)
_TOLD = {"actor": "a" * 36, "agency": "police", "role": "practitioner", "operation": "consultation"}
_TOLD |= {"purpose": "risk", "outcome": "permitted", "reference": "K7QF-2M"}


def appending(place: Place) -> tuple[float, float]:
    """(entries, plain rows) a second by eight threads, each in a durable transaction of its own; the best of turns."""
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
    turns = [(rate(entry), rate(plain)) for _ in range(TURNS)]
    return max(turn[0] for turn in turns), max(turn[1] for turn in turns)


def verifying(place: Place, count: int) -> tuple[float, float, int]:
    """CPU seconds of verifying a log of about `count` entries, and of hashing them from the same cursor; how many."""
    signer = place.doors.signer(place.session)
    sequencer.drain(place.session, signer, now_micros)
    there = place.session.connection().execute(select(SEQUENCE.c.index).order_by(SEQUENCE.c.index.desc())).scalar()
    places.add_entries(place, max(0, count - (there or 0) - 1))
    sequencer.drain(place.session, signer, now_micros)
    started = time.process_time()
    report = checking.check(place.session, signer.verifier)
    verified = time.process_time() - started
    assert report.whole, report.sentence
    leaves = select(ENTRY.c.leaf).join(SEQUENCE, SEQUENCE.c.entry_id == ENTRY.c.entry_id).order_by(SEQUENCE.c.index)
    started = time.process_time()
    for leaf in place.session.connection().execution_options(stream_results=True).execute(leaves).scalars():
        hashlib.sha256(b"\0" + leaf).digest()
    hashed = time.process_time() - started
    place.session.rollback()
    return verified, hashed, report.entries
