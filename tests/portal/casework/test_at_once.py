"""Mails at once: few are worth it, each is told once, by whichever of the two mails comes first."""

import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from email.message import EmailMessage
from types import SimpleNamespace
from unittest.mock import patch

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.auth.actor import Actor
from portal.casework import actions, at_once, comments, notices, notifying
from portal.casework.notices import Letter, Outcome, Send
from portal.cli import notifying as command
from portal.db import DAY, HOUR, MINUTE
from portal.sharing import absences, emergency, mailboxes, visits, writing
from portal.sharing.days import day_at
from portal.sharing.doors import open_doors
from portal.sharing.reading import case as case_reading
from portal.sharing.tables import RecordRow
from tests import clock
from tests.installation import IDENTITY, World
from tests.portal.casework.test_notifying import ADDRESS, Post

OFFICER = "dora@ntmh.example"
GATE = {"prison": "HMP Highpoint", "held_as": "Sentence", "since": "2026-06-02"}


class Urgent(Post):
    """As the morning of Ada, who wants to be told at once; Bob is her colleague on the case."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.bob = world.actor("police", "practitioner", "Bob Colleague")
        with world.doors.log.transaction(world.session):
            world.assign(self.case, self.bob)
        self.wish(True)

    def wish(self, at_once: bool) -> None:
        notifying.wish(self.world.session, self.world.doors, self.ada.user, True, at_once=at_once)

    def once(self, send: Callable[[Letter], Outcome] | None = None) -> int:
        @contextmanager
        def opened() -> Iterator[Send]:
            yield send or self.takes

        return at_once.tell(self.world.session, self.world.doors, opened)

    def takes(self, letter: Letter) -> Outcome:
        self.box.append(letter.address)
        return Outcome.SENT

    def begins(self, who: Actor) -> uuid.UUID:
        at = self.world
        return visits.begin(at.session, at.doors, who, self.case, "risk", "", at.doors.clock())

    def opens(self) -> None:
        case_reading.case(self.world.session, self.world.doors, self.ada, self.begins(self.ada))

    def asks(self, text: str = "Is that his brother?") -> None:
        at = self.world
        on = at.session.scalars(select(RecordRow.id).where(RecordRow.kind == "update")).first()
        assert on is not None
        whom = {comments.value("police", self.ada.user)}
        comments.add(at.session, at.doors, self.bob, self.begins(self.bob), on, "behaviour", text, whom)

    def gives(self, by: Actor, days: int) -> None:
        at, due = self.world, day_at(self.world.doors.clock()) + timedelta(days=days)
        whom = "me" if by is self.ada else self.ada.user.hex if by.party == "police" else "police"
        actions.add(at.session, at.doors, by, self.begins(by), "behaviour", "Ring his mother", whom, due)

    def releases(self, days: int, by: Actor | None = None) -> None:
        at, on = self.world, day_at(self.world.doors.clock()) + timedelta(days=days)
        typed = {f"custody.{k}": v for k, v in {**GATE, "release_on": on.isoformat()}.items()}
        who = by or self.jo
        writing.create(at.session, at.doors, who, self.begins(who), "custody", "", typed)


@pytest.fixture
def urgent(world: World) -> Urgent:
    return Urgent(world)


def test_who_is_asked_by_name_is_told_at_once_and_once(either: World) -> None:
    urgent = Urgent(either)
    urgent.share()
    assert urgent.once() == 0, "an update waits until the morning"
    urgent.asks()
    assert (urgent.once(), urgent.box) == (1, [ADDRESS])
    urgent.later(HOUR)
    assert urgent.once() == 0


def test_who_did_not_choose_it_is_told_in_the_morning_alone(urgent: Urgent) -> None:
    urgent.wish(False)
    urgent.share()
    urgent.opens()
    urgent.asks()
    assert urgent.once() == 0
    assert urgent.tell() == 1


def test_the_morning_does_not_repeat_what_was_told_at_once(urgent: Urgent) -> None:
    urgent.share()
    urgent.opens()
    urgent.asks()
    assert urgent.once() == 1
    urgent.later(HOUR)
    assert urgent.tell() == 0


def test_what_another_agency_wants_done_is_told_to_the_spoc_and_in_the_morning_where_there_is_time(
    urgent: Urgent,
) -> None:
    at, address = urgent.world, "sam@police.example"
    sam = urgent.enrol("police", "spoc", "Sam Spoc", address)
    notifying.wish(at.session, at.doors, sam.user, True, at_once=True)
    urgent.gives(urgent.jo, 2)
    assert (urgent.once(), urgent.box) == (1, [address])
    urgent.later(HOUR)
    assert urgent.tell() == 0, "the morning does not repeat it"
    urgent.gives(urgent.jo, 20)
    assert urgent.once() == 0, "there is time until the morning"
    assert (urgent.tell(), urgent.box) == (1, [address] * 2)


def test_what_was_told_in_vain_is_told_in_the_morning(urgent: Urgent) -> None:
    urgent.share()
    urgent.opens()
    urgent.asks()
    assert urgent.once(lambda _: Outcome.REFUSED) == 0
    assert urgent.once() == 0, "its attempt was made"
    assert urgent.tell() == 1


def test_between_two_lies_half_an_hour_and_nothing_is_lost(urgent: Urgent) -> None:
    urgent.share()
    urgent.asks()
    assert urgent.once() == 1
    urgent.later(5 * MINUTE)
    urgent.asks("And the car?")
    assert urgent.once() == 0
    urgent.later(31 * MINUTE)
    assert urgent.once() == 1
    urgent.later(2 * HOUR)
    assert urgent.once() == 0


def test_what_they_have_opened_is_not_told(urgent: Urgent) -> None:
    urgent.share()
    urgent.asks()
    urgent.opens()
    assert urgent.once() == 0


@pytest.mark.parametrize(("days", "told"), [(1, 1), (6, 0)])
def test_an_action_is_told_where_it_is_to_be_done_within_days_whoever_else_gave_it(
    urgent: Urgent, days: int, told: int
) -> None:
    urgent.gives(urgent.ada, days)
    assert urgent.once() == 0, "she knows what she gave herself"
    urgent.gives(urgent.bob, days)
    assert urgent.once() == told


@pytest.mark.parametrize(("days", "told"), [(2, 1), (5, 0)])
def test_a_release_is_told_where_it_becomes_known_days_before(urgent: Urgent, days: int, told: int) -> None:
    urgent.releases(days)
    assert urgent.once() == told


def test_a_release_whose_date_no_clause_gives_them_is_not_told(urgent: Urgent) -> None:
    at = urgent.world
    una = urgent.enrol("barnet_housing", "practitioner", "Una Housing", "una@housing.example")
    hal = urgent.enrol("prisons", "practitioner", "Hal Prison", "hal@prisons.example")
    young = {**IDENTITY, "probation person": {**IDENTITY["probation person"], "date_of_birth": "2010-03-27"}}
    urgent.case = at.case(young, assigned=[una, hal, urgent.jo], minor=True)
    for who in (una, hal):
        notifying.wish(at.session, at.doors, who.user, True, at_once=True)
    urgent.releases(1)
    assert (urgent.once(), urgent.box) == (1, ["hal@prisons.example"])


def test_it_tells_of_what_comes_after_the_choice_and_at_weekends_too(urgent: Urgent) -> None:
    urgent.wish(False)
    urgent.share()
    urgent.asks()
    urgent.wish(True)
    assert urgent.once() == 0
    with clock.ticking(clock.FIRST + timedelta(days=3)):
        urgent.asks("And the car?")
        assert urgent.once() == 1, "on a Saturday"


def test_nobody_writes_to_who_is_away_or_has_left_the_case(urgent: Urgent) -> None:
    at = urgent.world
    now = at.doors.clock()
    urgent.share()
    urgent.asks()
    absences.record(at.session, at.doors, at.actor("police", "spoc", "Sam Spoc"), urgent.ada.user, now, now + DAY)
    assert urgent.once() == 0


def test_the_officer_of_each_agency_is_told_of_an_emergency_without_asking_for_it(urgent: Urgent) -> None:
    at = urgent.world
    never = urgent.enrol("ntmh", "dpo", "Dina Never", "never@ntmh.example")
    told = urgent.enrol("ntmh", "dpo", "Dora Officer", "dora@ntmh.example")
    urgent.enrol("dwp", "dpo", "Didi Other", "didi@dwp.example")
    notifying.wish(at.session, at.doors, never.user, False)
    assert urgent.once() == 0
    emergency.declare(at.session, at.doors, urgent.ada, urgent.case, "He said he would jump tonight")
    assert (urgent.once(), urgent.box) == (1, ["dora@ntmh.example"])
    urgent.later(HOUR)
    assert urgent.once() == 0
    assert told.role == "dpo"


def test_what_was_put_off_is_finished_by_the_next_run_of_either_kind(urgent: Urgent) -> None:
    urgent.share()
    urgent.opens()
    urgent.asks()
    assert urgent.once(lambda _: Outcome.LATER) == 0
    tried: list[Letter] = []

    def sends(letter: Letter) -> Outcome:
        tried.append(letter)
        return Outcome.SENT

    urgent.later(2 * notices.PAUSE)
    assert urgent.once(sends) == 1
    assert [(t.again, t.at_once) for t in tried] == [(True, True)]
    assert urgent.tell() == 0, "it was told"


def declared(world: World) -> Urgent:
    """An emergency that the officer of the mental health trust is to be told of; nothing else waits for anybody."""
    urgent = Urgent(world)
    urgent.enrol("ntmh", "dpo", "Dora Officer", OFFICER)
    emergency.declare(world.session, world.doors, urgent.ada, urgent.case, "He said he would jump tonight")
    return urgent


@pytest.mark.parametrize("outcome", [Outcome.LATER, Outcome.NOT_TAKEN])
def test_an_emergency_put_off_before_midnight_is_told_after_it(world: World, outcome: Outcome) -> None:
    """No mail of the morning tells an officer of it: what is forgotten at midnight is never told."""
    with clock.ticking(clock.FIRST.replace(hour=23, minute=57)):
        urgent = declared(world)
        assert urgent.once(lambda _: outcome) == 0
        tried: list[Letter] = []

        def takes(letter: Letter) -> Outcome:
            tried.append(letter)
            return urgent.takes(letter)

        urgent.later(10 * MINUTE)
        assert urgent.once(takes) == 1
        assert [t.again for t in tried] == [outcome is Outcome.LATER], "what was not taken goes as for the first time"
        urgent.later(2 * HOUR)
        assert (urgent.once(), urgent.box) == (0, [OFFICER])


def test_what_was_put_off_for_a_day_is_let_be(world: World) -> None:
    urgent = declared(world)
    assert urgent.once(lambda _: Outcome.LATER) == 0
    urgent.later(DAY + MINUTE)
    assert urgent.once() == 0


def test_the_morning_that_sends_what_was_put_off_in_the_night_does_not_repeat_it(urgent: Urgent) -> None:
    with clock.ticking(clock.FIRST.replace(hour=23, minute=57)):
        urgent.share()
        urgent.opens()
        urgent.asks()
        assert urgent.once(lambda _: Outcome.LATER) == 0
        urgent.later(8 * HOUR)
        letters: list[Letter] = []

        def takes(letter: Letter) -> Outcome:
            letters.append(letter)
            return Outcome.SENT

        @contextmanager
        def opened() -> Iterator[Send]:
            yield takes

        notifying.tell(urgent.world.session, urgent.world.doors, opened)
    assert [letter.at_once for letter in letters] == [True]


def test_an_emergency_is_told_to_the_team_of_an_officer_who_is_away(either: World) -> None:
    urgent, at = declared(either), either
    dora, admin = at.actor("ntmh", "dpo", "Dora Officer"), at.actor("ntmh", "admin", "Al Admin")
    now = at.doors.clock()
    absences.record(at.session, at.doors, admin, dora.user, now, now + 5 * DAY)
    assert urgent.once() == 0, "there is no mailbox, and nobody writes to who is away"
    mailboxes.keep(at.session, at.doors, admin, "team@ntmh.example", 0, ())
    assert (urgent.once(lambda _: Outcome.NOT_TAKEN), urgent.box) == (0, [])
    urgent.later(HOUR)
    assert (urgent.once(), urgent.box) == (1, ["team@ntmh.example"])
    urgent.later(2 * HOUR)
    assert urgent.once() == 0


def test_a_run_that_is_killed_sends_nothing_twice(urgent: Urgent) -> None:
    urgent.share()
    urgent.asks()

    class Killed(Exception):
        pass

    def dies(letter: Letter) -> Outcome:
        urgent.box.append(letter.address)  # the server has it, and nobody will know
        raise Killed

    with pytest.raises(Killed):
        urgent.once(dies)
    for minutes in (1, 10, 45):
        urgent.later(minutes * MINUTE)
        urgent.once(lambda letter: Outcome.REFUSED if letter.again else urgent.takes(letter))
    assert urgent.box == [ADDRESS]


def test_of_two_runs_at_once_one_tells(either: World) -> None:
    urgent = Urgent(either)
    urgent.share()
    urgent.asks()
    either.session.rollback()
    together = threading.Barrier(2, timeout=60)

    @contextmanager
    def opened() -> Iterator[Send]:
        together.wait()
        yield urgent.takes

    def run(_: int) -> int:
        with Session(either.engine, expire_on_commit=False) as session:
            return at_once.tell(session, open_doors(either.settings, session), opened)

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(run, range(2))) == [0, 1]
    assert urgent.box == [ADDRESS]


def test_a_wish_for_none_that_comes_while_it_runs_counts(urgent: Urgent) -> None:
    urgent.share()
    urgent.asks()

    @contextmanager
    def opened() -> Iterator[Send]:
        notifying.wish(urgent.world.session, urgent.world.doors, urgent.ada.user, False)
        yield urgent.takes

    assert at_once.tell(urgent.world.session, urgent.world.doors, opened) == 0
    assert not urgent.box


def test_its_words_say_that_somebody_waits_and_nothing_else() -> None:
    sent: list[EmailMessage] = []
    given = SimpleNamespace(mail_from="accord@barnet.example", base_url="https://accord.example")
    with patch("smtplib.SMTP") as server:
        server.send_message = sent.append
        assert command._sent(server, given, Letter(ADDRESS, "", False, True)) is Outcome.SENT  # type: ignore[arg-type]
    assert "Somebody waits for you in Accord" in sent[0].get_content()
    assert given.base_url in sent[0].get_content()
    assert sent[0]["Subject"] == command.SUBJECT
