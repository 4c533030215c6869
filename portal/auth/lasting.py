"""Until when a fact of a person holds, as part of the statement that finds their session."""

from typing import Final

from sqlalchemy import BindParameter, ScalarSelect, select
from sqlalchemy.sql.expression import ColumnElement

from portal.auth.actor import Induction
from portal.auth.tables import InductionRecord, TimeAway

TRAINED, USE, VETTED = Induction._fields
WORDS: Final = "2026-11"
"""Which words of acceptable use are in force. Whoever accepted others has not accepted these (clause 9.22)."""

RECORD, AWAY = InductionRecord.__table__, TimeAway.__table__


def until(fact: str, user: ColumnElement[object], party: ColumnElement[object]) -> ScalarSelect[int]:
    """The instant that the last record of a fact ends, NULL where there is none that counts."""
    of = RECORD.c.user == user, RECORD.c.party == party, RECORD.c.fact == fact, RECORD.c.current
    in_use = (RECORD.c.level == WORDS,) if fact == USE else ()
    return select(RECORD.c.ends).where(*of, *in_use).limit(1).scalar_subquery()


def away(user: ColumnElement[object], party: ColumnElement[object], now: int | BindParameter[int]) -> ScalarSelect[int]:
    """The instant that time away which covers `now` ends, NULL where there is none."""
    of = AWAY.c.user == user, AWAY.c.party == party, AWAY.c.ended_at.is_(None)
    return select(AWAY.c.ends).where(*of, AWAY.c.starts <= now, AWAY.c.ends > now).limit(1).scalar_subquery()
