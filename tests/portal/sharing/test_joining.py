"""Training, acceptable use and vetting as facts: what lacks shuts, at the next request; who records what of whom."""

import dataclasses
import uuid
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from isa.agreement import LONDON, Capacity
from portal.auth import capacities, induction, people, sessions
from portal.auth.actor import UNKNOWN, Actor, Induction
from portal.auth.errors import CapacityRefused
from portal.auth.lasting import TRAINED, USE, VETTED, WORDS
from portal.auth.sessions import Limits
from portal.db import DAY, HOUR, from_micros, now_micros
from portal.errors import NotFound, Refused
from portal.sharing import absences, emergency, facts, joining, staff
from portal.sharing.facts import CaseFacts
from portal.sharing.reading import lists, search
from portal.sharing.visits import Case
from tests import clock
from tests.installation import INDUCTED, TAGS, World

_number = count()


def starter(world: World, party: str = "police", role: str = "practitioner") -> Actor:
    """Somebody who has a role, and of whom nothing is recorded."""
    now = now_micros()
    with world.doors.log.transaction(world.session) as tx:
        user = people.register(tx.session, TAGS.identity(party, f"new-{next(_number)}"), party, now)
        staff.keep(tx.session, world.doors.keys, user, party, "Nina Newcomer", "")
        made = capacities.install(tx, user, party, role, now, None, now)
    return Actor(user, party, role, "session-new", made.id, False)


def again(world: World, actor: Actor) -> Actor:
    """The same person at their next request."""
    return dataclasses.replace(actor, induction=induction.of(world.session, actor.user, actor.party))


def lack(world: World, actor: Actor) -> list[str]:
    return [each.fact for each in joining.lacking(world.doors, actor)]


def declares(world: World, actor: Actor, case: uuid.UUID) -> bool:
    """Whether an emergency would open something."""
    try:
        emergency.propose(world.session, world.doors, actor, case)
    except (NotFound, Refused):
        return False
    return True


def known(world: World, actor: Actor, case: uuid.UUID) -> CaseFacts:
    agreement = world.doors.book.engine("barnet-iom").agreement
    file = Case(case, case, agreement.id, "", "open", "", None, None)
    return facts.of_case(world.session, agreement, actor, file, now_micros())


def record(world: World, by: Actor, of: Actor, fact: str, days: int = 300, level: str = "") -> None:
    now = now_micros()
    joining.record(world.session, world.doors, by, of.user, fact, level, now - DAY, now + days * DAY)


@pytest.fixture
def spoc(world: World) -> Actor:
    return world.actor("police", "spoc", "Jo Smith")


def test_whoever_nobody_has_recorded_sees_no_case(world: World, spoc: Actor) -> None:
    new = starter(world)
    case = world.case(assigned=[new])
    assert not {TRAINED, USE, VETTED} & known(world, new, case).known.keys()  # unknown, and not false
    assert lists.my_cases(world.session, world.doors, new).lines == ()
    assert search.boxes(world.doors, new) == frozenset()
    assert not declares(world, new, case)
    record(world, spoc, new, TRAINED)
    assert lists.my_cases(world.session, world.doors, again(world, new)).lines == ()
    joining.accept(world.session, world.doors, again(world, new), WORDS)
    assert [line.name for line in lists.my_cases(world.session, world.doors, again(world, new)).lines] == [
        "Dean Marlowe"
    ]
    assert declares(world, again(world, new), case)


@pytest.mark.parametrize("fact", [TRAINED, USE])
def test_what_ended_shuts_everything_and_an_emergency_opens_nothing(world: World, fact: str) -> None:
    officer = world.actor("police", "practitioner", "Sam Price")
    case = world.case(assigned=[officer])
    assert declares(world, officer, case)
    over = dataclasses.replace(officer, induction=INDUCTED._replace(**{fact: now_micros()}))
    assert known(world, over, case).known[fact] is False
    assert lists.my_cases(world.session, world.doors, over).lines == ()
    assert not declares(world, over, case)


def test_vetting_shuts_police_intelligence_and_nothing_else(world: World) -> None:
    officer = world.actor("police", "practitioner", "Sam Price")
    bare = dataclasses.replace(officer, induction=INDUCTED._replace(vetted=None))
    assert joining.lacking(world.doors, bare) == ()
    engine = world.doors.book.engine("barnet-iom")

    def permits(actor: Actor, field: str) -> bool:
        case = known(world, actor, world.case(assigned=[actor])).known
        view = engine.open(Capacity("police", "practitioner"), case, "risk", from_micros(now_micros()))
        return view.decide("read", field, "police").permit

    assert permits(officer, "intelligence.text")
    assert not permits(bare, "intelligence.text")
    assert permits(bare, "identifiers.pnc")


def test_the_refusal_says_what_ended_cites_the_clause_names_whom_to_ask_and_is_logged(
    world: World, spoc: Actor
) -> None:
    officer = world.actor("police", "practitioner", "Sam Price")
    world.actor("police", "admin", "Ada Admin")
    joining.require(world.session, world.doors, officer)
    over = dataclasses.replace(officer, induction=INDUCTED._replace(trained=now_micros() - 22 * DAY))
    with pytest.raises(Refused) as refused:
        joining.require(world.session, world.doors, over)
    assert refused.value.clause == "6.40"
    assert refused.value.words == "Your training in information sharing ended on 3 November 2026."
    assert refused.value.ask.startswith("Ask Jo Smith (agency SPOC) or Ada Admin (agency administrator).")
    assert refused.value.reference
    unaccepted = dataclasses.replace(officer, induction=INDUCTED._replace(use_accepted=None))
    with pytest.raises(Refused) as refused:
        joining.require(world.session, world.doors, unaccepted)
    assert refused.value.clause == "6.41"


def test_roles_without_content_and_the_monthly_file_are_asked_for_nothing(world: World) -> None:
    for party, role in (("police", "admin"), ("police", "dpo"), ("probation", "feed")):
        actor = dataclasses.replace(world.actor(party, role), induction=UNKNOWN)
        assert joining.own(world.doors, actor) == ()
        joining.require(world.session, world.doors, actor)


def test_it_counts_at_the_next_request_because_the_session_reads_it(either: World) -> None:
    """One statement finds the session, the capacity and what is recorded: whichever worker asks."""
    world, spoc = either, either.actor("police", "spoc", "Jo Smith")
    new, limits = starter(world), Limits(HOUR, 9 * HOUR, HOUR)
    by = sessions.SignedInBy("police", b"i" * 32, None, None, "token")
    with world.doors.log.transaction(world.session) as tx:
        fresh = sessions.create(tx.session, new.user, by, new.capacity, now_micros() + HOUR, now_micros())

    def at_next_request() -> Induction:
        world.session.rollback()
        state = sessions.resolve(world.session, fresh.cookie, limits, now_micros())
        assert state
        assert state.actor
        return state.actor.induction

    assert at_next_request() == UNKNOWN
    record(world, spoc, new, TRAINED)
    trained = at_next_request().trained
    assert trained
    assert at_next_request().vetted is None
    record(world, spoc, new, VETTED, level="nppv2")
    assert at_next_request().vetted
    record(world, spoc, new, TRAINED, days=-1)  # corrected: it ended yesterday
    assert at_next_request().trained < trained
    assert lack(world, again(world, new)) == [TRAINED, USE]


def test_it_holds_for_the_party_that_recorded_it_alone(world: World, spoc: Actor) -> None:
    new = starter(world)
    record(world, spoc, new, TRAINED)
    assert induction.of(world.session, new.user, "police").trained
    assert induction.of(world.session, new.user, "probation") == UNKNOWN


def test_whoever_accepted_other_words_has_not_accepted_these(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    new = starter(world)
    with pytest.raises(CapacityRefused):
        joining.accept(world.session, world.doors, new, "words of last year")
    monkeypatch.setattr(induction, "WORDS", "words of last year")
    with world.doors.log.transaction(world.session) as tx:
        induction.accept(tx, new, now_micros() + DAY, now_micros())
    monkeypatch.undo()
    assert again(world, new).induction.use_accepted is None


def test_every_record_stays_with_who_made_it(world: World, spoc: Actor) -> None:
    new = starter(world)
    record(world, spoc, new, TRAINED, days=10)
    record(world, spoc, new, TRAINED, days=300)
    record(world, spoc, new, VETTED, level="recruitment")
    joining.accept(world.session, world.doors, again(world, new), WORDS)
    mine = joining.mine(world.session, world.doors, again(world, new))
    theirs = joining.one(world.session, world.doors, spoc, new.user)
    assert [(p.fact, p.by) for p in mine.past] == [
        (USE, "Nina Newcomer"),
        (VETTED, "Jo Smith"),
        (TRAINED, "Jo Smith"),
        (TRAINED, "Jo Smith"),
    ]
    assert theirs.past == mine.past
    assert theirs.past[1].level == "Police recruitment vetting"


def test_nobody_records_for_themselves_for_another_party_or_without_the_role(world: World, spoc: Actor) -> None:
    new = starter(world)
    colleague, admin = world.actor("police", "practitioner", "Sam Price"), world.actor("police", "admin", "Ada Admin")
    with pytest.raises(CapacityRefused):
        record(world, spoc, spoc, TRAINED)
    with pytest.raises(CapacityRefused):
        record(world, spoc, new, USE)  # it is accepted by the person alone
    with pytest.raises(CapacityRefused):
        record(world, spoc, new, VETTED, level="dbs")
    with pytest.raises(CapacityRefused):
        record(world, spoc, new, TRAINED, days=400)
    for by in (colleague, new, world.actor("probation", "spoc"), world.actor("probation", "admin")):
        with pytest.raises(NotFound):
            record(world, by, new, TRAINED)
        with pytest.raises(NotFound):
            joining.one(world.session, world.doors, by, new.user)
    record(world, admin, new, TRAINED)
    assert again(world, new).induction.trained


def test_the_party_sees_who_lacks_what_and_how_many_end_soon(either: World) -> None:
    world, spoc = either, either.actor("police", "spoc", "Jo Smith")
    new = starter(world)
    world.actor("police", "practitioner", "Sam Price")
    world.actor("police", "dpo", "Dora Dpo")
    found = joining.everyone(world.session, world.doors, spoc)
    assert [m.name for m in found.members] == ["Jo Smith", "Nina Newcomer", "Sam Price"]
    waits = joining.waits(world.session, world.doors, spoc, now_micros() + 30 * DAY)
    assert (waits.requests, waits.shut, waits.ending) == (0, 1, 0)
    record(world, spoc, new, TRAINED, days=20)
    joining.accept(world.session, world.doors, again(world, new), WORDS)
    waits = joining.waits(world.session, world.doors, spoc, now_micros() + 30 * DAY)
    assert (waits.shut, waits.ending) == (0, 1)


@pytest.mark.parametrize("begins", [datetime(2026, 11, 25, 10, tzinfo=UTC), datetime(2027, 10, 30, 22, 59, tzinfo=UTC)])
def test_what_is_accepted_holds_until_its_last_day_is_over_in_london(world: World, begins: datetime) -> None:
    """Also across a change of the clocks: it never ends in the middle of the day that the page calls its last."""
    with clock.ticking(begins):
        new = starter(world)
        joining.accept(world.session, world.doors, new, WORDS)
        ends, told = again(world, new).induction.use_accepted, joining.own(world.doors, again(world, new))
    assert ends is not None
    london = from_micros(ends).astimezone(LONDON)
    assert (london.hour, london.minute) == (0, 0)
    assert next(h.until for h in told if h.fact == USE) == begins.astimezone(LONDON).date() + timedelta(days=365)


def test_the_spoc_is_told_thirty_days_before_vetting_ends_too(either: World) -> None:
    """Clause 9.24 says "one of them", whether or not it shuts everything."""
    world, spoc = either, either.actor("police", "spoc", "Jo Smith")
    officer, now = world.actor("police", "practitioner", "Sam Price"), now_micros()
    record(world, spoc, officer, VETTED, days=20, level="nppv2")
    assert joining.waits(world.session, world.doors, spoc, now + 30 * DAY).ending == 1
    record(world, spoc, officer, VETTED, days=40, level="nppv2")
    assert joining.waits(world.session, world.doors, spoc, now + 30 * DAY).ending == 0
    record(world, spoc, officer, VETTED, days=-0, level="nppv2")
    assert joining.waits(world.session, world.doors, spoc, now_micros() + 30 * DAY).ending == 0, "it has ended"


def test_nobody_is_sent_to_a_spoc_who_is_away_or_not_there_yet(world: World, spoc: Actor) -> None:
    admin, new = world.actor("police", "admin", "Ada Admin"), starter(world)
    coming, now = starter(world, role="lead"), now_micros()
    with world.doors.log.transaction(world.session) as tx:
        capacities.install(tx, coming.user, "police", "spoc", now + DAY, None, now)
    absences.record(world.session, world.doors, admin, spoc.user, now_micros(), now_micros() + DAY)
    with pytest.raises(Refused) as refused:
        joining.require(world.session, world.doors, again(world, new))
    assert refused.value.ask.startswith("Ask Ada Admin (agency administrator). ")
    assert joining.mine(world.session, world.doors, again(world, new)).ask == ("Ada Admin, agency administrator",)
