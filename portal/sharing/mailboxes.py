"""The mailbox of a party's team: where a notice goes that is not for one person alone. Set by whoever looks after them.

A notice says nothing of anybody; so anyone who reads the mailbox may. The address is sealed like a work address.
"""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from typing import cast

from sqlalchemy import Table, func, select, update
from sqlalchemy.orm import Session

from portal.audit.entry import Subject
from portal.auth import capacities
from portal.auth.actor import Actor
from portal.db import as_read, from_micros, new_id, put
from portal.errors import Conflict, NotFound
from portal.keys.sealing import seal
from portal.keys.tables import insert_unless_there
from portal.sharing import joining, said
from portal.sharing.disclosure import Receipt
from portal.sharing.doors import Doors
from portal.sharing.fields import Invalid
from portal.sharing.mailbox_tables import TeamMailbox
from portal.sharing.reading import staff as opening
from portal.sharing.staff import STAFF, place
from portal.sharing.tables import StaffValue

FIELD = "mailbox"
TABLE = cast(Table, TeamMailbox.__table__)
LONGEST = 254  # RFC 5321 section 4.5.3.1.3, less the angle brackets


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting in the history; `address` is "" where the mailbox was taken away."""

    address: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A party's mailbox ("" without one) and its settings, latest first; `version` is the newest, 0 without any."""

    party: str
    address: str
    version: int
    past: tuple[Setting, ...]
    receipt: Receipt


def addresses(session: Session, doors: Doors, parties: Collection[str]) -> Mapping[str, str]:
    """The mailboxes of these parties, for sending; those that have none are left out."""
    here = TeamMailbox.party.in_(sorted(parties)), TeamMailbox.current, TeamMailbox.none.is_(False)
    rows = session.scalars(select(TeamMailbox).where(*here)).all()
    texts = opening.names(session, doors, [row.id for row in rows], FIELD)
    return {row.party: texts[row.id] for row in rows if "@" in texts[row.id]}


def exists(session: Session, party: str) -> bool:
    """Whether a party has one."""
    here = TeamMailbox.party == party, TeamMailbox.current, TeamMailbox.none.is_(False)
    return session.scalar(select(TeamMailbox.id).where(*here)) is not None


def look(session: Session, doors: Doors, actor: Actor) -> Mailbox:
    """The mailbox of the actor's party with its history. Raises `NotFound`, `LogUnavailable`."""
    _require(session, doors, actor)
    rows = as_read(session, _rows(session, actor.party))
    givers = sorted({row.set_by for row in rows})
    with doors.log.transaction(session) as tx:
        subjects = [Subject(user, {"staff": True}) for user in givers or [actor.user]]
        receipt = said.receipt(tx.append(said.entry("consultation", actor, subjects=subjects)))
    names = opening.names(session, doors, givers)
    texts = opening.names(session, doors, [row.id for row in rows], FIELD)
    past = tuple(Setting("" if r.none else texts[r.id], names[r.set_by], from_micros(r.set_at)) for r in rows)
    now = past[0].address if past else ""
    return Mailbox(doors.book.party_name(actor.party), now, rows[0].number if rows else 0, past, receipt)


def keep(session: Session, doors: Doors, actor: Actor, address: str, seen: int, domains: Collection[str]) -> None:
    """Set the mailbox of the actor's party, or take it away ("" as address). `seen`: the version the form was made of;
    `domains`: those its people's addresses are in, if that is known.

    Raises `NotFound`, `Invalid` (address), `Conflict` where somebody set another meanwhile, `LogUnavailable`.
    """
    _require(session, doors, actor)
    wrong = problem(address, domains) if address else ""
    if wrong:
        raise Invalid({"address": wrong})
    now, id = doors.clock(), new_id()
    with doors.log.transaction(session) as tx:
        capacities.require(session, actor, now)
        session.execute(update(TeamMailbox).where(TeamMailbox.party == actor.party).values(current=False))
        values = {"none": not address, "set_at": now, "set_by": actor.user, "current": True}
        key = {"id": id, "party": actor.party, "number": seen + 1}
        made = session.connection().execute(insert_unless_there(session, TABLE), key | values)
        if seen != _newest(session, actor.party, id) or not made.rowcount:
            raise Conflict("mailbox", seen)
        if address:
            sealed = seal(doors.keys.ensure(session, id, STAFF, STAFF), place(id, FIELD, 1), address.encode())
            given = {"version": 1, "party": actor.party, "sealed": sealed}
            put(session, StaffValue, {"user": id, "field": FIELD}, given)
        detail = {"staff": True, "team-mailbox": "set" if address else "taken away"}
        tx.append(said.entry("alteration", actor, subjects=[Subject(actor.user, detail)]))


def problem(address: str, domains: Collection[str]) -> str:
    """What is wrong with an address, "" where nothing is: one address, of the party's own domain if that is known."""
    example = "Enter one e-mail address, like iom.team@police.example"
    if len(address) > LONGEST or not address.isascii():
        return example
    try:
        found = Address(addr_spec=address)
    except (ValueError, HeaderParseError, IndexError):
        return example
    if not found.username or "." not in found.domain or any(c.isspace() for c in address):
        return example
    own = found.domain.lower()
    if domains and not any(own == domain or own.endswith(f".{domain}") for domain in domains):
        return f"It must be an address at {' or '.join(sorted(domains))}, where your people's own are"
    return ""


def _newest(session: Session, party: str, but: uuid.UUID) -> int:
    others = select(func.max(TeamMailbox.number)).where(TeamMailbox.party == party, TeamMailbox.id != but)
    return session.scalar(others) or 0


def _rows(session: Session, party: str) -> list[TeamMailbox]:
    query = select(TeamMailbox).where(TeamMailbox.party == party).order_by(TeamMailbox.number.desc())
    return list(session.scalars(query))


def _require(session: Session, doors: Doors, actor: Actor) -> None:
    capacities.require(session, actor, doors.clock())
    if not joining.looks_after(doors, actor):
        raise NotFound
