"""Copy out: one click after sharing, the agency's own words with their marking and reference, logged as an export."""

import re
import sqlite3
import uuid
from html import unescape

from sqlalchemy import select

from portal.audit.tables import ENTRY
from portal.sharing.tables import CaseFile
from tests.installation import IDENTITY, World
from tests.portal.pages.test_record import UPDATE
from tests.portal.pages.visitor import Visitor

SILENT = {"police intelligence": {"text": "CANARY-INTELLIGENCE"}}


def block(page: str) -> list[str]:
    """The lines of the text that is to be copied."""
    found = re.search(r"<textarea[^>]*>(.*?)</textarea>", page, re.S)
    assert found
    return unescape(found.group(1)).split("\n")


def shared(world: World, party: str = "probation") -> tuple[Visitor, str]:
    """Somebody who has just shared an update, and the address of the visit."""
    worker = Visitor(world, world.actor(party, "practitioner", "Jo Practitioner"))
    visit = worker.open(world.case({**IDENTITY, **SILENT}, assigned=[worker.actor]))
    worker.get(f"{visit}/update")
    worker.send(f"{visit}/update", UPDATE)
    return worker, visit


def assign(world: World, case: uuid.UUID, worker: Visitor) -> None:
    with world.doors.log.transaction(world.session):
        world.assign(case, worker.actor)


def copies(page: str) -> list[str]:
    """Where the page offers to copy something out."""
    return re.findall(r'href="([^"]+/copy)"', page)


def test_what_was_just_shared_is_one_click_from_the_agencys_own_system(world: World) -> None:
    worker, visit = shared(world)
    assert "Copy it for nDelius" in worker.page
    offered = copies(worker.page)
    text = worker.get(offered[0])
    assert "Copy for nDelius" in text
    lines = block(worker.page)
    assert lines[0] == "OFFICIAL-SENSITIVE"
    assert lines[1].startswith("IOM case BN-2026-0001, Barnet. ")
    assert "Update: Seen at home, calm." in lines
    assert "Source: Home visit" in lines
    assert re.search(r"Recorded by Probation on .* log entry [0-9A-Z]{4}-[0-9A-Z]{2}", lines[-1])
    assert "Copy it for" not in worker.get(visit), "said once"
    assert copies(worker.page) == offered[1:], "and later it is found beside the update"


def test_it_is_logged_as_an_export_before_it_is_shown(world: World) -> None:
    worker, _ = shared(world)
    path = copies(worker.page)[0]
    worker.get(path)
    logged = world.session.scalars(select(ENTRY.c.operation).order_by(ENTRY.c.at)).all()
    assert logged[-1] == "export"
    with sqlite3.connect(world.settings.home / "portal.sqlite3") as database:
        database.execute("CREATE TRIGGER unwritable BEFORE INSERT ON audit_entry BEGIN SELECT RAISE(ABORT, 'no'); END")
    worker.get(path, 503)
    assert "Seen at home" not in worker.page


def test_what_others_wrote_and_what_may_not_leave_is_not_copied(world: World) -> None:
    worker, visit = shared(world)
    theirs = copies(worker.page)[0].removeprefix(visit)
    police = Visitor(world, world.actor("police", "practitioner"))
    case = world.session.scalars(select(CaseFile.id)).one()
    assign(world, case, police)
    seen = police.open(case)
    assert "Seen at home, calm." in police.page
    assert copies(police.page) == []
    police.get(f"{seen}{theirs}", 404)
    police.get(seen)
    assert "CANARY-INTELLIGENCE" in police.page, "their own, and silent"
    before = police.page.partition("CANARY-INTELLIGENCE")[0]
    silent = re.findall(r"/record/([0-9a-f-]{36})/history", before)[-1]
    police.get(f"{seen}/record/{silent}/copy", 404)
    assert "CANARY-INTELLIGENCE" not in police.page
    refused = select(ENTRY.c.operation).where(ENTRY.c.outcome == "refused")
    assert world.session.scalars(refused).all() == ["export", "export"]
