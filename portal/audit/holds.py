"""What keeps details of the log beyond their period: an inquiry, a review, a prosecution or a complaint (clause 9.32).

A hold and its end are rows that are only ever added, each with an entry of the log whose leaf fixes the row. Whose
details it keeps is a tag in a row of its own, which goes with the hold's end: the digest of a salted tag is left.
"""

import os
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import delete, insert, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from portal.audit.entry import Entry, LeafInvalid, canonical, read_leaf, sealed_digest
from portal.audit.erasures import OPERATION, erases, year_in, year_of
from portal.audit.log import Receipt, Transaction
from portal.audit.run import LogBroken, reference_in
from portal.audit.tables import DETAIL, ENTRY, HOLD, HOLD_LIFT, HOLD_SUBJECT, PENDING, SEQUENCE
from portal.db import from_micros, new_id, to_micros
from portal.errors import LogUnavailable, NotFound

KINDS: Final = ("inquiry", "review", "prosecution", "complaint")
PLACED: Final = "details-held"
LIFTED: Final = "details-released"
SIZE: Final = 16
"""Bytes of a subject tag, and of the salt before it: told apart elsewhere, the same bytes have the same digest."""
_ADVISORY_LOCK: Final = 0x494F4D484F4C44  # "IOMHOLD"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be kept: details of these years (both included), all under `agreement` (an id) or, with a `tag`, one
    person's. `party` places it; `asked_by` and `matter` say who needs them for which file and name nobody concerned."""

    kind: str
    party: str
    agreement: str
    first_year: int
    last_year: int
    asked_by: str
    matter: str
    tag: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold as it stands: `personal` for one person's details; `lifted` is when it ended, None while it lasts."""

    id: uuid.UUID
    entry: uuid.UUID
    at: datetime
    kind: str
    party: str
    agreement: str
    personal: bool
    first_year: int
    last_year: int
    asked_by: str
    matter: str
    lifted: datetime | None


def lock(connection: Connection) -> None:
    """Until the transaction ends, nobody else places or lifts a hold, and nobody else erases."""
    if connection.dialect.name == "postgresql":  # on SQLite one writes at a time anyhow
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")


def place(tx: Transaction, asked: Asked, entry: Entry) -> tuple[uuid.UUID, Receipt]:
    """Keep what is asked for. `entry` is of the operation `PLACED`; the hold's id and the receipt of the entry.

    Raises `ValueError` for a kind that clause 9.32 does not know, or years that end before they begin; and
    `LogUnavailable` while an entry that erases details has no place in the log: the hold could get one before it, and
    it would look as if its details had been kept already.
    """
    if asked.kind not in KINDS or asked.first_year > asked.last_year:
        raise ValueError("not a hold")
    connection = tx.session.connection()
    lock(connection)
    waiting = select(PENDING.c.n).join_from(PENDING, ENTRY, ENTRY.c.entry_id == PENDING.c.entry_id)
    if connection.execute(waiting.where(ENTRY.c.operation == OPERATION).limit(1)).first() is not None:
        raise LogUnavailable("an entry that erases details waits for its place in the log")
    hold, salt = new_id(), os.urandom(SIZE)
    row = {
        **{name: getattr(asked, name) for name in ("kind", "party", "agreement", "first_year", "last_year")},
        **{"asked_by": asked.asked_by, "matter": asked.matter, "id": hold},
        "subject": None if asked.tag is None else _subject(salt, asked.tag),
    }
    receipt = tx.append(replace(entry, sealed_sha256=[_placed(row)]))
    connection.execute(insert(HOLD), row | {"entry_id": receipt.entry_id, "at": to_micros(receipt.at)})
    if asked.tag is not None:
        connection.execute(insert(HOLD_SUBJECT), {"hold": hold, "salt": salt, "subject_tag": asked.tag})
    return hold, receipt


def lift(tx: Transaction, hold: uuid.UUID, entry: Entry) -> Receipt | None:
    """End a hold. `entry` is of the operation `LIFTED`. None where it has ended already: nothing changes then.

    Raises `NotFound` where there is none.
    """
    connection = tx.session.connection()
    lock(connection)
    if connection.execute(select(HOLD.c.id).where(HOLD.c.id == hold)).first() is None:
        raise NotFound
    if connection.execute(select(HOLD_LIFT.c.hold).where(HOLD_LIFT.c.hold == hold)).first() is not None:
        return None
    receipt = tx.append(replace(entry, sealed_sha256=[_lifted(hold)]))
    row = {"hold": hold, "entry_id": receipt.entry_id, "at": to_micros(receipt.at)}
    connection.execute(insert(HOLD_LIFT), row)
    connection.execute(delete(HOLD_SUBJECT).where(HOLD_SUBJECT.c.hold == hold))
    return receipt


def every(session: Session, agreements: Iterable[str]) -> tuple[Hold, ...]:
    """The holds under these agreements (ids), those that last first, then the newest."""
    query = select(HOLD, HOLD_LIFT.c.at.label("ended")).outerjoin_from(HOLD, HOLD_LIFT, HOLD_LIFT.c.hold == HOLD.c.id)
    rows = session.connection().execute(query.where(HOLD.c.agreement.in_(sorted(agreements)))).all()
    found = [_hold(row) for row in rows]
    return tuple(sorted(found, key=lambda h: (h.lifted is not None, -h.at.timestamp())))


class Covering:
    """The holds in force, as whoever erases must heed them. One that has ended is in force until the entry of its end
    has its place in the log, which is then before that of any entry that erases.

    Raises `LogBroken` where one, its end or whose details it keeps is not what an entry says: then nobody knows what is
    kept, and nothing may be erased.
    """

    def __init__(self, connection: Connection) -> None:
        self._require(connection)
        ended = select(HOLD_LIFT.c.hold).join_from(HOLD_LIFT, SEQUENCE, SEQUENCE.c.entry_id == HOLD_LIFT.c.entry_id)
        query = select(HOLD, HOLD_SUBJECT.c.subject_tag).outerjoin_from(
            HOLD, HOLD_SUBJECT, HOLD_SUBJECT.c.hold == HOLD.c.id
        )
        self._rows = connection.execute(query.where(HOLD.c.id.not_in(ended))).all()
        own = select(DETAIL.c.subject_tag).where(DETAIL.c.entry_id.in_([row.entry_id for row in self._rows]))
        years = {year_of(row.at) for row in self._rows}
        self._own = {(tag, year) for tag in connection.execute(own).scalars() for year in years}

    @staticmethod
    def _require(connection: Connection) -> None:
        check = Check(connection)
        for table in (HOLD, HOLD_LIFT):
            query = select(ENTRY.c.leaf).join_from(table, ENTRY, ENTRY.c.entry_id == table.c.entry_id)
            for leaf in connection.execute(query).scalars():
                try:
                    check.entry(0, read_leaf(leaf))
                except LeafInvalid as error:
                    raise LogBroken("the entry of a hold was changed") from error
        check.settle()

    def keeps(self, tag: bytes, year: int, agreements: Iterable[str | None]) -> bool:
        """Whether a subject's details of a year are kept; `agreements`: the ids that their entries name, None for none.

        The record of a hold is kept as long as the hold itself.
        """
        named = set(agreements)
        for row in self._rows:
            if row.first_year <= year <= row.last_year:
                mine = row.subject_tag == tag if row.subject is not None else bool({row.agreement, None} & named)
                if mine:
                    return True
        return (tag, year) in self._own


class Check:
    """Holds the rows to the entries that fix them, and what was erased to the holds over whole agreements.

    Feed `entry` every entry, then call `settle`. Memory: the entries of holds and those that erase.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._entries: dict[str, tuple[int, Mapping[str, Any]]] = {}
        self._erasing: list[tuple[int, Mapping[str, Any]]] = []
        self._under: dict[str, set[str | None]] = defaultdict(set)
        """By erasing entry: which held agreements (None: none at all) the entries name whose details it erased."""

    def entry(self, index: int, members: Mapping[str, Any], erased: Iterable[str] = ()) -> None:
        """One entry of the log; `erased`: the ids of the entries that erased details of it."""
        agreement = _agreement(members)
        if erases(members):
            self._erasing.append((index, members))
        if members["operation"] in (PLACED, LIFTED) and members["outcome"] == "permitted":
            self._entries[members["entry"]] = index, members
        for erasure in erased:
            if agreement is None or agreement in self._held:
                self._under[erasure].add(agreement)

    @cached_property
    def _held(self) -> frozenset[str]:
        query = select(HOLD.c.agreement).where(HOLD.c.subject.is_(None))
        return frozenset(self._connection.execute(query).scalars())

    def settle(self) -> None:
        """Raises `LogBroken` where a hold, its end or whose details it keeps was changed, removed or made up, or was
        not heeded."""
        held = self._connection.execute(select(HOLD)).all()
        ends = self._connection.execute(select(HOLD_LIFT)).all()
        rows = {(PLACED, str(row.entry_id)): (_placed(row._asdict()), row.at) for row in held}
        rows |= {(LIFTED, str(row.entry_id)): (_lifted(row.hold), row.at) for row in ends}
        made_up = len(rows) != len(held) + len(ends)  # two that name one entry
        for entry, (index, members) in self._entries.items():
            digest, at = rows.pop((members["operation"], entry), (b"", None))
            if at != members["time"] or sealed_digest([digest]) != members["sealed"]:
                what = "what it says of details that are kept longer was changed or removed"
                raise LogBroken(what, index, reference_in(members))
        if rows or made_up:
            raise LogBroken("details are said to be kept longer, or no longer, and no entry says so")
        self._subjects(self._connection)
        if self._erasing:
            self._heeded([row for row in held if row.subject is None], {row.hold: str(row.entry_id) for row in ends})

    def _heeded(self, held: Sequence[Any], lifted: Mapping[uuid.UUID, str]) -> None:
        """Nothing was announced to be erased that a hold over the whole agreement kept then, as `Covering.keeps` says.
        Whose details others keep is not known here: of a detail that is gone nothing says whom it was about."""
        for index, members in self._erasing:
            year = year_in(members["correlation"])
            named = self._under[members["entry"]] | {_agreement(members)}
            for row in held:
                if year is None or not row.first_year <= year <= row.last_year or not named & {row.agreement, None}:
                    continue
                begin, (end, _) = (
                    self._entries[str(row.entry_id)][0],
                    self._entries.get(lifted.get(row.id, ""), (-1, 0)),
                )
                if begin < index and not begin <= end <= index:  # those that wait have one place, so they may be equal
                    raise LogBroken("it erased details that were to be kept longer", index, reference_in(members))

    def _subjects(self, connection: Connection) -> None:
        ended = set(connection.execute(select(HOLD_LIFT.c.hold)).scalars())
        whose = {row.hold: _subject(row.salt, row.subject_tag) for row in connection.execute(select(HOLD_SUBJECT))}
        for row in connection.execute(select(HOLD)):
            if whose.get(row.id) != (None if row.id in ended else row.subject):
                index, members = self._entries[str(row.entry_id)]
                raise LogBroken("whose details it keeps was changed or removed", index, reference_in(members))


def _agreement(members: Mapping[str, Any]) -> str | None:
    agreement: str | None = members["agreement"]
    return None if agreement is None else agreement.partition("@")[0]


def _subject(salt: bytes | None, tag: bytes | None) -> bytes | None:
    """What a hold says of whom it keeps; None where salt or tag is not there, or has another length."""
    if salt is None or tag is None or len(salt) != SIZE or len(tag) != SIZE:
        return None
    return sha256(salt + tag).digest()


def _placed(row: Mapping[str, Any]) -> bytes:
    """SHA-256 of what the entry fixes of a hold."""
    plain = ("agreement", "asked_by", "first_year", "kind", "last_year", "matter", "party")
    told = {name: row[name] for name in plain} | {"hold": row["id"].hex, "v": 1}
    told["subject"] = None if row["subject"] is None else row["subject"].hex()
    return sha256(canonical(told)).digest()


def _lifted(hold: uuid.UUID) -> bytes:
    return sha256(canonical({"lifted": hold.hex, "v": 1})).digest()


def _hold(row: Any) -> Hold:
    return Hold(
        id=row.id,
        entry=row.entry_id,
        at=from_micros(row.at),
        kind=row.kind,
        party=row.party,
        agreement=row.agreement,
        personal=row.subject is not None,
        first_year=row.first_year,
        last_year=row.last_year,
        asked_by=row.asked_by,
        matter=row.matter,
        lifted=None if row.ended is None else from_micros(row.ended),
    )
