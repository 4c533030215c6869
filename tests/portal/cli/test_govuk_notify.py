"""GOV.UK Notify as a way to send: half set up it does not start, it sends once, and what it sends says nothing."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from portal.casework import notifying
from portal.casework.notices import Letter, Outcome, Send
from portal.cli import govuk_notify
from portal.cli import notifying as command
from portal.cli.govuk_notify import NotifyRefuses
from portal.config import Settings, load_settings
from portal.db import DAY, HOUR, MINUTE, now_micros
from portal.errors import Misconfigured
from tests import clock
from tests.installation import World
from tests.portal.casework.test_at_once import Urgent
from tests.portal.casework.test_notifying import ADDRESS, Post
from tests.portal.cli import notify_server
from tests.portal.cli.notify_server import KEY, LOST, TEMPLATE, Notify

REFERENCE = "b7c9d6de-56a1-5b1d-8b30-7a6a4f3f7e0c"
FIRST, AGAIN = Letter(ADDRESS, REFERENCE, False), Letter(ADDRESS, REFERENCE, True)


@pytest.fixture
def notify() -> Iterator[Notify]:
    with notify_server.running() as found:
        yield found


def configured(home: Path, key: str = KEY, mode: int = 0o600, **more: str) -> Settings:
    (home / "notify-key").write_text(key)
    os.chmod(home / "notify-key", mode)
    given = {"home": str(home), "demo": "true", "base_url": "http://127.0.0.1", "notify_template": TEMPLATE, **more}
    return load_settings({f"PORTAL_{name.upper()}": text for name, text in given.items() if text})


@pytest.fixture
def given(tmp_path: Path, notify: Notify) -> Settings:
    return configured(tmp_path, notify_url=notify.address)


def send(given: Settings, letter: Letter) -> Outcome:
    with govuk_notify.service(given) as way:
        return way(letter)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"notify_template": "", "notify_url": "https://elsewhere.example"}, "NOTIFY_TEMPLATE must name"),
        ({"notify_template": "", "notify_key_file": "/elsewhere"}, "NOTIFY_TEMPLATE must name"),
        ({"notify_template": "welcome"}, "NOTIFY_TEMPLATE must be the id"),
        ({"notify_url": "ftp://notify.example"}, "NOTIFY_URL must begin with https"),
        ({"notify_url": "http://notify.example", "demo": "", "base_url": "https://accord.example"}, "NOTIFY_URL must"),
        ({"notify_key_file": "/nowhere/key"}, "cannot read key"),
        ({"key": "accord-live-secret"}, "no API key"),
        ({"key": KEY.rpartition("-")[0]}, "no API key"),
        ({"mode": 0o644}, "can be read by others"),
        ({"smtp_url": "smtp://mail.example", "mail_from": "a@b.example"}, "two ways to send"),
    ],
)
def test_half_set_up_it_does_not_start(tmp_path, more, words):
    configured(tmp_path)
    with pytest.raises(Misconfigured, match=words) as refused:
        configured(tmp_path, **more)
    assert KEY not in str(refused.value)


def test_a_mail_is_one_template_a_link_and_a_reference(given, notify):
    assert send(given, FIRST) is Outcome.SENT
    (mail,) = notify.mails
    assert mail == {
        "email_address": ADDRESS,
        "template_id": TEMPLATE,
        "personalisation": {"link": given.base_url},
        "reference": REFERENCE,
    }
    assert set(notify.tokens[0]) == {"iss", "iat"}


def test_a_wrong_key_stops_the_run(tmp_path, notify):
    other = configured(tmp_path, KEY[:-1] + "1", notify_url=notify.address)
    with pytest.raises(NotifyRefuses, match="403"):
        send(other, FIRST)
    assert not notify.mails


def test_an_answer_that_was_lost_sends_nothing_twice(given, notify):
    notify.moods.append(LOST)
    assert send(given, FIRST) is Outcome.LATER
    assert send(given, FIRST) is Outcome.SENT
    assert len(notify.mails) == 2, "a client that does not ask sends twice: Notify takes a reference again"
    assert send(given, AGAIN) is Outcome.SENT
    assert (len(notify.mails), notify.asked) == (2, [REFERENCE])


def test_what_never_arrived_goes_at_the_next_attempt(given, notify):
    notify.moods.append(503)
    assert send(given, FIRST) is Outcome.LATER
    assert send(given, AGAIN) is Outcome.SENT
    assert len(notify.mails) == 1


def test_nothing_goes_while_nobody_can_say_what_became_of_it(given, notify):
    notify.closed = True
    assert send(given, AGAIN) is Outcome.LATER
    assert not notify.mails


def test_what_could_not_be_delivered_is_not_sent_again(given, notify):
    send(given, FIRST)
    notify.mails[0]["became"] = "permanent-failure"
    assert send(given, AGAIN) is Outcome.REFUSED
    assert len(notify.mails) == 1


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_busy_or_broken_means_later(given, notify, status):
    notify.moods.append(status)
    assert send(given, FIRST) is Outcome.LATER


def test_nobody_there_means_later(given):
    assert send(replace(given, notify_url="http://127.0.0.1:9"), FIRST) is Outcome.LATER


def test_a_bad_address_ends_that_notice_and_a_bad_template_the_run(given, notify):
    assert send(given, Letter("ada okafor", REFERENCE, False)) is Outcome.REFUSED
    with pytest.raises(NotifyRefuses, match="template"):
        send(replace(given, notify_template=REFERENCE), FIRST)
    assert not notify.mails


class Run(Post):
    """A morning whose mails go by this Notify."""

    def __init__(self, world: World, given: Settings) -> None:
        super().__init__(world)
        self.given = given

    def by_notify(self) -> int:
        @contextmanager
        def opened() -> Iterator[Send]:
            with govuk_notify.service(self.given) as way:
                yield way

        return notifying.tell(self.world.session, self.world.doors, opened)


def test_a_run_goes_on_where_the_last_one_broke_off(world, given, notify):
    """Lost answer, then busy, then gone: over all runs each person gets one mail, and tomorrow starts afresh."""
    run = Run(world, given)
    run.enrol("police", "practitioner", "Bob Bounce", "bob@police.example")
    bob = world.actor("police", "practitioner", "Bob Bounce")
    with world.doors.log.transaction(world.session):
        world.assign(run.case, bob)
    run.share()
    notify.moods.extend([LOST, 429])
    assert run.by_notify() == 0
    assert run.by_notify() == 0, "each attempt has its pause"
    run.later(6 * MINUTE)
    assert run.by_notify() == 2
    assert sorted(m["email_address"] for m in notify.mails) == [ADDRESS, "bob@police.example"]
    assert len({m["reference"] for m in notify.mails}) == 2
    run.later(2 * HOUR)
    assert run.by_notify() == 0
    run.later(DAY)
    assert run.by_notify() == 0, "they were told until the first attempt, and nothing came since"
    run.share()
    assert run.by_notify() == 2
    words = " ".join(str(m["personalisation"]) + m["reference"] for m in notify.mails)
    assert not any(word in words for word in ("Dean", "Marlowe", "Probation", run.case.hex, run.ada.user.hex))


def test_who_says_never_meanwhile_gets_nothing_more(world, given, notify):
    run = Run(world, given)
    run.share()
    notify.moods.append(429)
    run.by_notify()
    notifying.wish(world.session, world.doors, run.ada.user, False)
    run.later(HOUR)
    assert run.by_notify() == 0
    assert not notify.mails
    assert not notify.asked


def test_where_everything_is_put_off_a_run_stops_and_the_rest_loses_nothing(world, given, notify):
    run = Run(world, given)
    for number in range(5):
        who = run.enrol("police", "practitioner", f"Officer {number}", f"{number}@police.example")
        with world.doors.log.transaction(world.session):
            world.assign(run.case, who)
    run.share()
    notify.moods.extend([429] * 6)
    assert run.by_notify() == 0
    assert len(notify.tokens) == 3, "six waited"
    notify.moods.clear()
    assert run.by_notify() == 3, "those that were not begun"
    with clock.ticking(clock.FIRST + timedelta(days=1)):
        run.world.doors = replace(run.world.doors, clock=now_micros)
        assert run.by_notify() == 3, "of those put off, tomorrow's notice tells"


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_the_command_tells_at_once_what_cannot_wait_and_the_morning_says_it_no_more(world, notify):
    """`portal notify --at-once` and `portal notify`, one after the other, by one Notify."""
    urgent = Urgent(world)
    urgent.share()
    urgent.opens()
    urgent.asks()
    world.session.rollback()
    environ = {
        "PORTAL_HOME": str(world.settings.home),
        "PORTAL_DEMO": "true",
        "PORTAL_LOG_ORIGIN": "tests.invalid/log",
        "PORTAL_BASE_URL": "http://127.0.0.1",
        "PORTAL_NOTIFY_TEMPLATE": TEMPLATE,
        "PORTAL_NOTIFY_URL": notify.address,
    }
    (world.settings.home / "notify-key").write_text(KEY)
    os.chmod(world.settings.home / "notify-key", 0o600)

    def run(*options: str) -> str:
        return CliRunner().invoke(command.notify, options, env=environ, catch_exceptions=False).output

    assert run("--at-once") == "1 mails sent.\n"
    assert run("--at-once") == run() == "0 mails sent.\n"
    (mail,) = notify.mails
    assert (mail["email_address"], mail["personalisation"]) == (ADDRESS, {"link": "http://127.0.0.1"})
    assert urgent.case.hex not in str(mail)
