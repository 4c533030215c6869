"""The four pages, ours and bare, as pairs of calls that do the same for the same person."""

import uuid
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from typing import Any

from flask import Flask, template_rendered
from jinja2 import Template
from sqlalchemy import insert

from portal.audit import sequencer
from portal.db import new_id
from portal.demo.people.shapes import Nominal
from portal.pages.limits import limiter
from portal.sharing.reading import case as case_reading
from portal.sharing.reading import lists
from tests.bench import bare, places
from tests.bench.caller import Caller
from tests.bench.places import Place
from tests.bench.timing import Pair, block, pair

DUE = "/?review=1"
UPDATE = {
    "kind": "behaviour",
    "nature": "Fact",
    "text": "Seen at the hostel this morning, settled, has the key to his own room. Worker to call on Tuesday.",
    "source": "Home visit",
    "happened-day": "2",
    "happened-month": "11",
    "happened-year": "2026",
}
Call = Callable[[], object]


@dataclass
class Stage:
    """Both applications over one installation, with browsers where they are wanted and what each is to call."""

    place: Place
    portal: Flask
    plain: Flask
    worker: Caller
    lister: Caller
    plain_caller: Caller
    visit: str
    write_visit: str
    plain_case: str
    words: bare.Words

    def view(self) -> tuple[Call, Call]:
        """A case."""
        return got(self.worker, self.visit), got(self.plain_caller, self.plain_case)

    def fifty(self) -> tuple[Call, Call]:
        """The list of fifty and nothing else: the coordinator's cases that are due for review."""
        return got(self.lister, DUE), got(self.plain_caller, DUE)

    def home(self) -> tuple[Call, Call]:
        """The coordinator's home: the list of fifty, and above it who comes out, who turns 18, what waits."""
        return got(self.lister, "/"), got(self.plain_caller, "/")

    def update(self, then_view: bool) -> tuple[Call, Call]:
        """Sharing an update; `then_view`: with the page it leads to."""

        def post(caller: Caller, path: str) -> Call:
            form = {**UPDATE, "csrf_token": places.token_of(caller.get(path)[2])}

            def call() -> None:
                status, location, answer = caller.post(f"{path}/update", {**form, "once": str(uuid.uuid4())})
                assert status == 303, answer[:2000]
                if then_view:
                    assert caller.get(location)[0] == 200

            return call

        return post(self.worker, self.write_visit), post(self.plain_caller, self.plain_case)

    def search(self, told: list[Nominal]) -> tuple[Call, Call]:
        """A search by PNC with its page of results: each asks twice, once with the number and once for the page."""
        numbers = [pnc_of(nominal) for nominal in told]

        def asked(caller: Caller) -> Call:
            wanted, token = cycle(numbers), places.token_of(caller.get("/")[2])

            def call() -> None:
                form = {"by": "number", "number": next(wanted), "csrf_token": token}
                status, location, answer = caller.post("/search", form)
                assert status == 303, answer[:2000]
                status, _, answer = caller.get(location)
                assert b"1 case found" in answer, answer[:6000]

            return call

        return asked(self.worker), asked(self.plain_caller)

    def sequencing(self) -> float:
        """CPU microseconds of the sequencer for one entry, when it drains about a second's worth at a time."""
        session, signer = self.place.session, self.place.doors.log.signer(self.place.session, "tests.invalid/log")
        sequencer.drain(session, signer)
        view = self.view()[0]
        for _ in range(60):
            view()
        return block(lambda: sequencer.drain(session, signer), 1) / 60


def got(caller: Caller, path: str) -> Call:
    """Asking for a page."""

    def call() -> None:
        status, _, answer = caller.get(path)
        assert status == 200, answer[:2000]

    return call


def pnc_of(nominal: Nominal) -> str:
    """The PNC of an invented person."""
    return next(d.values["pnc"] for drafts in nominal.drafts.values() for d in drafts if d.values.get("pnc"))


@contextmanager
def stage(place: Place, compared: Collection[str] = ("view", "list", "home")) -> Iterator[Stage]:
    """Build both applications over an installation; the bare one's rows are what ours disclosed. The pages that are
    to be `compared` must be the same."""
    app = places.portal_of(place)
    places.due_for_review(place)
    worker, who = places.signed_in(place, app, places.WORKER)
    lister, coordinator = places.signed_in(place, app, places.LISTER)
    visit = places.visit_of(worker, places.case_of(place, "rudd"))
    write_visit = places.visit_of(worker, places.case_of(place, "hylton"))
    d = case_reading.case(place.session, place.doors, who, uuid.UUID(visit.rpartition("/")[2]))
    listed = lists.my_cases(place.session, place.doors, coordinator)
    fronts = {path: told(app, lister, path, "home.html") for path in ("/", DUE)}
    words = bare.Words(d, listed, told(app, worker, visit, "case.html"), fronts["/"], fronts[DUE])
    place.session.rollback()
    with place.session.begin():
        identity = bare.fill(place.session.connection(), words)
    plain = bare.create(place.settings, words)
    made = Stage(place, app, plain, worker, lister, Caller(plain), visit, write_visit, f"/case/{identity}", words)
    same(made, compared)
    yield made
    places.closed(app)
    places.closed(plain)


def told(app: Flask, caller: Caller, path: str, page: str) -> dict[str, Any]:
    """What a page of ours hands to its template."""
    met: dict[str, Any] = {}

    def rendered(sender: Flask, template: Template, context: dict[str, Any], **more: object) -> None:
        if template.name == page:
            met.update(context)

    with template_rendered.connected_to(rendered, app):
        caller.get(path)
    return met


def add_plain(stage: Stage, told: list[Nominal]) -> None:
    """The people to be searched for, as plain rows."""
    rows, cases = [], []
    for nominal in told:
        for case in nominal.cases:
            drafts = nominal.drafts[case.reference]
            person = next(d.values for d in drafts if d.kind == "person")
            identity = new_id()
            cases.append(bare.case_row(identity, case.reference, "Barnet", "", None))
            names = {name: person.get(name, "") for name in ("surname", "forename", "date_of_birth")}
            rows.append({"id": new_id(), "case": identity, "pnc": pnc_of(nominal), **names})
    session = stage.place.session
    session.rollback()
    with session.begin():
        session.connection().execute(insert(bare.CASE), cases)
        session.connection().execute(insert(bare.FOUND), rows)


def compare(calls: tuple[Call, Call], turns: int, warm: int = 20) -> Pair:
    """Measure a pair; the limit on searches is set back between turns."""
    return pair(*calls, turns, warm, between=limiter.reset)


def same(stage: Stage, compared: Collection[str]) -> None:
    """Make sure that both serve the same pages: a bare page that shows less would flatter nobody but itself."""
    for name, mine, theirs in (
        ("view", stage.worker.get(stage.visit)[2], stage.plain_caller.get(stage.plain_case)[2]),
        ("list", stage.lister.get(DUE)[2], stage.plain_caller.get(DUE)[2]),
        ("home", stage.lister.get("/")[2], stage.plain_caller.get("/")[2]),
    ):
        if name in compared and not 0.95 < len(theirs) / len(mine) < 1.05:
            raise SystemExit(f"{name}: the bare page has {len(theirs):,} bytes, the portal's {len(mine):,}")
