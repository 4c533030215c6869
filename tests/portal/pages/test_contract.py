"""Contracts: recorded by whom somebody acts for, counted at the next request, ended early, never overwritten."""

import re
import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import delete, event, select, text

from portal.audit.tables import ENTRY
from portal.auth import capacities
from portal.auth import contracts as kept
from portal.auth.errors import CapacityRefused
from portal.auth.tables import ContractPeriod
from portal.db import DAY, db, now_micros, to_micros
from portal.errors import Conflict, NotFound
from portal.sharing import contracts, said
from portal.sharing.logbook import one
from tests import clock
from tests.installation import CONTRACTED, IDENTITY
from tests.portal.pages.visitor import Visitor

TODAY = clock.FIRST.date()
BRIDGES, SAFETY = "barnet_bridges", "barnet_safety"
NOTE = {"probation update@behaviour": {"text": "CANARY-NOTE", "nature": "Fact"}}
UNKNOWN, COVERS_NOT = "has been recorded yet", "is recorded for today"
CALLED = "CANARY-CONTRACT 12 of 2026"


def day(name, when):
    if when is None:
        return {f"{name}-day": "", f"{name}-month": "", f"{name}-year": ""}
    return {f"{name}-day": when.day, f"{name}-month": when.month, f"{name}-year": when.year}


def form(first=TODAY, last=TODAY + timedelta(days=364), **more):
    return {"called": CALLED, **day("starts", first), **day("ends", last), **more}


def rows(world, party=BRIDGES):
    world.session.rollback()
    query = select(ContractPeriod).where(ContractPeriod.party == party).order_by(ContractPeriod.recorded_at)
    return list(world.session.scalars(query))


def forget(world, party=BRIDGES):
    """As where nobody ever recorded a contract of theirs."""
    with world.doors.log.transaction(world.session) as tx:
        tx.session.execute(delete(ContractPeriod).where(ContractPeriod.party == party))


def period(world, starts, ends, party=BRIDGES):
    forget(world, party)
    with world.doors.log.transaction(world.session) as tx:
        kept.install(tx, party, SAFETY, starts, ends, None, now_micros())


@pytest.fixture
def mentor(world):
    return world.actor(BRIDGES, "practitioner", "Mona Mentor")


@pytest.fixture
def authority(web, world):
    """The administrator of whom Bridges acts for."""
    web.sign_in(world.actor(SAFETY, "admin", "Sam Admin"))
    return web


@pytest.fixture
def browser(authority, world, mentor):
    """The mentor, at another worker's browser."""
    found = type(authority)(authority.app, world)
    found.sign_in(mentor)
    return found


@pytest.fixture
def case(world, mentor):
    return world.case({**IDENTITY, **NOTE}, assigned=[mentor])


def hidden(browser, path):
    """The hidden fields of the form at a path, but the token."""
    browser.get(path)
    found = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', browser.last.text))
    return {name: value for name, value in found.items() if name != "csrf_token"}


def listed(browser):
    return "Marlowe" in (browser.get("/"), browser.text)[1]


def why(browser):
    """What the home page says of the contract."""
    browser.get("/")
    return browser.text if "No contract is in force" in browser.text else ""


def test_what_they_are_shown_follows_the_contract_at_the_next_request(world, authority, browser, mentor, case):
    visitor = Visitor(world, mentor)
    visit = visitor.open(case, "pathways")
    assert "CANARY-NOTE" in visitor.get(visit)
    assert listed(browser)
    assert why(browser) == ""
    [running] = rows(world)
    assert authority.post(f"/contracts/{running.id}/end", {"why": "Tender lost"}).status_code == 303
    assert not listed(browser)
    assert COVERS_NOT in why(browser)
    assert "(clause 9.36)" in browser.text
    assert "Ask the administrator of Community Safety" in browser.text
    shut = visitor.get(visit)
    assert "CANARY-NOTE" not in shut, "a visit that is open does not outlive the contract"
    assert "clause 9.36" in shut
    assert "Ask the administrator of Community Safety" in shut, "the case names whom to ask as the home page does"
    assert "Ask the administrator of Community Safety" in visitor.get("/search")
    assert authority.post(f"/contracts/{BRIDGES}/record", form()).status_code == 303
    assert listed(browser)
    assert why(browser) == ""
    assert "CANARY-NOTE" in visitor.get(visit)
    assert "No contract is in force" not in visitor.get(visit)
    assert "No contract is in force" not in visitor.get("/search")
    assert [(r.id == running.id, r.ended_at is None) for r in rows(world)] == [(True, False), (False, True)]


@pytest.mark.parametrize(
    ("starts", "ends", "open_to", "words"),
    [
        (-10, None, True, ""),
        (-10, 1, True, ""),
        (-10, -1, False, COVERS_NOT),
        (1, 20, False, COVERS_NOT),
        (None, None, False, UNKNOWN),
    ],
    ids=["open end", "runs", "ran out", "has not begun", "unknown"],
)
def test_it_counts_on_the_days_that_a_period_covers_and_on_no_others(
    world, browser, case, starts, ends, open_to, words
):
    now = now_micros()
    if starts is None:
        forget(world)
    else:
        period(world, now + starts * DAY, ends if ends is None else now + ends * DAY)
    assert listed(browser) is open_to
    assert words in why(browser)
    assert bool(why(browser)) is not open_to


def test_a_case_says_which_clause_withholds_it_while_nothing_was_ever_recorded(world, mentor, case):
    visitor = Visitor(world, mentor)
    visit = visitor.open(case, "pathways")
    assert "clause 9.36" not in visitor.get(visit)
    forget(world)
    told = visitor.get(visit)
    assert "CANARY-NOTE" not in told
    assert "Marlowe" not in told
    assert "only when your agency acts for an authority under a written contract recorded as in force" in told
    assert "clause 9.36" in told


def test_it_runs_out_by_itself_with_its_last_day(world, authority, browser, case):
    forget(world)
    assert authority.post(f"/contracts/{BRIDGES}/record", form(last=TODAY + timedelta(days=2))).status_code == 303
    [made] = rows(world)
    assert listed(browser)
    with clock.ticking(clock.FIRST + timedelta(days=2)):
        browser.sign_in(browser.world.actor(BRIDGES, "practitioner", "Mona Mentor"))
        assert listed(browser), "the last day counts"
    with clock.ticking(clock.FIRST + timedelta(days=3)):
        browser.sign_in(browser.world.actor(BRIDGES, "practitioner", "Mona Mentor"))
        assert not listed(browser)
        assert COVERS_NOT in why(browser)
        assert made.ended_at is None, "nobody ended it"


def test_only_the_party_they_act_for_records_it(world, authority):
    before = [r.id for r in rows(world)]
    for party in (BRIDGES, "police", "barnet_housing"):
        authority.sign_in(world.actor(party, "admin", "Other Admin"))
        assert authority.post(f"/contracts/{BRIDGES}/record", form()).status_code == 404
        assert authority.get(f"/contracts/{BRIDGES}/record").status_code == 404
        assert authority.get(f"/contracts/{before[0]}/end").status_code == 404
        assert authority.post(f"/contracts/{before[0]}/end", {"why": "Because"}).status_code == 404
    for role in ("coordinator", "dpo"):
        authority.sign_in(world.actor(SAFETY, role, "No Admin"))
        assert authority.post(f"/contracts/{BRIDGES}/record", form()).status_code == 403
    authority.sign_in(world.actor(SAFETY, "admin", "Sam Admin"))
    for nobody in ("police", "brent_bridges", "nobody"):
        assert authority.post(f"/contracts/{nobody}/record", form()).status_code == 404
    assert [r.id for r in rows(world)] == before
    assert rows(world)[0].ended_at is None


def test_both_administrators_read_it_and_the_other_one_changes_nothing(world, authority):
    forget(world)
    assert "None recorded" in (authority.get("/contracts"), authority.text)[1]
    authority.post(f"/contracts/{BRIDGES}/record", form())
    assert "Recorded for Barnet Bridges" in (authority.get("/contracts"), authority.text)[1]
    [made] = rows(world)
    authority.post(f"/contracts/{made.id}/end", {"why": "CANARY-WHY they closed"})
    page = (authority.get("/contracts"), authority.last.text)[1]
    assert f"/contracts/{made.id}/end" not in page
    for reader in (authority, theirs(authority, world)):
        reader.get("/contracts")
        assert CALLED in reader.text
        assert "CANARY-WHY they closed" in reader.text
        assert "25 November 2026 to 24 November 2027" in reader.text
        assert reader.text.count("by Sam Admin") == 2
        assert "ended on 25 November 2026" in reader.text
    assert "/record" not in reader.last.text
    assert "Contracts of those" in (reader.get("/"), reader.text)[1]
    reader.sign_in(world.actor("police", "admin", "Paula Admin"))
    assert CALLED not in (reader.get("/contracts"), reader.text)[1]
    assert "/contracts" not in (reader.get("/"), reader.last.text)[1]


def theirs(web, world):
    found = type(web)(web.app, world)
    found.sign_in(world.actor(BRIDGES, "admin", "Bea Admin"))
    return found


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"called": " "}, "Say what you call the contract"),
        ({"called": "\u200b\u202e"}, "Say what you call the contract"),
        ({"called": "x" * 201}, "at most 200 characters"),
        (day("starts", None), "The first day must be a real date"),
        ({"starts-month": "13"}, "The first day must be a real date"),
        ({"starts-year": "0001"}, "The first day must be a real date"),
        ({"ends-day": ""}, "Leave it empty if there is none"),
        ({"ends-year": "2999"}, "Leave it empty if there is none"),
        (day("ends", TODAY - timedelta(days=1)), "must be today or later"),
        (day("starts", TODAY + timedelta(days=500)), "not before the first"),
    ],
)
def test_what_is_wrong_is_named_and_what_was_typed_is_kept(world, authority, more, words):
    before = len(rows(world))
    assert authority.post(f"/contracts/{BRIDGES}/record", form(**more)).status_code == 422
    assert words in authority.text
    assert "CANARY-CONTRACT" in authority.last.text or "called" in more
    assert len(rows(world)) == before


def test_a_contract_may_have_no_last_day_and_ends_with_a_reason_once(world, authority):
    forget(world)
    authority.post(f"/contracts/{BRIDGES}/record", form(last=None))
    [made] = rows(world)
    assert made.ends is None
    assert "It has no last day." in (authority.get("/contracts"), authority.text)[1]
    assert authority.post(f"/contracts/{made.id}/end", {"why": " "}).status_code == 422
    assert "Say why it ends" in authority.text
    assert authority.post(f"/contracts/{made.id}/end", {"why": "First"}).status_code == 303
    assert authority.post(f"/contracts/{made.id}/end", {"why": "Second"}).status_code == 303
    authority.get("/contracts")
    assert "Nothing was changed" in authority.text
    assert "First" in authority.text
    assert "Second" not in authority.text
    assert "has ended already" in (authority.get(f"/contracts/{made.id}/end"), authority.text)[1]


def test_the_same_form_twice_records_one_period_and_another_form_another(world, authority):
    forget(world)
    path = f"/contracts/{BRIDGES}/record"
    sent = hidden(authority, path)
    for _ in range(2):
        assert authority.post(path, form(**sent)).status_code == 303
    assert len(rows(world)) == 1, "whoever ends it would leave the second one open"
    assert [told[0] for told in authority.logged()].count("contract-recorded") == 1
    assert authority.post(path, form(first=TODAY + timedelta(days=3), **sent)).status_code == 303
    assert authority.post(path, form(**sent, called="Another")).status_code == 303
    assert authority.post(path, form(**hidden(authority, path))).status_code == 303
    assert len(rows(world)) == 4, "what was changed on it, or begun anew, is no repetition"
    assert authority.post(f"/contracts/{rows(world)[0].id}/end", {"why": "Wrong year"}).status_code == 303
    assert authority.post(path, form(**sent)).status_code == 422
    assert "was sent before, and what it recorded was ended since" in authority.text
    assert len(rows(world)) == 4


def test_who_ends_one_of_two_is_told_that_the_other_runs_on(world, authority, browser, case):
    [first] = rows(world)
    assert authority.post(f"/contracts/{BRIDGES}/record", form()).status_code == 303
    assert authority.post(f"/contracts/{first.id}/end", {"why": "Tender lost"}).status_code == 303
    assert "so Bridges is still shown what is given" in (authority.get("/contracts"), authority.text)[1]
    assert listed(browser)
    second = rows(world)[-1]
    assert authority.post(f"/contracts/{second.id}/end", {"why": "Tender lost"}).status_code == 303
    assert "Ended. It counts from the next request on." in (authority.get("/contracts"), authority.text)[1]
    assert "still shown" not in authority.text
    assert not listed(browser)


def test_what_was_ended_before_it_began_never_ran(world, authority):
    now = now_micros()
    period(world, now + 3 * DAY, now + 9 * DAY)
    [coming] = rows(world)
    assert authority.post(f"/contracts/{coming.id}/end", {"why": "Wrong year"}).status_code == 303
    assert "was ended before it began" in (authority.get("/contracts"), authority.text)[1]
    assert "was ended before it began" in (authority.get("/"), authority.text)[1]
    with world.doors.log.transaction(world.session) as tx:
        kept.install(tx, BRIDGES, SAFETY, now - 9 * DAY, now - 4 * DAY, None, now)
    assert "The contract of Barnet Bridges ended on 21 November 2026." in (authority.get("/"), authority.text)[1]


def test_a_look_names_in_the_log_who_recorded_and_ended_what_it_shows(world, monkeypatch):
    sam, ola = world.actor(SAFETY, "admin", "Sam Admin"), world.actor(SAFETY, "admin", "Ola Admin")
    made = contracts.record(world.session, world.doors, sam, BRIDGES, "Mentoring", now_micros(), None)
    contracts.end(world.session, world.doors, ola, made, "Wrong year")
    named, plain = [], said.entry

    def entry(*args, **more):
        named.append({subject.person for subject in more["subjects"]})
        return plain(*args, **more)

    monkeypatch.setattr(said, "entry", entry)
    contracts.everything(world.session, world.doors, world.actor(BRIDGES, "admin", "Bea Admin"))
    contracts.one(world.session, world.doors, sam, made)
    assert named == [{sam.user, ola.user}] * 2


@pytest.mark.parametrize("role", ["signatory", "analyst"])
def test_a_role_to_which_a_contract_opens_nothing_is_told_of_none(world, authority, role):
    authority.sign_in(world.actor(BRIDGES, role, "Sid Signatory"))
    assert why(authority) == "", "a contract is in force"
    authority.sign_in(world.actor(BRIDGES, "attendee", "Ada Attendee"))
    assert why(authority) == ""
    forget(world)
    assert UNKNOWN in why(authority)


def test_an_administrator_whose_role_has_ended_records_and_ends_nothing(world):
    sam, other = world.actor(SAFETY, "admin", "Sam Admin"), world.actor(SAFETY, "admin", "Ola Admin")
    now = now_micros()
    [running] = rows(world)
    with world.doors.log.transaction(world.session) as tx:
        capacities.end(tx, other, sam.capacity, now)
    with pytest.raises(NotFound):
        contracts.record(world.session, world.doors, sam, BRIDGES, "x", now, None)
    with pytest.raises(NotFound):
        contracts.end(world.session, world.doors, sam, running.id, "Gone")
    with pytest.raises(NotFound):
        contracts.everything(world.session, world.doors, sam)
    with pytest.raises(NotFound):
        contracts.one(world.session, world.doors, sam, running.id)
    assert [(r.id, r.ended_at) for r in rows(world)] == [(running.id, None)]


def test_the_last_day_ends_with_the_day_of_london_in_summer_as_in_winter(world, authority, browser, case):
    for year, month, hours in ((2027, 6, 23), (2027, 1, 24)):
        forget(world)
        last = date(year, month, 30)
        authority.sign_in(world.actor(SAFETY, "admin", "Sam Admin"))
        assert authority.post(f"/contracts/{BRIDGES}/record", form(last=last)).status_code == 303
        end = datetime(year, month, 30, tzinfo=UTC) + timedelta(hours=hours)
        [made] = rows(world)
        assert made.ends == to_micros(end), "an hour before the midnight of UTC in summer"
        for moment, shown in ((end - timedelta(minutes=1), True), (end, False)):
            with clock.ticking(moment):
                browser.sign_in(world.actor(BRIDGES, "practitioner", "Mona Mentor"))
                assert listed(browser) is shown


def test_the_administrator_is_told_before_it_runs_out(world, authority):
    assert "Contract of" not in (authority.get("/"), authority.text)[1]
    now = now_micros()
    told = (
        ((now - DAY, now + 20 * DAY), "The contract of Barnet Bridges runs out on"),
        ((now - 9 * DAY, now - 3 * DAY), "The contract of Barnet Bridges ended on"),
        ((now + 3 * DAY, None), "The contract of Barnet Bridges begins on"),
    )
    for days, words in told:
        period(world, *days)
        assert words in (authority.get("/"), authority.text)[1]
    forget(world)
    assert "No contract of Barnet Bridges is recorded" in (authority.get("/"), authority.text)[1]
    period(world, now - DAY, now + 20 * DAY)
    with world.doors.log.transaction(world.session) as tx:
        kept.install(tx, BRIDGES, SAFETY, now + 20 * DAY, now + 90 * DAY, None, now)
    assert "Barnet Bridges" not in (authority.get("/"), authority.text)[1], "the next period follows without a gap"
    with world.doors.log.transaction(world.session) as tx:
        tx.session.execute(delete(ContractPeriod).where(ContractPeriod.starts == now + 20 * DAY))
        kept.install(tx, BRIDGES, SAFETY, now + 22 * DAY, now + 90 * DAY, None, now)
    assert "runs out on" in (authority.get("/"), authority.text)[1], "a gap is a gap"


def test_the_preview_names_them_among_those_who_will_not_see_it(world, authority, case):
    officer = world.actor("probation", "practitioner", "Petra Probation")
    with world.doors.log.transaction(world.session):
        world.assign(case, officer)
    visitor = Visitor(world, officer)
    visit = visitor.open(case, "risk")
    seen, unseen = audience(visitor, visit)
    assert "Bridges" in seen
    [running] = rows(world)
    authority.post(f"/contracts/{running.id}/end", {"why": "Tender lost"})
    seen, unseen = audience(visitor, visit)
    assert "Bridges" not in seen, "the preview of the hour before is not remembered"
    assert "Bridges" in unseen
    assert "clause 9.36" in unseen
    authority.post(f"/contracts/{BRIDGES}/record", form())
    assert "Bridges" in audience(visitor, visit)[0]


def audience(visitor, visit):
    """Who is named as seeing a note about behaviour, and who as not."""
    page = visitor.get(f"{visit}/update")
    about = page.split("Behaviour notes and compact", 1)[1].split("Engagement with", 1)[0]
    seen, unseen = about.split("Will not see it")
    return seen, unseen


@pytest.mark.parametrize("party", [BRIDGES, "probation"])
def test_a_page_asks_once_for_what_is_recorded_and_anew_each_time(world, case, party):
    who = world.actor(party, "practitioner", "Mona Mentor")
    with world.doors.log.transaction(world.session):
        world.assign(case, who)
    visitor = Visitor(world, who)
    visit = visitor.open(case, "pathways")
    heard = []

    def hear(*args):
        heard.append("contract_period" in args[2])

    with visitor.app.app_context():
        engine = db.engine
    for path in ("/", visit, f"{visit}/update", "/", "/search"):
        heard.clear()
        event.listen(engine, "before_cursor_execute", hear)
        visitor.get(path)
        event.remove(engine, "before_cursor_execute", hear)
        assert sum(heard) == 1, path


def test_each_recording_and_ending_stands_in_the_log_and_no_word_of_it_in_a_column(world, authority):
    forget(world)
    authority.post(f"/contracts/{BRIDGES}/record", form())
    [made] = rows(world)
    authority.post(f"/contracts/{made.id}/end", {"why": "CANARY-WHY"})
    assert authority.logged()[-1] == ("contract-ended", "permitted")
    assert ("contract-recorded", "permitted") in authority.logged()
    session = world.session
    entries = session.execute(
        select(ENTRY.c.reference, ENTRY.c.agency).where(ENTRY.c.operation.in_(["contract-recorded", "contract-ended"]))
    )
    for reference, agency in entries.all():
        assert agency == SAFETY
        whole = one.read(session, world.doors, world.actor(SAFETY, "dpo"), "s62-lawfulness", reference)
        assert isinstance(whole, one.Whole)
        told = dict(whole.said)
        assert told["Contract"] == "Barnet Bridges, from 2026-11-25 to 2027-11-24"
    for name in ("contract_period", "staff_value", ENTRY.name):
        cells = session.execute(text(f"SELECT * FROM {name}")).all()
        assert not any("CANARY" in str(cell) for row in cells for cell in row)


def test_who_records_does_so_in_a_capacity_that_still_runs(world):
    actor = world.actor(SAFETY, "admin", "Sam Admin")
    now = now_micros()
    [running] = rows(world)
    with pytest.raises(NotFound):
        contracts.record(world.session, world.doors, world.actor(BRIDGES, "admin"), BRIDGES, "x", now, None)
    with pytest.raises(NotFound):
        contracts.record(world.session, world.doors, world.actor(SAFETY, "coordinator"), BRIDGES, "x", now, None)
    with pytest.raises(CapacityRefused):
        contracts.record(world.session, world.doors, actor, BRIDGES, "x", now, now - 1)
    with pytest.raises(CapacityRefused):
        contracts.record(world.session, world.doors, actor, BRIDGES, "", now, None)
    with pytest.raises(CapacityRefused):
        contracts.end(world.session, world.doors, actor, running.id, "")
    with pytest.raises(NotFound):
        contracts.end(world.session, world.doors, actor, uuid.uuid4(), "Gone")
    contracts.end(world.session, world.doors, actor, running.id, "Gone")
    with pytest.raises(Conflict):
        contracts.end(world.session, world.doors, actor, running.id, "Again")
    assert running.starts == CONTRACTED
