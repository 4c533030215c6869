"""Every page there is, opened by each sort of reader: what shows a person's data has an entry, made for that request.

The application itself is the list of pages, so a page that is added is walked too. What this cannot see is an event
that no page tells of: code inside the portal that opens a value and shows it to nobody (docs/threat-model.md).
"""

import uuid

import pytest
from sqlalchemy import func, select

from portal.audit.tables import ENTRY
from portal.sharing.tables import RecordRow
from tests.installation import IDENTITY
from tests.portal.pages.web import Web
from tests.portal.test_gate import values

CANARIES = ("Marlowe", "Canary")
READERS = (
    *(("police", "practitioner"), ("police", "spoc"), ("barnet_safety", "coordinator"), ("police", "dpo")),
    *(("police", "admin"), ("probation", "spoc")),
)
OPENS_MORE = {"comment.form": 3, "stands.form": 2, "action.add": 2, "team_case.show_team": 2}
"""Pages that open several things, each with an entry of its own: the head of the case, the update that is commented on,
the date of birth that says who may be asked; where the case stands, and what the form may hold; who works on it."""
ABOUT = {"action": "action"}
"""By the first part of an endpoint: of which kind its record is; an update otherwise."""
UPDATE = {"text": "Canary in a cage", "kind": "behaviour", "nature": "Fact"}


@pytest.fixture
def laid(world):
    """A case that three people hold, with an update, an action and a referral; the browser of one, in a visit."""
    amy = world.actor("police", "practitioner", "Amy Reed")
    jo = world.actor("probation", "practitioner", "Jo Smith")
    records = IDENTITY | {"probation referral": {"reason": "Canary flew off", "priority_crime": "Burglary"}}
    case, web = world.case(records, assigned=[amy, jo]), Web(world.app(), world)
    web.sign_in(amy)
    visit = web.post(f"/case/{case}", {"purpose": "risk", "reason": ""}).location
    assert web.post(f"{visit}/update", UPDATE | {"once": str(uuid.uuid4())}).status_code == 303
    return case, web.app


def entries(world):
    world.session.rollback()
    return world.session.connection().execute(select(func.count()).select_from(ENTRY)).scalar_one()


def addresses(app, given, records):
    """(endpoint, path) of each page that can be looked at, with what is there wherever an address names something."""
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            if "GET" not in (rule.methods or ()) or rule.endpoint == "static":
                continue
            kind = ABOUT.get(rule.endpoint.partition(".")[0], "update")
            told = {**given, "record": records.get(kind, uuid.uuid4()), "kind": kind, "code": "community"}
            fits = {name: told.get(name, value) for name, value in values(rule).items()}
            yield rule.endpoint, rule.build(fits)[1]


@pytest.mark.parametrize(("party", "role"), READERS, ids=lambda each: str(each))
def test_what_shows_a_person_has_an_entry_of_its_own(world, laid, party, role):
    case, app = laid
    web = Web(app, world)
    web.sign_in(world.actor(party, role, "Amy Reed"))
    web.post("/log/use", {"use": "s62-lawfulness", "next": "/log"})
    opened = web.post(f"/case/{case}", {"purpose": "risk", "reason": ""}).location or ""
    visit = opened.rsplit("/", 1)[1] if opened.startswith("/visit/") else uuid.uuid4()
    records = dict(world.session.execute(select(RecordRow.kind, RecordRow.id)).all())
    shown = set()
    for endpoint, path in addresses(app, {"visit": visit, "case": case}, records):
        before = entries(world)
        answer = web.get(path)
        made = entries(world) - before
        assert answer.status_code < 500, (endpoint, path)
        if any(word in answer.text for word in CANARIES):
            shown.add(endpoint)
            assert 1 <= made <= OPENS_MORE.get(endpoint, 1), (endpoint, path, made)
    if (party, role) == ("police", "practitioner"):
        assert {"case.view", "change.edit", "change.history", "plan.show", "home.home", "comment.form"} <= shown
    assert role not in ("dpo", "admin") or not shown, "who oversees sees no case"
