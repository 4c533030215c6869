"""What the earlier borough is told of an offer, and what it never is: the answer with its day, and nothing after it."""

from portal.db import now_micros
from portal.sharing import cases, transfers
from tests.installation import World
from tests.portal.casework.moving_away import HELD, REFUSED, Boroughs

KNOWN = {k: v for k, v in HELD.items() if k in ("probation person", "probation identifiers")}


def test_who_was_refused_is_not_told_when_the_other_borough_ends_its_own_work(world: World) -> None:
    """They had them already: that their case there is closed, and when, is nothing of the transfer (clause 8.89)."""
    move = Boroughs(world)
    known = world.case({**KNOWN, "brent_safety case": {"status": "Active"}}, "brent-iom", assigned=[move.jo])
    move.offers(move.jo)
    assert move.there().id == known
    move.answers(REFUSED, "We work with him already.")
    refused = move.offer().became
    assert refused[0] == transfers.DECLINED
    with world.doors.log.transaction(world.session) as tx:
        cases.steer(tx.session, known, {"case.status": "De-selected"}, now_micros())
    assert move.offer().became == refused
