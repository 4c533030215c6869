"""Offers to another borough that end without an answer: part of the writing door (clause 8.91).

No record is written under the other agreement: whoever ends the offer may write none there. What changes is the place
in the inbox, and the case that was opened for the offer alone.
"""

import uuid

from portal.audit.log import Transaction
from portal.auth.actor import Actor
from portal.errors import NotFound
from portal.sharing import cases, referring, said, transfers
from portal.sharing.doors import Doors
from portal.sharing.importing.matching import PURPOSE
from portal.sharing.transfers import ENDED, WAITS, Offer


def with_case(tx: Transaction, doors: Doors, actor: Actor, case: uuid.UUID, now: int) -> None:
    """End what waits elsewhere of a case that is de-selected, before anything else holds the case: no offer of it can
    be made meanwhile, nor one that was made be missed. Each has an entry. Raises `LogUnavailable`."""
    referring.one_after_the_other(tx.session, [a.id for a in doors.book.all()])
    offers = transfers.of_cases(tx.session, [case])
    transfers.hold(tx.session, [case, *(o.item.case.id for o in offers)])
    for offer in offers:
        end(tx, doors, actor, offer, ENDED, now)


def end(tx: Transaction, doors: Doors, actor: Actor, offer: Offer, state: str, now: int) -> bool:
    """End an offer that waits, with its entry, and close the case that was opened for it alone; False where it was
    answered meanwhile, which stands. Both cases are held. Raises `LogUnavailable`.

    Whoever asks something about it there, or answers that, holds no case: where they were quicker it waits all the
    same, and ends as it stands now.
    """
    found: Offer | None = offer
    while found is not None and found.became[0] == WAITS:
        if _ended(tx, doors, actor, found, state, now):
            return True
        found = next((o for o in transfers.of_cases(tx.session, [offer.case]) if o.referral == offer.referral), None)
    return False


def _ended(tx: Transaction, doors: Doors, actor: Actor, offer: Offer, state: str, now: int) -> bool:
    there = offer.item.case
    alone = transfers.made_for_it(tx.session, offer)
    if not transfers.end(tx.session, offer, state, now):
        return False
    if alone:
        cases.close(tx.session, there.id, now)
    entry = said.entry(
        "alteration",
        actor,
        purpose=PURPOSE,
        agreement=reference(doors, there.agreement),
        subjects=[said.about(there.person, there.id, transfer_of=offer.case.hex)],
    )
    tx.append(entry)
    return True


def reference(doors: Doors, agreement: str) -> str | None:
    """The text of an agreement, None for one that is no longer served."""
    try:
        return doors.book.engine(agreement).reference
    except NotFound:
        return None
