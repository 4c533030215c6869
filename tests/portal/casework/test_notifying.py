"""Mails of the morning: to whom something waits, once a day, through a real mail server, and never a word of it."""

import smtplib
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from unittest.mock import Mock, patch

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.auth.actor import Actor
from portal.auth.tables import CapacityGrant
from portal.casework import actions, arranging, comments, inbox, notices, notifying, referrals
from portal.casework.notices import Letter, Outcome, Send
from portal.cli import notifying as command
from portal.db import DAY, HOUR, now_micros, put
from portal.sharing import absences, mailboxes, staff, visits, writing
from portal.sharing.days import day_at
from portal.sharing.doors import open_doors
from portal.sharing.reading import case as case_reading
from portal.sharing.tables import CaseFile, RecordRow
from tests import clock
from tests.installation import World
from tests.machine import free_port
from tests.portal.casework.test_referrals import NEW

ADDRESS = "ada.okafor@police.example"


class Post:
    """The morning of Ada, a police officer with one case, and of who may write on it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.ada = self.enrol("police", "practitioner", "Ada Okafor", ADDRESS)
        self.jo = world.actor("probation", "practitioner", "Jo Smith")
        self.case = world.case(assigned=[self.ada, self.jo])
        self.box: list[str] = []

    def enrol(self, party: str, role: str, name: str, address: str) -> Actor:
        who = self.world.actor(party, role, name)
        with self.world.doors.log.transaction(self.world.session):
            staff.keep(self.world.session, self.world.doors.keys, who.user, party, name, address)
        return who

    def share(self, kind: str = "behaviour") -> None:
        at = self.world
        visit = visits.begin(at.session, at.doors, self.jo, self.case, "risk", "", at.doors.clock())
        typed = {f"update.text@{kind}": "Missed his appointment.", f"update.nature@{kind}": "Fact"}
        writing.create(at.session, at.doors, self.jo, visit, "update", kind, typed)

    def tell(self, send: Callable[[str], bool] | None = None) -> int:
        @contextmanager
        def opened() -> Iterator[Send]:
            yield lambda letter: _by_a_server(send or self.received, letter)

        return notifying.tell(self.world.session, self.world.doors, opened)

    def received(self, address: str) -> bool:
        self.box.append(address)
        return True

    def later(self, micros: int) -> None:
        at = self.world
        at.doors = replace(at.doors, clock=lambda: now_micros() + micros)


def _by_a_server(send: Callable[[str], bool], letter: Letter) -> Outcome:
    """As a mail server does: it takes an address or not, and cannot be asked about an earlier attempt."""
    return Outcome.SENT if not letter.again and send(letter.address) else Outcome.REFUSED


@pytest.fixture
def post(either: World) -> Post:
    return Post(either)


def test_nobody_is_mailed_for_whom_nothing_waits(post: Post) -> None:
    assert post.tell() == 0
    assert not post.box


def test_an_update_is_told_once_a_day_however_often_it_runs(post: Post) -> None:
    post.share()
    assert post.tell() == 1
    assert post.box == [ADDRESS]
    post.share()
    assert post.tell() == 0, "they were told today"
    post.later(DAY)
    assert post.tell() == 1, "of the one that came after the mail"
    post.later(2 * DAY - HOUR)
    assert post.tell() == 0, "nothing new since (and Saturday is not far)"


def test_what_was_seen_meanwhile_is_no_news(post: Post) -> None:
    post.share()
    at = post.world
    visit = visits.begin(at.session, at.doors, post.ada, post.case, "risk", "", at.doors.clock())
    case_reading.case(at.session, at.doors, post.ada, visit)
    assert post.tell() == 0


def test_whoever_is_asked_by_name_is_told_once_and_no_more_when_they_have_opened_it(world: World) -> None:
    post, at = Post(world), world
    bob = at.actor("police", "practitioner", "Bob Colleague")
    with at.doors.log.transaction(at.session):
        at.assign(post.case, bob)
    post.share()

    def opens() -> None:
        visit = visits.begin(at.session, at.doors, post.ada, post.case, "risk", "", at.doors.clock())
        case_reading.case(at.session, at.doors, post.ada, visit)

    opens()
    assert post.tell() == 0
    on = at.session.scalars(select(RecordRow.id).where(RecordRow.kind == "update")).one()
    visit = visits.begin(at.session, at.doors, bob, post.case, "risk", "", at.doors.clock())
    whom = {comments.value("police", post.ada.user)}
    comments.add(at.session, at.doors, bob, visit, on, "behaviour", "Is that his brother?", whom)
    assert post.tell() == 1
    opens()
    post.later(DAY)
    assert post.tell() == 0


@pytest.mark.parametrize("kind", ["sentence", "victims"])
def test_what_they_may_not_read_tells_nothing(post: Post, kind: str) -> None:
    at = post.world
    other = post.enrol("barnet_housing", "practitioner", "Una Housing", "una@housing.example")
    with at.doors.log.transaction(at.session):
        at.assign(post.case, other)
    post.share(kind)
    post.tell()
    assert "una@housing.example" not in post.box
    post.later(DAY)
    post.share("behaviour")
    post.tell()
    assert "una@housing.example" in post.box, "the same person is told of what she may read"


def test_a_mail_that_was_lost_is_made_good_by_the_next(post: Post) -> None:
    post.share()

    class Killed(Exception):
        pass

    def dies(address: str) -> bool:
        raise Killed

    with pytest.raises(Killed):
        post.tell(dies)
    assert post.tell() == 0, "perhaps the server has it: not twice on one day"
    post.later(DAY)
    assert post.tell() == 1
    assert post.tell(lambda address: False) == 0


def test_an_address_that_is_refused_keeps_nobody_else_s_back(post: Post) -> None:
    post.enrol("police", "practitioner", "Bob Bounce", "bob@police.example")
    bob = post.world.actor("police", "practitioner", "Bob Bounce")
    with post.world.doors.log.transaction(post.world.session):
        post.world.assign(post.case, bob)
    post.share()
    assert post.tell(lambda address: not address.startswith("bob")) == 1


def test_who_wants_none_gets_none(post: Post) -> None:
    at = post.world
    assert notifying.wants(at.session, post.ada.user)
    notifying.wish(at.session, at.doors, post.ada.user, False)
    assert not notifying.wants(at.session, post.ada.user)
    post.share()
    assert post.tell() == 0
    notifying.wish(at.session, at.doors, post.ada.user, True)
    assert post.tell() == 1


def test_who_has_left_gets_none(post: Post) -> None:
    at = post.world
    post.share()
    with at.doors.log.transaction(at.session):
        put(at.session, CapacityGrant, {"id": post.ada.capacity}, _grant(post, ended_at=1))
    assert post.tell() == 0


def _grant(post: Post, **more: int) -> dict[str, object]:
    held = post.world.session.get(CapacityGrant, post.ada.capacity)
    assert held is not None
    return {c.name: getattr(held, c.name) for c in CapacityGrant.__table__.columns if c.name != "id"} | more


def test_a_meeting_today_is_told_to_who_is_asked(post: Post) -> None:
    at = post.world
    guest = post.enrol("barnet_adults", "attendee", "Gwen Guest", "gwen@adults.example")
    chair = at.actor("barnet_safety", "coordinator", "Nadia Rahman")
    arranging.plan(at.session, at.doors, chair, "barnet-iom", day_at(at.doors.clock()))
    assert post.tell() == 1, "the coordinator of this test has no address"
    assert post.box == ["gwen@adults.example"]
    assert guest.role == "attendee"


def test_an_action_is_told_when_another_agency_gives_it_and_when_it_falls_due(post: Post) -> None:
    at, label = post.world, "behaviour"

    def give(by: Actor, to: str, days: int) -> None:
        visit = visits.begin(at.session, at.doors, by, post.case, "risk", "", at.doors.clock())
        due = day_at(at.doors.clock()) + timedelta(days=days)
        actions.add(at.session, at.doors, by, visit, label, "Ring his mother", to, due)

    give(post.ada, "me", 2)
    give(post.jo, "me", 0)
    assert post.tell() == 0, "what she gave herself is no news before its day, and what Jo has is not hers"
    post.later(2 * DAY)
    assert post.tell() == 1, "it is due today"
    post.later(5 * DAY)
    assert post.tell() == 0, "it was told"
    lea = post.enrol("police", "lead", "Lea Lead", "lea@police.example")
    with at.doors.log.transaction(at.session):
        at.assign(post.case, lea)
    give(post.jo, "lead.police", 20)
    assert post.tell() == 1
    assert post.box[-1] == "lea@police.example"


def test_what_waits_in_the_inbox_and_what_became_of_a_referral_are_told(post: Post) -> None:
    at = post.world
    cora = post.enrol("barnet_safety", "coordinator", "Cora Keeper", "cora@safety.example")
    holly = post.enrol("barnet_housing", "practitioner", "Holly Housing", "holly@housing.example")
    made = referrals.refer(at.session, at.doors, holly, "barnet-iom", NEW, uuid.uuid4())
    assert (post.tell(), post.box) == (1, ["cora@safety.example"])
    inbox.answer(at.session, at.doors, cora, made, 1, "asked", "Where?")
    post.later(DAY)
    assert (post.tell(), post.box[1:]) == (1, ["holly@housing.example"])


def test_an_answer_that_no_clause_tells_sends_no_mail(post: Post) -> None:
    at = post.world
    cora = at.actor("barnet_safety", "coordinator", "Cora Keeper")
    holly = post.enrol("barnet_housing", "practitioner", "Holly Housing", "holly@housing.example")
    young = {**NEW, "person.date_of_birth": "2012-03-27"}
    made = referrals.refer(at.session, at.doors, holly, "barnet-iom", young, uuid.uuid4())
    inbox.answer(at.session, at.doors, cora, made, 1, "refused", "Not persistent")
    assert post.tell() == 0


def test_a_wish_at_the_moment_of_a_run_is_kept(post: Post) -> None:
    """Never means never: neither the run nor the wish undoes what the other wrote."""
    at, held = post.world, []
    session = Session(at.engine, expire_on_commit=False)

    def wish() -> None:
        notifying.wish(session, open_doors(at.settings, session), post.ada.user, False)

    taken = put

    def late(*given: object) -> None:
        wishing = threading.Thread(target=wish)  # while the run holds the person, before it writes
        wishing.start()
        wishing.join(1)
        held.append(wishing)
        taken(*given)  # type: ignore[arg-type]

    post.share()
    at.session.rollback()
    with patch.object(notifying, "put", side_effect=[None]) as first:
        first.side_effect = lambda *given: late(*given) if not held else taken(*given)
        assert post.tell() == 1
        held[0].join(30)
    session.close()
    assert not notifying.wants(at.session, post.ada.user)
    post.share()
    assert post.tell() == 0


BOX = "iom.team@police.example"


def test_who_wants_it_in_the_team_s_mailbox_is_told_there_once_for_all(post: Post) -> None:
    at = post.world
    spoc = at.actor("police", "spoc", "Sam Spoc")
    bob = post.enrol("police", "practitioner", "Bob Box", "bob@police.example")
    with at.doors.log.transaction(at.session):
        at.assign(post.case, bob)
    for who in (post.ada, bob):
        notifying.wish(at.session, at.doors, who.user, True, to_team=True)
    post.share()
    assert (post.tell(), sorted(post.box)) == (2, [ADDRESS, "bob@police.example"]), "there is none yet"
    post.box.clear()
    mailboxes.keep(at.session, at.doors, spoc, BOX, 0, ())
    post.later(DAY)
    post.share()
    assert (post.tell(), post.box) == (1, [BOX])
    assert post.tell() == 0
    post.later(DAY + 3 * HOUR)
    assert post.tell() == 0, "once a day, whatever comes"


def test_a_wish_for_none_before_the_team_is_told_is_kept(post: Post) -> None:
    at = post.world
    notifying.wish(at.session, at.doors, post.ada.user, True, to_team=True)
    mailboxes.keep(at.session, at.doors, at.actor("police", "spoc", "Sam Spoc"), BOX, 0, ())
    post.share()

    @contextmanager
    def opened() -> Iterator[Send]:
        notifying.wish(at.session, at.doors, post.ada.user, False)
        yield lambda letter: _by_a_server(post.received, letter)

    assert notifying.tell(at.session, at.doors, opened) == 0
    assert not notifying.wants(at.session, post.ada.user)
    assert not post.box


def test_who_is_away_gets_none_and_their_team_s_mailbox_does(post: Post) -> None:
    at = post.world
    spoc = at.actor("police", "spoc", "Sam Spoc")
    now = at.doors.clock()
    absences.record(at.session, at.doors, spoc, post.ada.user, now, now + 20 * DAY)
    post.share()
    assert post.tell() == 0, "there is no mailbox, and nobody writes to who is away"
    mailboxes.keep(at.session, at.doors, spoc, BOX, 0, ())
    assert (post.tell(), post.box) == (1, [BOX])


@pytest.mark.parametrize("address", ["two@police.example, three@police.example", "jörg@police.example", "a@b\n c", "@"])
def test_an_address_that_is_none_or_two_is_not_mailed_and_stops_nobody(address: str) -> None:
    server = Mock(spec=smtplib.SMTP)
    given = SimpleNamespace(mail_from="accord@barnet.example", base_url="https://accord.example")
    if not address.isascii():  # what a server without SMTPUTF8 makes of it
        server.send_message.side_effect = smtplib.SMTPNotSupportedError
    assert command._sent(server, given, Letter(address, "", False)) is Outcome.REFUSED  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "becomes"),
    [
        (smtplib.SMTPRecipientsRefused({ADDRESS: (451, b"greylisted")}), Outcome.NOT_TAKEN),
        (smtplib.SMTPRecipientsRefused({ADDRESS: (550, b"no such user")}), Outcome.REFUSED),
        (smtplib.SMTPDataError(452, b"disk full"), Outcome.NOT_TAKEN),
        (smtplib.SMTPDataError(554, b"spam"), Outcome.REFUSED),
    ],
)
def test_what_a_server_does_not_take_for_now_is_no_bad_address(error: Exception, becomes: Outcome) -> None:
    server, given = Mock(spec=smtplib.SMTP), SimpleNamespace(mail_from="a@b.example", base_url="https://b.example")
    server.send_message.side_effect = error
    assert command._sent(server, given, Letter(ADDRESS, "", False)) is becomes  # type: ignore[arg-type]


class Busy(Message):
    """Takes nothing at first, and hangs up."""

    turned_away = False

    def __init__(self) -> None:
        super().__init__()
        self.mails: list[str] = []

    def handle_message(self, message: object) -> None:
        self.mails.append(str(message))

    async def handle_RCPT(
        self, server: object, session: object, envelope: object, address: str, options: object
    ) -> str:
        if not self.turned_away:
            self.turned_away = True
            return "421 too busy"
        envelope.rcpt_tos.append(address)  # type: ignore[attr-defined]
        return "250 OK"


def test_a_real_server_that_is_busy_gets_each_mail_later_and_once(post: Post) -> None:
    bob = post.enrol("police", "practitioner", "Bob Busy", "bob@police.example")
    with post.world.doors.log.transaction(post.world.session):
        post.world.assign(post.case, bob)
    post.share()
    busy, at = Busy(), post.world
    controller = Controller(busy, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        address = f"smtp://127.0.0.1:{controller.port}"
        given = replace(at.settings, smtp_url=address, mail_from="accord@portal.example", demo=True)

        def run() -> int:
            return notifying.tell(at.session, post.world.doors, lambda: command.server(given))

        assert (run(), busy.mails) == (0, []), "it hung up at the first, and heard nothing of the second"
        post.later(2 * notices.PAUSE)
        assert run() == 2
        post.later(2 * HOUR)
        assert run() == 0
    finally:
        controller.stop()
    assert sorted(ADDRESS in mail for mail in busy.mails) == [False, True]


def test_nobody_is_mailed_on_a_saturday(post: Post) -> None:
    with clock.ticking(clock.FIRST + timedelta(days=3)):
        post.share()
        assert post.tell() == 0
    with clock.ticking(clock.FIRST + timedelta(days=5)):
        assert post.tell() == 1, "on Monday, of what Saturday brought"


def test_of_two_runs_at_once_each_person_is_mailed_by_one(post: Post) -> None:
    at, many = post.world, 12
    for number in range(many):
        who = post.enrol("police", "practitioner", f"Officer {number}", f"{number}@police.example")
        with at.doors.log.transaction(at.session):
            at.assign(post.case, who)
    post.share()
    at.session.rollback()
    together = threading.Barrier(2, timeout=60)

    @contextmanager
    def opened() -> Iterator[Send]:
        together.wait()
        yield lambda letter: _by_a_server(post.received, letter)

    def run(_: int) -> int:
        with Session(at.engine, expire_on_commit=False) as session:
            return notifying.tell(session, open_doors(at.settings, session), opened)

    with ThreadPoolExecutor(2) as pool:
        counts = list(pool.map(run, range(2)))
    assert sum(counts) == many + 1
    assert sorted(post.box) == sorted({*post.box})


class Kept(Message):
    """Keeps what a real server received."""

    def __init__(self) -> None:
        super().__init__()
        self.mails: list[str] = []

    def handle_message(self, message: object) -> None:
        self.mails.append(str(message))


def test_a_real_server_gets_a_mail_that_names_nobody(post: Post) -> None:
    kept = Kept()
    controller = Controller(kept, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        given = replace(
            post.world.settings,
            smtp_url=f"smtp://127.0.0.1:{controller.port}",
            mail_from="accord@portal.example",
            demo=True,
        )
        post.share()
        at = post.world
        assert notifying.tell(at.session, at.doors, lambda: command.server(given)) == 1
    finally:
        controller.stop()
    (mail,) = kept.mails
    assert f"To: {ADDRESS}" in mail
    assert given.base_url in mail
    reference = at.session.execute(select(CaseFile.reference)).scalar()
    for word in ("Marlowe", "Dean", "appointment", "Probation", "Jo Smith", str(reference), post.case.hex):
        assert word not in mail
