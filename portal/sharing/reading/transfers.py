"""What became of an offer to another borough, for whoever may read the offer: asked of both agreements (clause
8.89)."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from isa.agreement import Capacity
from portal.auth.actor import Actor
from portal.db import from_micros
from portal.errors import NotFound
from portal.sharing import said, transfers
from portal.sharing.days import day_at
from portal.sharing.disclosure import Receipt, Record
from portal.sharing.doors import Doors
from portal.sharing.importing.matching import PURPOSE
from portal.sharing.reading import referrals
from portal.sharing.transfers import GONE, KIND, OFFERED_FROM, OFFERED_TO, WAITS, Offer


@dataclass(frozen=True, slots=True)
class Told:
    """One transfer as its reader is told of it. `record`: what was written of it; `code`: what became of it, "" where
    that is not told; `since`: the day of that. `ours`: the reader's party offered it; `back`: they may try to take it
    back, for it waits or nothing is told of it; `referral`: what it is under the other agreement, for whoever finds it
    among their own referrals; `came`: it came here from the other borough, and all that is told of it is that it is
    offered no longer (clause 8.91)."""

    record: Record
    code: str = ""
    since: date | None = None
    ours: bool = False
    referral: uuid.UUID | None = None
    came: bool = False
    back: bool = False


def told(session: Session, doors: Doors, actor: Actor, case: uuid.UUID, records: Iterable[Record]) -> tuple[Told, ...]:
    """The transfers that these records of a case, opened for this reader, speak of. What the other borough has answered
    is told with an entry about the case there. Raises `LogUnavailable`."""
    written = [r for r in records if r.kind == KIND and r.text("what") in (OFFERED_TO, OFFERED_FROM)]
    if not written:
        return ()
    offers = {o.record: o for o in transfers.of_cases(session, [case])}
    given = {r.id: o for r in written if (o := offers.get(r.id)) and may_be_told(doors, o)}
    given |= _no_longer(session, case, [r for r in written if r.text("what") == OFFERED_FROM])
    answered = [o for r, o in given.items() if r not in offers or o.became[0] not in (WAITS, *GONE)]
    if answered:
        log(session, doors, actor, answered)
    whole = doors.book.role(Capacity(actor.party, actor.role))[0] == "party"
    return tuple(_told(actor, whole, r, offers.get(r.id), given.get(r.id)) for r in written)


def _no_longer(session: Session, case: uuid.UUID, came: Sequence[Record]) -> dict[uuid.UUID, Offer]:
    """What came here and is offered no longer, by the record of it."""
    gone = [o for o in transfers.came(session, case) if o.became[0] in GONE] if came else []
    sent = {(o.item.party, from_micros(o.item.sent_at)): o for o in gone}
    return {r.id: o for r in came if (o := sent.get((r.owner, r.at)))}


def _told(actor: Actor, whole: bool, record: Record, offer: Offer | None, given: Offer | None) -> Told:
    code, since = given.became if given else ("", 0)
    ours = offer is not None and offer.item.party == actor.party
    found = ours and offer is not None and (whole or offer.item.user == actor.user)
    return Told(
        record=record,
        code=code,
        since=day_at(since) if since else None,
        ours=ours,
        referral=offer.referral if found and offer is not None else None,
        came=record.text("what") == OFFERED_FROM,
        back=ours and offer is not None and (code == WAITS if given else offer.became[0] not in GONE),
    )


def may_be_told(doors: Doors, offer: Offer) -> bool:
    """Whether the party that offered may be told the outcome of its referral, and so whoever reads its offer. That it
    ended without an answer is no outcome of the other borough's."""
    if offer.became[0] in GONE:
        return True
    try:
        engine = doors.book.engine(offer.item.case.agreement)
    except NotFound:
        return False
    owners = sorted(engine.agreement.fields["case.status"].owners)
    return any(referrals.told(engine, offer.item, owner, doors.clock()) for owner in owners)


def blocks(doors: Doors, offer: Offer) -> bool:
    """Whether no other offer may be made beside this one: it stands, or nobody may be told now whether it does. Else
    the borough that may be chosen would tell that the other one refused. Under an agreement that is served no more
    nothing blocks, for no outcome of it will ever be told."""
    try:
        doors.book.engine(offer.item.case.agreement)
    except NotFound:
        return False
    return offer.stands or not may_be_told(doors, offer)


def log(
    session: Session, doors: Doors, actor: Actor, offers: Sequence[Offer], operation: str = "consultation"
) -> Receipt:
    """Log that something of these offers is told to somebody of the other case. Raises `LogUnavailable`."""
    references = {doors.book.engine(o.item.case.agreement).reference for o in offers}
    about = [said.about(o.item.case.person, o.item.case.id, transfer_of=o.case.hex) for o in offers]
    entry = said.entry(
        operation,
        actor,
        purpose=PURPOSE,
        agreement=references.pop() if len(references) == 1 else None,
        subjects=about,
    )
    with doors.log.transaction(session) as tx:
        return said.receipt(tx.append(entry))
