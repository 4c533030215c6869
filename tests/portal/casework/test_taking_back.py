"""Taking a transfer back while others act: a referral that joins meanwhile, a role that ends."""

import threading
import uuid
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.auth import capacities
from portal.casework import referrals
from portal.db import now_micros
from portal.errors import NotFound
from portal.sharing import taking_back, transfers
from portal.sharing.doors import open_doors
from portal.sharing.tables import CaseFile, Referral
from tests.installation import World
from tests.portal.casework.moving_away import WHO, Boroughs

THEIRS = {
    **{key: text for key, text in WHO.items() if key.startswith("person.")},
    "referral.priority_crime": "Robbery",
    "referral.reason": "Two knifepoint robberies on the High Road",
    "referral.source": "Neighbourhood team",
}


def test_who_is_referred_by_another_at_that_moment_is_not_lost_with_the_case(either: World, monkeypatch: Any) -> None:
    move = Boroughs(either)
    move.offers(move.jo)
    brent = either.actor("brent_housing", "practitioner", "Britt Housing")
    original, others = transfers.made_for_it, []

    def refer() -> None:
        with Session(either.engine, expire_on_commit=False) as session:
            doors = open_doors(either.settings, session)
            session.rollback()
            referrals.refer(session, doors, brent, "brent-iom", THEIRS, uuid.uuid4())

    def seen_alone(session: Session, offer: transfers.Offer) -> bool:
        alone = original(session, offer)
        others.append(threading.Thread(target=refer))
        others[0].start()
        others[0].join(2)
        return alone

    monkeypatch.setattr(transfers, "made_for_it", seen_alone)
    move.back(move.jo)
    others[0].join()
    either.session.rollback()
    theirs = (
        select(CaseFile.state).join(Referral, Referral.case == CaseFile.id).where(Referral.party == "brent_housing")
    )
    assert either.session.scalars(theirs).all() == ["open"]


def test_whose_role_ends_meanwhile_takes_nothing_back(world: World, monkeypatch: Any) -> None:
    move = Boroughs(world)
    move.offers(move.jo)
    visit = move.visit(move.jo)
    admin = world.actor("probation", "admin", "Paula Admin")
    original = taking_back._there

    def ended(*given: Any) -> Any:
        found = original(*given)
        with world.doors.log.transaction(world.session) as tx:
            capacities.end(tx, admin, move.jo.capacity, now_micros())
        return found

    monkeypatch.setattr(taking_back, "_there", ended)
    before = len(move.records(move.case))
    with pytest.raises(NotFound):
        taking_back.take_back(world.session, world.doors, move.jo, visit, "He stays.", uuid.uuid4())
    assert (move.offer().became[0], len(move.records(move.case))) == (transfers.WAITS, before)
