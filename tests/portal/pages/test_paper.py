"""Paper and files: a reason first, the marking on what leaves, nothing that a spreadsheet would run."""

import csv
import io

from tests.installation import IDENTITY, World
from tests.portal.pages.visitor import Visitor

FORMULA = {"police safety": {"warning": "=HYPERLINK(1)", "advice": "Ring first."}}
SILENT = {"police intelligence": {"text": "CANARY-INTELLIGENCE"}, "ntmh health": {"diagnosis": "CANARY-DIAGNOSIS"}}


def test_a_print_asks_why_and_says_it_on_every_sheet(world: World) -> None:
    browser = Visitor(world, world.actor("police", "practitioner", "PC One"))
    visit = browser.open(world.case({**IDENTITY, **SILENT}, assigned=[browser.actor]))
    browser.get(f"{visit}/print")
    assert "Say what you need it for" in browser.send(f"{visit}/print", {"reason": " "}, 400)
    assert "300 characters or fewer" in browser.send(f"{visit}/print", {"reason": "q" * 301}, 400)
    text = browser.send(f"{visit}/print", {"reason": "Panel on 3 December"})
    line = text.partition("OFFICIAL-SENSITIVE BN-2026-0001")[2].partition("Destroy when")[0]
    assert "printed by PC One, practitioner, Police" in line
    assert "Panel on 3 December" in line
    assert "entry " in line
    assert "Dean Marlowe" in text
    assert "CANARY" not in browser.page
    assert browser.page.index("<thead>") < browser.page.index("<tfoot>") < browser.page.index("Marlowe</h1>")


def test_an_export_carries_its_marking_and_runs_nothing(world: World) -> None:
    browser = Visitor(world, world.actor("police", "practitioner", "PC One"))
    visit = browser.open(world.case({**IDENTITY, **FORMULA, **SILENT}, assigned=[browser.actor]))
    browser.get(f"{visit}/export")
    browser.send(f"{visit}/export", {"reason": "=1+1 for the panel"})
    assert browser.headers["Content-Disposition"] == 'attachment; filename="BN-2026-0001-OFFICIAL-SENSITIVE.csv"'
    rows = list(csv.reader(io.StringIO(browser.page.removeprefix("\ufeff"))))
    assert rows[0] == ["Marking", "OFFICIAL-SENSITIVE"]
    assert ["Reason", "'=1+1 for the panel"] in rows
    found = {tuple(row[4:6]) for row in rows if len(row) == 6}
    assert ("Surname", "Marlowe") in found
    assert ("Warning", "'=HYPERLINK(1)") in found
    assert not any(cell[:1] in "=+-@" for row in rows for cell in row if cell)
    assert "CANARY" not in browser.page


def test_an_export_asks_for_a_fresh_proof_of_identity(world: World) -> None:
    browser = Visitor(world, world.actor("police", "practitioner", "PC Tired", stepped_up=False))
    visit = browser.open(world.case(assigned=[browser.actor]))
    assert browser.client.get(f"{visit}/export").status_code == 302
    late = browser.client.post(f"{visit}/export", data={**browser.hidden(), "reason": "For the panel of 3 December"})
    assert late.status_code == 428
    assert "For the panel of 3 December" in late.text  # what was typed is not lost


def test_what_may_only_be_read_in_an_emergency_is_not_printed(world: World) -> None:
    browser = Visitor(world, world.actor("police", "practitioner"))
    case = world.case()
    browser.get(f"/case/{case}/emergency")
    browser.send(f"/case/{case}/emergency", {"reason": "On the roof of the car park now."})
    visit = browser.path
    browser.get(f"{visit}/print")
    text = browser.send(f"{visit}/print", {"reason": "Panel on 3 December"}, 403)
    assert "nothing of this case may be printed" in text
    assert "Marlowe" not in text
