"""Erase details of the log whose period is over: first an entry says so, then their keys go, and what these sealed.

Three steps, each of which may be cut short and taken up again: `announce` appends the entry and marks the details in
one transaction; the sequencer fixes it under a signed checkpoint; `destroy` deletes keys and empties details, some
subjects at a time, and heeds holds to the last. Leaves, sequence, tree and checkpoints are never touched.
"""

import logging
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import Engine, and_, delete, func, literal, select, tuple_, update
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from portal.audit import erasures, holds
from portal.audit.entry import Entry, Outcome, Subject
from portal.audit.erasures import correlation, due, year_of
from portal.audit.holds import Covering
from portal.audit.log import AccessLog, Receipt, Transaction
from portal.audit.run import LogBroken
from portal.audit.tables import CHECKPOINT, DETAIL, ENTRY, PERSON_KEY, SEQUENCE
from portal.audit.tree import CompactRange, leaf_hash
from portal.db import Id
from portal.errors import LogUnavailable

FIELD: Final = "log.details"
"""What the outcome of an erasing entry names."""
SUBJECTS = 500
"""Keys that one transaction destroys, with everything they sealed."""


@dataclass(frozen=True, slots=True)
class Period:
    """How long an agreement in service keeps details, as its `clause` says; `reference` is its `id@version#digest`."""

    reference: str
    years: int
    clause: str


Kept = Mapping[str, Period | None]
"""Every agreement in service by id; None for one that does not say, under which nothing is ever erased."""


@dataclass(slots=True)
class Due:
    """Details of one year under one `period`, the longest that their entries name. `tags`: whose are due; of others
    `held` are kept by a hold, `early` ones not due yet. Without a period they are `unsaid`: no agreement says how long,
    or their entries have no place in the log."""

    year: int
    period: Period | None = None
    tags: set[bytes] = field(default_factory=set, repr=False)
    details: int = 0
    held: int = 0
    early: int = 0
    unsaid: int = 0


@dataclass(slots=True)
class Destroyed:
    """What a run destroyed, and how many keys wait: kept by a hold, or their entry is not under a checkpoint yet."""

    keys: int = 0
    details: int = 0
    waiting: int = 0


def survey(session: Session, kept: Kept, now: int) -> list[Due]:
    """What there is to erase, now or later, by year and agreement, the oldest first. Writes nothing."""
    connection = session.connection()
    covering = _covering(connection)
    return [each for year in _years(connection, now) for each in _of_year(connection, year, kept, now, covering)]


def announce(session: Session, log: AccessLog, kept: Kept, year: int) -> tuple[Receipt, ...]:
    """Say in the log which details of a year are erased, and mark them. Empty where nothing is due. Commits.

    One entry for all of them under an agreement, so that its officers read it: were there more, each would tell which
    details have a subject in common. Raises `LogUnavailable`.
    """
    with log.transaction(session) as tx:
        connection = tx.session.connection()
        holds.lock(connection)
        found = _of_year(connection, year, kept, log.clock(), _covering(connection))
        nobody = log.nobody(session)
        return tuple(_announce(tx, each, nobody) for each in found if each.tags)


def destroy(session: Session, log: AccessLog) -> Destroyed:
    """Destroy what is announced, is under a signed checkpoint, and is kept by no hold. Commits, some keys at a time.

    Raises `LogUnavailable`, also while the log is stopped.
    """
    done, last = Destroyed(), (uuid.UUID(int=0), b"")
    while True:
        if log.stop is not None:
            log.stop.check()
        with log.transaction(session) as tx:
            connection = tx.session.connection()
            holds.lock(connection)
            marked = _marked(connection, last)
            if not marked:
                return done
            _destroy(connection, marked, done)
        last = marked[-1]


def scrub(engine: Engine) -> bool:
    """Have the database let go of the bytes it no longer needs. False where it could not: then its owner should.

    SQLite overwrites what it deletes (`secure_delete`) and is made to empty its write-ahead log. PostgreSQL is told to
    VACUUM the two tables. Neither reaches backups, nor archived write-ahead logs.
    """
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            if engine.dialect.name == "postgresql":
                connection.exec_driver_sql(f"VACUUM {DETAIL.name}, {PERSON_KEY.name}")
                return True
            busy, _, _ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
            return not busy
    except SQLAlchemyError as error:
        logging.getLogger(__name__).warning("the database was not scrubbed: %s", type(error).__name__)
        return False


def _announce(tx: Transaction, found: Due, nobody: uuid.UUID) -> Receipt:
    connection, edge = tx.session.connection(), CompactRange()
    for row in _in_order(connection, found.year):
        if row.subject_tag in found.tags:
            edge.append(leaf_hash(erasures.record(row.entry_id, row.position, row.digest)))
    receipt = tx.append(_entry(found, edge, nobody))
    if _mark(connection, found, receipt.entry_id) != edge.size:
        raise LogUnavailable("details of the log changed while they were announced as erased")
    return receipt


def _covering(connection: Connection) -> Covering:
    try:
        return Covering(connection)
    except LogBroken as error:
        what = "it is not sure any more whose details are kept longer: verify the log before erasing any"
        raise LogUnavailable(what) from error


def _years(connection: Connection, now: int) -> list[int]:
    query = select(PERSON_KEY.c.year).where(PERSON_KEY.c.year < year_of(now)).distinct().order_by(PERSON_KEY.c.year)
    return list(connection.execute(query).scalars())


def _in_year(year: int) -> Any:
    return and_(ENTRY.c.at >= due(year - 1, 0), ENTRY.c.at < due(year, 0))


def _of_year(connection: Connection, year: int, kept: Kept, now: int, covering: Covering) -> list[Due]:
    """Whose details of a year are due: all their entries are in the log's order, and the longest period is over."""
    query = (
        select(DETAIL.c.subject_tag, ENTRY.c.agreement, func.count(), func.count(SEQUENCE.c.index))
        .join_from(DETAIL, ENTRY, ENTRY.c.entry_id == DETAIL.c.entry_id)
        .outerjoin(SEQUENCE, SEQUENCE.c.entry_id == ENTRY.c.entry_id)
        .where(_in_year(year), DETAIL.c.subject_tag.is_not(None), DETAIL.c.erasure.is_(None))
        .group_by(DETAIL.c.subject_tag, ENTRY.c.agreement)
        .order_by(DETAIL.c.subject_tag)
    )
    found: dict[Period | None, Due] = {}
    for tag, rows in groupby(connection.execute(query), lambda row: bytes(row[0])):
        told = [(_id(agreement), count, ordered) for _, agreement, count, ordered in rows]
        agreements = {agreement for agreement, _, _ in told}
        period = _longest(kept, agreements)
        if any(count != ordered for _, count, ordered in told):
            period = None
        mine = found.setdefault(period, Due(year, period))
        if period is None:
            mine.unsaid += 1
        elif due(year, period.years) > now:
            mine.early += 1
        elif covering.keeps(tag, year, agreements):
            mine.held += 1
        else:
            mine.tags.add(tag)
            mine.details += sum(count for _, count, _ in told)
    return sorted(found.values(), key=lambda each: each.period.reference if each.period else "")


def _id(agreement: str | None) -> str | None:
    return None if agreement is None else agreement.partition("@")[0]


def _longest(kept: Kept, agreements: set[str | None]) -> Period | None:
    """The longest period of the agreements named; of all in service where an entry names none. None: nobody says."""
    named = set(kept) if None in agreements else set()
    named |= {each for each in agreements if each is not None}
    periods = [kept.get(each) for each in named]
    said = [period for period in periods if period is not None]
    if not said or len(said) != len(periods):
        return None
    return sorted(said, key=lambda p: (-p.years, p.reference))[0]


def _in_order(connection: Connection, year: int) -> Iterator[Any]:
    query = (
        select(DETAIL.c.entry_id, DETAIL.c.position, DETAIL.c.digest, DETAIL.c.subject_tag)
        .join_from(DETAIL, ENTRY, ENTRY.c.entry_id == DETAIL.c.entry_id)
        .join(SEQUENCE, SEQUENCE.c.entry_id == ENTRY.c.entry_id)
        .where(_in_year(year), DETAIL.c.subject_tag.is_not(None), DETAIL.c.erasure.is_(None))
        .order_by(SEQUENCE.c.index, DETAIL.c.position)
    )
    yield from connection.execute(query, execution_options={"yield_per": 1_000})


def _entry(found: Due, edge: CompactRange, nobody: uuid.UUID) -> Entry:
    assert found.period is not None
    period, year = found.period, found.year
    told = {"year": year, "keys": len(found.tags), "details": edge.size, "clause": period.clause}
    return Entry(
        erasures.OPERATION,
        agreement=period.reference,
        decided=Outcome(permitted=((FIELD, "", period.clause, ()),)),
        subjects=[Subject(nobody, {"erased": told})],
        sealed_sha256=[sha256(erasures.content(year, edge.size, edge.root())).digest()],
        correlation=correlation(year),
    )


def _mark(connection: Connection, found: Due, erasure: uuid.UUID) -> int:
    within = select(ENTRY.c.entry_id).where(_in_year(found.year))
    tags, marked = sorted(found.tags), 0
    for start in range(0, len(tags), SUBJECTS):
        some = DETAIL.c.subject_tag.in_(tags[start : start + SUBJECTS])
        statement = update(DETAIL).where(some, DETAIL.c.erasure.is_(None), DETAIL.c.entry_id.in_(within))
        marked += connection.execute(statement.values(erasure=erasure)).rowcount
    return marked


def _marked(connection: Connection, last: tuple[uuid.UUID, bytes]) -> list[tuple[uuid.UUID, bytes]]:
    """The next (erasing entry, subject) with details that are announced and still there."""
    place = tuple_(DETAIL.c.erasure, DETAIL.c.subject_tag)
    query = (
        select(DETAIL.c.erasure, DETAIL.c.subject_tag)
        .where(DETAIL.c.erasure.is_not(None), DETAIL.c.subject_tag.is_not(None))
        .where(place > tuple_(literal(last[0], Id), literal(last[1])))
        .distinct()
        .order_by(DETAIL.c.erasure, DETAIL.c.subject_tag)
        .limit(SUBJECTS)
    )
    return [(row.erasure, bytes(row.subject_tag)) for row in connection.execute(query)]


def _destroy(connection: Connection, marked: Sequence[tuple[uuid.UUID, bytes]], done: Destroyed) -> None:
    covering = _covering(connection)
    fixed = _fixed(connection, {erasure for erasure, _ in marked})
    for erasure, some in groupby(marked, key=lambda each: each[0]):
        tags = [tag for _, tag in some]
        free = [] if erasure not in fixed else _free(connection, erasure, tags, covering)
        done.waiting += len(tags) - len(free)
        for year, theirs in groupby(sorted(free, key=lambda each: each[1]), key=lambda each: each[1]):
            gone = [tag for tag, _ in theirs]
            keys = delete(PERSON_KEY).where(PERSON_KEY.c.year == year, PERSON_KEY.c.subject_tag.in_(gone))
            done.keys += connection.execute(keys).rowcount
            empty = update(DETAIL).where(DETAIL.c.erasure == erasure, DETAIL.c.subject_tag.in_(gone))
            values = {"subject_tag": None, "sealed": None, "silent": None}
            done.details += connection.execute(empty.values(**values)).rowcount


def _fixed(connection: Connection, wanted: set[uuid.UUID]) -> set[uuid.UUID]:
    """Of these entries those under a signed checkpoint, so that nothing is destroyed by an entry that could vanish."""
    signed = connection.execute(select(func.max(CHECKPOINT.c.size))).scalar() or 0
    query = select(SEQUENCE.c.entry_id).where(SEQUENCE.c.entry_id.in_(wanted), SEQUENCE.c.index < signed)
    return set(connection.execute(query).scalars())


def _free(
    connection: Connection, erasure: uuid.UUID, tags: Sequence[bytes], covering: Covering
) -> list[tuple[bytes, int]]:
    """(subject, year) of those that no hold keeps."""
    query = (
        select(DETAIL.c.subject_tag, ENTRY.c.agreement, func.min(ENTRY.c.at).label("at"))
        .join_from(DETAIL, ENTRY, ENTRY.c.entry_id == DETAIL.c.entry_id)
        .where(DETAIL.c.erasure == erasure, DETAIL.c.subject_tag.in_(tags))
        .group_by(DETAIL.c.subject_tag, ENTRY.c.agreement)
        .order_by(DETAIL.c.subject_tag)
    )
    free = []
    for tag, rows in groupby(connection.execute(query).all(), attrgetter("subject_tag")):
        told = list(rows)
        year = year_of(told[0].at)
        if not covering.keeps(bytes(tag), year, {_id(row.agreement) for row in told}):
            free.append((bytes(tag), year))
    return free
