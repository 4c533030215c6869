"""A borough that grew: its pages with 100 cases and with 2,000 cases and 50,000 updates, in time and in statements."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice

from sqlalchemy import event, select

from portal.db import db, now_micros
from portal.demo import seeding
from portal.demo.people import crowd, staff
from portal.demo.people import vocabulary as v
from portal.demo.people.shapes import Draft, Nominal, Steered
from portal.sharing.tables import Assignment, CaseFile
from tests.bench import pages, places
from tests.bench.caller import Caller
from tests.bench.pages import Call, Stage

BARNET = "barnet-iom"
SMALL, LARGE = 100, 2_000
UPDATES = 25
ASKED = 50  # people in so many cases are referred, the rest selected: both sizes show a full first page
AIM = 2.0


@dataclass(frozen=True)
class Page:
    """What one page cost: CPU microseconds beside the bare view's, and how many statements it asked."""

    ratio: float
    statements: int


def grown(stage: Stage) -> None:
    """Fill the borough to the small size, then to the large one; print what its pages cost, one beside the other."""
    found: list[dict[str, Page]] = []
    for had, count in ((0, SMALL), (SMALL, LARGE)):
        fill(stage, had, count)
        found.append({name: measured(stage, call) for name, call in calls(stage).items()})
    small, large = found
    print(
        f"a borough of {LARGE:,} cases with {LARGE * UPDATES:,} updates beside one of {SMALL} "
        f"(aim {AIM:.0f}, no more statements):"
    )
    for name, page in large.items():
        before = small[name]
        print(f"  {name}: {page.ratio / before.ratio:.2f}; {page.statements} statements, {before.statements} before")


def fill(stage: Stage, had: int, count: int) -> None:
    """Tell the cases between two sizes, each with its updates, its action and, for some, its referral."""
    place, today = stage.place, datetime.now(UTC).date()
    parties = {one.key: one.party for one in staff.roster()}
    told = islice(_barnet(today), had, count)
    whole = (_busy(nominal, number, today) for number, nominal in enumerate(told, start=had))
    seeding.tell(place.session, place.doors, whole, place.users, parties, now_micros())


def _barnet(today: date) -> Iterator[Nominal]:
    return (n for n in crowd.crowd(3 * LARGE, 3 * LARGE, 23, today) if n.cases[0].agreement == BARNET)


def _busy(nominal: Nominal, number: int, today: date) -> Nominal:
    [case] = nominal.cases
    drafts = list(nominal.drafts[case.reference])
    notes = [d for d in drafts if d.kind == "update"]
    more = UPDATES - len(notes)
    drafts += [replace(notes[n % 2], at=_day(case.opened, today, n, more)) for n in range(more)]
    drafts.append(_action(notes[0], number, today))
    if number % (LARGE // ASKED) == 0 or number < ASKED:
        case = replace(case, state=v.REFERRED)
        drafts.append(_referral(drafts[0]))
    return Nominal(nominal.key, (case,), {case.reference: tuple(drafts)})


def _day(opened: date, today: date, number: int, of: int) -> datetime:
    noon = datetime(opened.year, opened.month, opened.day, 12, tzinfo=UTC)
    return noon + timedelta(days=(today - opened).days * number // of)


def _action(note: Draft, number: int, today: date) -> Draft:
    """For whoever wrote the note; due for the first hundred cases, later for the rest, as a team would keep it."""
    due = today + timedelta(days=3 if number < SMALL else 30)
    values = {"task": "Ring the hostel about the curfew", "due_on": due.isoformat()}
    return Draft(
        "action", note.label, note.owner, note.at, note.author, values, steered=Steered("ring", note.owner, note.author)
    )


def _referral(about: Draft) -> Draft:
    values = {"reason": "Three burglaries since the summer, released last month.", "source": "Monthly extract"}
    return Draft("referral", None, about.owner, about.at, about.author, values)


def calls(stage: Stage) -> dict[str, Call]:
    """The pages of the two people who meet most of them."""
    worker, keeper = stage.worker, stage.lister
    return {
        "home of a police officer": pages.got(worker, "/"),
        "home of the coordinator": pages.got(keeper, "/"),
        "inbox": pages.got(keeper, "/inbox"),
        "panel of its agenda": pages.got(keeper, _meeting(stage)),
        "case": pages.got(worker, _visit(stage)),
    }


def _meeting(stage: Stage) -> str:
    """A meeting so far ahead that its agenda is as full as an agenda can be."""
    keeper: Caller = stage.lister
    token = places.token_of(keeper.get("/meetings")[2])
    day = datetime.now(UTC).date() + timedelta(days=85)
    form = {"day-day": str(day.day), "day-month": str(day.month), "day-year": str(day.year), "csrf_token": token}
    status, path, answer = keeper.post("/meetings", form)
    assert status == 303, answer[:2000]
    return path


def _visit(stage: Stage) -> str:
    """A visit to the newest of the borough's cases that the police officer works on."""
    worker = stage.place.users[places.WORKER[0]]
    mine = select(Assignment.case).join(CaseFile, CaseFile.id == Assignment.case)
    mine = mine.where(Assignment.user == worker, Assignment.ends.is_(None), CaseFile.state == "open")
    case = stage.place.session.execute(mine.order_by(Assignment.case.desc()).limit(1)).scalar_one()
    stage.place.session.rollback()
    return stage.worker.get(f"/case/{case}")[1] or places.visit_of(stage.worker, case)


def measured(stage: Stage, call: Call) -> Page:
    """CPU of a page beside the bare view's, in turn, and its statements."""
    found = pages.compare((call, stage.view()[1]), 12)
    return Page(found.ratio, asked(stage, call))


def asked(stage: Stage, call: Call) -> int:
    """How many statements a warm page sends."""
    heard: list[str] = []

    def hear(*args: object) -> None:
        heard.append(str(args[2]))

    with stage.portal.app_context():
        event.listen(db.engine, "before_cursor_execute", hear)
    call()
    with stage.portal.app_context():
        event.remove(db.engine, "before_cursor_execute", hear)
    return len(heard)
