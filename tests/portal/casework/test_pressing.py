"""A question of an officer, its answer, and what a mail at once may have lost: each is told, and none of it twice."""

import smtplib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from portal.audit.tables import ENTRY
from portal.auth.actor import Actor
from portal.casework import notices, notifying
from portal.casework.notices import Letter, Outcome, Send
from portal.db import DAY, HOUR, MINUTE
from portal.sharing import absences, emergency, mailboxes
from portal.sharing.logbook import questions
from portal.sharing.question_tables import OfficerQuestion
from portal.sharing.tables import Notice
from tests import clock
from tests.installation import World
from tests.portal.casework.test_at_once import OFFICER, Urgent, declared
from tests.portal.casework.test_notifying import ADDRESS

DANA = "dana.poe@police.example"


class Questioned(Urgent):
    """As the day of Ada; Dana is the data-protection officer of the police, Ann an administrator there."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.dana = self.enrol("police", "dpo", "Dana Poe", DANA)

    def questions(self, by: Actor | None = None, whom: Actor | None = None) -> uuid.UUID:
        """Dana asks Ada about her latest view, or another about another's."""
        at, who = self.world, whom or self.ada
        if whom is None:
            self.opens()
        at.session.rollback()
        entries = select(ENTRY.c.reference, ENTRY.c.entry_id).where(ENTRY.c.actor == who.user)
        reference, entry = at.session.execute(entries.order_by(ENTRY.c.at.desc()).limit(1)).one()
        questions.ask(at.session, at.doors, by or self.dana, "s62-self-monitoring", reference, entry, "Why?")
        newest = select(OfficerQuestion.id).order_by(OfficerQuestion.asked_at.desc()).limit(1)
        return at.session.scalars(newest).one()

    def answers(self, question: uuid.UUID) -> None:
        assert questions.answer(self.world.session, self.world.doors, self.ada, question, "The desk rang me")

    def morning(self) -> int:
        return self.tell()


@pytest.fixture
def questioned(either: World) -> Questioned:
    return Questioned(either)


def test_whoever_is_asked_is_told_at_once_where_they_chose_it_and_once(questioned: Questioned) -> None:
    questioned.questions()
    assert (questioned.once(), questioned.box) == (1, [ADDRESS])
    questioned.later(HOUR)
    assert (questioned.once(), questioned.morning()) == (0, 0)


def test_whoever_did_not_choose_it_is_told_in_the_morning_and_once(questioned: Questioned) -> None:
    questioned.wish(False)
    questioned.questions()
    assert questioned.once() == 0
    assert (questioned.morning(), questioned.box) == (1, [ADDRESS])
    questioned.later(DAY)
    assert questioned.morning() == 0


def test_what_was_answered_meanwhile_is_no_news(questioned: Questioned) -> None:
    questioned.answers(questioned.questions())
    assert questioned.once() == 1, "Dana alone"
    assert questioned.morning() == 0
    assert questioned.box == [DANA]


def test_the_officer_who_asked_is_told_of_the_answer_and_no_other(questioned: Questioned) -> None:
    questioned.enrol("police", "dpo", "Other Officer", "other@police.example")
    question = questioned.questions()
    questioned.once()
    questioned.box.clear()
    questioned.later(HOUR)
    assert questioned.once() == 0, "nothing is answered"
    questioned.answers(question)
    assert (questioned.once(), questioned.box) == (1, [DANA])
    questioned.later(2 * HOUR)
    assert questioned.once() == 0


def test_an_answer_that_was_read_before_is_not_told(questioned: Questioned) -> None:
    question = questioned.questions()
    questioned.answers(question)
    questions.one(questioned.world.session, questioned.world.doors, questioned.dana, question)
    assert questioned.once() == 0


def test_an_officer_who_wants_none_gets_none(questioned: Questioned) -> None:
    notifying.wish(questioned.world.session, questioned.world.doors, questioned.dana.user, False)
    questioned.answers(questioned.questions())
    assert questioned.once() == 0


def test_whoever_works_on_no_case_is_told_too(questioned: Questioned) -> None:
    """An administrator has no morning otherwise."""
    ann = questioned.enrol("police", "admin", "Ann Admin", "ann@police.example")
    now = questioned.world.doors.clock()
    absences.record(questioned.world.session, questioned.world.doors, ann, questioned.bob.user, now, now + DAY)
    assert questioned.morning() == 0
    questioned.questions(whom=ann)
    assert (questioned.morning(), questioned.box) == (1, ["ann@police.example"])


def test_the_party_that_they_are_asked_at_counts(questioned: Questioned) -> None:
    """The same person elsewhere would not find it there."""
    question = questioned.questions()
    row = questioned.world.session.get(OfficerQuestion, question)
    assert row is not None
    elsewhere = Actor(questioned.ada.user, "probation", "practitioner", "", questioned.ada.capacity, False)
    assert questions.news(questioned.world.session, questioned.ada, 0)
    assert not questions.news(questioned.world.session, elsewhere, 0)
    assert questions.asked(questioned.world.session) == {(questioned.ada.user, "police")}


def test_the_team_of_whoever_is_away_is_not_told_what_it_cannot_answer(questioned: Questioned) -> None:
    at, spoc = questioned.world, questioned.world.actor("police", "spoc", "Sam Spoc")
    mailboxes.keep(at.session, at.doors, spoc, "team@police.example", 0, ())
    questioned.questions()
    now = at.doors.clock()
    absences.record(at.session, at.doors, spoc, questioned.ada.user, now, now + DAY)
    assert (questioned.once(), questioned.morning(), questioned.box) == (0, 0, [])
    with clock.ticking(clock.FIRST + timedelta(days=5)):
        assert (questioned.morning(), questioned.box) == (1, [ADDRESS]), "when she is back"


def breaks(letter: Letter) -> Outcome:
    """The mail was begun and the server is gone: nobody knows."""
    if letter.again:
        return Outcome.REFUSED  # it cannot be asked
    raise smtplib.SMTPServerDisconnected


def test_an_emergency_whose_mail_broke_off_is_told_by_the_next_morning_once(either: World) -> None:
    urgent = declared(either)
    with pytest.raises(smtplib.SMTPServerDisconnected):
        urgent.once(breaks)
    urgent.later(10 * MINUTE)
    assert urgent.once(breaks) == 0
    assert (urgent.tell(), urgent.box) == (1, [OFFICER])
    urgent.later(DAY)
    assert (urgent.tell(), urgent.once(), urgent.box) == (0, 0, [OFFICER])


def test_the_morning_that_finds_it_broken_off_tells_it_itself(either: World) -> None:
    """No run at once came in between."""
    urgent = declared(either)
    with pytest.raises(smtplib.SMTPServerDisconnected):
        urgent.once(breaks)
    urgent.later(10 * MINUTE)
    assert (urgent.tell(), urgent.box) == (1, [OFFICER])


def test_the_morning_that_learns_that_it_went_says_nothing_more(either: World) -> None:
    """GOV.UK Notify can be asked."""
    urgent = declared(either)
    assert urgent.once(lambda _: Outcome.LATER) == 0
    urgent.later(10 * MINUTE)
    asked: list[bool] = []

    def knows(letter: Letter) -> Outcome:
        asked.append(letter.again)
        return Outcome.SENT

    @contextmanager
    def opened() -> Iterator[Send]:
        yield knows

    assert notifying.tell(either.session, either.doors, opened) == 1
    assert asked == [True]


def test_the_morning_leaves_it_to_a_mail_at_once_that_follows(either: World) -> None:
    """Else both would tell of what came in between."""
    urgent = declared(either)
    with pytest.raises(smtplib.SMTPServerDisconnected):
        urgent.once(breaks)
    urgent.later(10 * MINUTE)
    emergency.declare(either.session, either.doors, urgent.jo, urgent.case, "He rang from the bridge")
    assert urgent.tell() == 0
    urgent.later(HOUR)
    assert (urgent.once(), urgent.box) == (1, [OFFICER])
    assert urgent.tell() == 0


def test_what_the_mailbox_of_a_team_may_not_have_got_it_gets_in_the_morning(either: World) -> None:
    urgent = declared(either)
    dora, admin = either.actor("ntmh", "dpo", "Dora Officer"), either.actor("ntmh", "admin", "Al Admin")
    now = either.doors.clock()
    absences.record(either.session, either.doors, admin, dora.user, now, now + 5 * DAY)
    mailboxes.keep(either.session, either.doors, admin, "team@ntmh.example", 0, ())
    with pytest.raises(smtplib.SMTPServerDisconnected):
        urgent.once(breaks)
    urgent.later(10 * MINUTE)
    assert (urgent.tell(), urgent.box) == (1, ["team@ntmh.example"])
    urgent.later(DAY)
    assert (urgent.tell(), urgent.once(), urgent.box) == (0, 0, ["team@ntmh.example"])


def test_what_was_dealt_with_meanwhile_is_not_told_late(either: World) -> None:
    urgent = declared(either)
    with pytest.raises(smtplib.SMTPServerDisconnected):
        urgent.once(breaks)
    with either.doors.log.transaction(either.session):
        either.session.execute(update(Notice).values(seen_at=either.doors.clock()))
    urgent.later(10 * MINUTE)
    assert urgent.tell() == 0


def test_a_release_and_a_question_whose_mail_broke_off_are_told_by_the_morning(questioned: Questioned) -> None:
    questioned.releases(2)
    with pytest.raises(smtplib.SMTPServerDisconnected):
        questioned.once(breaks)
    assert (questioned.tell(), questioned.box) == (1, [ADDRESS])
    questioned.later(DAY)
    questioned.questions()
    with pytest.raises(smtplib.SMTPServerDisconnected):
        questioned.once(breaks)
    questioned.later(DAY + 10 * MINUTE)
    assert questioned.tell() == 1
    assert questioned.box == [ADDRESS] * 2


@pytest.mark.parametrize("outcome", [Outcome.NOT_TAKEN, Outcome.LATER])
def test_what_is_put_off_is_lost_only_when_its_day_is_over(either: World, outcome: Outcome) -> None:
    urgent = declared(either)
    urgent.once(lambda _: outcome)
    now = either.doors.clock()
    assert bool(notices.lost(either.session, now)) == (outcome is Outcome.LATER)
    assert notices.lost(either.session, now + DAY)


def test_who_wants_none_at_once_any_more_leaves_nothing_to_the_next(questioned: Questioned) -> None:
    """What came after the lost one would be told at once, if anything were: the morning tells of both."""
    questioned.releases(2)
    with pytest.raises(smtplib.SMTPServerDisconnected):
        questioned.once(breaks)
    questioned.later(10 * MINUTE)
    questioned.wish(False)
    questioned.releases(1)
    assert (questioned.morning(), questioned.box) == (1, [ADDRESS])
