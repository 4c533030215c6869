"""What a log entry was written about is what is shown: a row that goes, or comes, in between breaks no page."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portal.audit.tables import ENTRY
from portal.auth.actor import Actor
from portal.auth.tables import Secondment, TimeAway
from portal.db import DAY, new_id, now_micros
from portal.sharing import absences, mailboxes, secondments
from portal.sharing.doors import Doors
from portal.sharing.logbook import questions
from portal.sharing.mailbox_tables import TeamMailbox
from portal.sharing.question_tables import OfficerQuestion
from tests.installation import World


class Meddled:
    """The log; once an entry has committed, somebody else has changed the tables before anything is read again."""

    def __init__(self, log: Any, then: Callable[[], None]) -> None:
        self._log, self._then = log, then

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    @contextmanager
    def transaction(self, session: Session) -> Iterator[Any]:
        with self._log.transaction(session) as tx:
            yield tx
        self._then()


def meddled(world: World, then: Callable[[Session], object]) -> Doors:
    def change() -> None:
        with Session(world.engine) as other, other.begin():
            then(other)

    return replace(world.doors, log=Meddled(world.doors.log, change))  # type: ignore[arg-type]


@pytest.fixture
def spoc(either: World) -> Actor:
    return either.actor("police", "spoc", "Sam Spoc")


def stranger(world: World) -> uuid.UUID:
    """Of whom nothing that was logged speaks."""
    return world.actor("police", "admin", "Ann Admin").user


def test_time_away_that_is_gone_or_came_in_between(either: World, spoc: Actor) -> None:
    ada, now, by = either.actor("police", "practitioner", "Ada"), now_micros(), stranger(either)
    absences.record(either.session, either.doors, spoc, ada.user, now, now + DAY)

    def comes(other: Session) -> None:
        given = {"user": ada.user, "party": "police", "set_at": now, "set_by": by}
        other.add(TimeAway(id=new_id(), starts=now + 3 * DAY, ends=now + 4 * DAY, **given))

    for then in (comes, lambda other: other.execute(delete(TimeAway))):
        found = absences.of(either.session, meddled(either, then), spoc, ada.user)
        assert [t.by for t in found.times] == ["Sam Spoc"] * len(found.times)
        assert found.times
        either.session.execute(delete(TimeAway).where(TimeAway.set_by == by))
        either.session.commit()
    assert absences.of(either.session, either.doors, spoc, ada.user).times == ()


def test_a_mailbox_that_is_gone_or_came_in_between(either: World, spoc: Actor) -> None:
    by, address = stranger(either), "team@police.example"
    mailboxes.keep(either.session, either.doors, spoc, address, 0, ())

    def comes(other: Session) -> None:
        given = {"party": "police", "set_by": by, "set_at": now_micros(), "none": False, "current": False}
        other.add(TeamMailbox(id=new_id(), number=2, **given))

    for then in (comes, lambda other: other.execute(delete(TeamMailbox))):
        found = mailboxes.look(either.session, meddled(either, then), spoc)
        assert (found.address, found.version, [s.by for s in found.past]) == (address, 1, ["Sam Spoc"])
        either.session.execute(delete(TeamMailbox).where(TeamMailbox.set_by == by))
        either.session.commit()


def test_a_secondment_that_is_gone_or_answered_in_between(either: World) -> None:
    theirs, ours = either.actor("probation", "admin", "Pam Admin"), either.actor("police", "admin", "Ann Admin")
    now = now_micros()
    asked = secondments.ask(either.session, either.doors, theirs, "police", "Ada", "practitioner", now, now + 9 * DAY)

    def answered(other: Session) -> None:
        row = other.get(Secondment, asked)
        assert row is not None
        row.state, row.answered_at, row.answered_by = "refused", now, ours.user

    seen, _ = secondments.one(either.session, meddled(either, answered), theirs, asked)
    assert (seen.state, seen.answered_by) == ("asked", ""), "as it was when the look was logged"
    seen, _ = secondments.one(either.session, either.doors, theirs, asked)
    assert (seen.state, seen.answered_by) == ("refused", "Ann Admin")
    gone = meddled(either, lambda other: other.execute(delete(Secondment)))
    assert [line.whom for line in secondments.everyone(either.session, gone, theirs).lines] == ["Ada"]
    assert secondments.everyone(either.session, either.doors, theirs).lines == ()


def test_a_question_that_is_gone_in_between(either: World) -> None:
    dana, ada = either.actor("police", "dpo", "Dana Poe"), either.actor("police", "practitioner", "Ada")
    visits = absences.of(either.session, either.doors, either.actor("police", "spoc", "Sam Spoc"), ada.user)
    entries = select(ENTRY.c.reference, ENTRY.c.entry_id).where(ENTRY.c.reference == visits.receipt.reference)
    reference, entry = either.session.execute(entries).one()
    either.session.rollback()
    questions.ask(either.session, either.doors, dana, "s62-self-monitoring", reference, entry, "Why?")
    gone = meddled(either, lambda other: other.execute(delete(OfficerQuestion)))
    found = questions.everyone(either.session, gone, dana)
    assert [line.name for line in found.lines] == ["Sam Spoc"]
