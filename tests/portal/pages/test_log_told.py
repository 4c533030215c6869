"""An officer takes out what an entry says, with its proof: strangers read it, and nobody changes a letter unseen."""

import json
import subprocess
import sys
from html import unescape

import pytest
from sqlalchemy import select

from portal.audit import standalone, triggers
from portal.audit.overview import about
from portal.audit.reading import Filters, page
from portal.audit.tables import ENTRY
from portal.sharing.reading import search
from tests.portal.audit.excerpts import run
from tests.portal.pages.test_log_proof import fields, reader, sequence, signer, viewed  # noqa: F401

WHY = "The tribunal asked who looked at him on the day"


@pytest.fixture
def entry(world, viewed):  # noqa: F811
    """The id of the view, as addresses have it."""
    sequence(world)
    query = select(ENTRY.c.entry_id).where(ENTRY.c.reference == viewed.reference)
    return world.session.execute(query).scalar_one().hex


@pytest.fixture
def taken(reader, viewed, entry):  # noqa: F811
    """The file."""
    answer = reader.post(f"/log/{viewed.reference}/told", {"entry": entry, "reason": WHY})
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    assert answer.headers["Content-Disposition"].endswith(f'"{viewed.reference}-OFFICIAL-SENSITIVE.json"')
    return json.loads(answer.text)


def verified(tmp_path, capsys, world, told):
    (tmp_path / "told").write_text(json.dumps(told))
    return run(capsys, "entry", tmp_path / "told", "--key", signer(world).verifier)


def test_it_says_whom_and_what_to_whoever_has_the_key_alone(taken, world, viewed, tmp_path, capsys):  # noqa: F811
    said = verified(tmp_path, capsys, world, taken)
    assert said.code == 0, said.out + said.err
    assert "The proof holds" in said.out
    query = select(ENTRY.c.entry_id).where(ENTRY.c.reference == viewed.reference)
    row = page(world.session, world.doors.log.vault(world.session), Filters(reference=viewed.reference)).rows[0]
    (detail,) = about(world.session, world.doors.log.vault(world.session), [row])[row.entry_id].details
    assert world.session.execute(query).scalar_one() == row.entry_id
    assert f"About person {detail.person}; case: {detail.detail['case']}" in said.out
    assert "Permitted under clause 5.1, records of probation: person." in said.out
    assert "Withheld under clause" in said.out
    assert f"case {detail.detail['case']}: BN-2026-0001" in said.out
    assert f"actor {row.actor}: Ada Okafor" in said.out
    assert "Marlowe" not in json.dumps(taken)


def test_the_file_for_bare_python_reads_it_too(taken, world, tmp_path):
    (tmp_path / "verify.py").write_text(standalone.text("0"))
    (tmp_path / "told").write_text(json.dumps(taken))
    command = [sys.executable, "-I", tmp_path / "verify.py", "entry", tmp_path / "told", "--key"]
    done = subprocess.run([*command, str(signer(world).verifier)], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Permitted under clause 5.1" in done.stdout


def test_it_is_logged_as_an_export_with_the_reason(taken, world, viewed):  # noqa: F811
    world.session.rollback()
    vault = world.doors.log.vault(world.session)
    (row,) = page(world.session, vault, Filters(operation="export")).rows
    detail = about(world.session, vault, [row])[row.entry_id].details[0].detail
    assert detail["justification"] == WHY
    assert detail["asked"] == {"what it says, with its proof": viewed.reference}
    assert (row.purpose, row.agency) == ("s62-proceedings", "police")


def _change_detail(told, **to):
    told["details"][0] |= to


def _flip(told, name):
    text = told["details"][0][name]
    _change_detail(told, **{name: text[:-2] + f"{int(text[-2:], 16) ^ 1:02x}"})


WRONG = {
    "another person": lambda told: _change_detail(told, subject="00000000-0000-4000-8000-000000000000"),
    "another key": lambda told: _flip(told, "secret"),
    "the sealed words": lambda told: _flip(told, "sealed"),
    "the silent words": lambda told: _flip(told, "silent"),
    "the digest": lambda told: _flip(told, "digest"),
    "a part left out": lambda told: told["details"].clear(),
    "a part twice": lambda told: told["details"].append(told["details"][0]),
    "a kinder decision": lambda told: told["outcomes"].append('{"permitted":[],"v":1,"withheld":[]}'),
    "a decision reworded": lambda told: told.update(outcomes=[told["outcomes"][0].replace("5.1", "5.2", 1)]),
    "a short key": lambda told: _change_detail(told, secret="00"),
    "no format": lambda told: told.pop("format"),
    "a list of nothing": lambda told: told.update(details=None),
    "a number for a text": lambda told: told.update(outcomes=[7]),
    "half a part": lambda told: _change_detail(told, silent=None),
    "odd hex": lambda told: _change_detail(told, sealed="zz"),
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_nothing_of_it_can_be_changed(taken, world, tmp_path, capsys, change):
    assert verified(tmp_path, capsys, world, taken).code == 0
    change(taken)
    said = verified(tmp_path, capsys, world, taken)
    assert said.code == 1
    assert said.out.startswith("The proof does not hold: ")
    assert "About person" not in said.out


def test_a_part_that_is_not_the_officers_to_read_stays_sealed(taken, world, tmp_path, capsys):
    """As the portal writes it for a case of another agreement: without the key of that part."""
    _change_detail(taken, subject=None, secret=None)
    taken["outcomes"] = []
    said = verified(tmp_path, capsys, world, taken)
    assert said.code == 0
    assert "One part stays sealed" in said.out
    assert "About person" not in said.out
    assert "Permitted" not in said.out


def test_what_was_taken_out_of_the_file_is_not_said_to_be_erased(taken, world, tmp_path, capsys):
    """Whoever passes the file on may have blanked a part, or left the decision out: no proof tells that apart."""
    _change_detail(taken, sealed=None, silent=None, subject=None, secret=None)
    taken["outcomes"] = []
    said = verified(tmp_path, capsys, world, taken)
    assert said.code == 0
    assert "One part is not in this file: it was erased in its time, or somebody took it out" in said.out
    assert "What was permitted and withheld by field is not in this file" in said.out
    assert "About person" not in said.out


def test_what_was_searched_for_stays_sealed(reader, world, tmp_path, capsys):  # noqa: F811
    """The log says to an officer by which kind of term somebody searched, never the name or the number (clause 9.3)."""
    ada, typed = (
        world.actor("police", "practitioner", "Ada Okafor"),
        {"surname": "Canary", "date_of_birth": "1991-03-27"},
    )
    search.make(world.session, world.doors, ada, typed)
    world.session.rollback()
    row = page(world.session, world.doors.log.vault(world.session), Filters(operation="search", actor=ada.user)).rows[0]
    assert "surname" in reader.get(f"/log/{row.reference}").text
    assert "Canary" not in reader.get(f"/log/{row.reference}").text
    sequence(world)
    answer = reader.post(f"/log/{row.reference}/told", {"entry": row.entry_id.hex, "reason": WHY})
    said = verified(tmp_path, capsys, world, json.loads(answer.text))
    assert said.code == 0
    assert "One part stays sealed" in said.out
    assert "Canary" not in said.out


def test_a_reason_is_asked_and_kept(reader, viewed, entry):  # noqa: F811
    page = reader.get(f"/log/{viewed.reference}")
    assert f'href="/log/{viewed.reference}/told?entry={entry}"' in unescape(page.text)
    asked = reader.get(f"/log/{viewed.reference}/told?entry={entry}")
    assert "Whoever has the file can read it" in reader.text
    form = fields(asked, f"/log/{viewed.reference}/told")
    answer = reader.post(f"/log/{viewed.reference}/told", form | {"reason": " "})
    assert answer.status_code == 422
    assert "Say why you take it out" in reader.text
    long = reader.post(f"/log/{viewed.reference}/told", form | {"reason": "x" * 501})
    assert "x" * 501 in long.text


def test_it_is_for_who_may_read_the_entry(web, world, viewed, entry):  # noqa: F811
    form = {"entry": entry, "reason": WHY}
    web.sign_in(world.actor("police", "practitioner", "Ada Okafor"))
    assert web.post(f"/log/{viewed.reference}/told", form).status_code == 403
    web.sign_in(world.actor("barnet_housing", "dpo"))
    web.post("/log/use", {"use": "s62-lawfulness", "next": "/log"})
    assert web.post(f"/log/{viewed.reference}/told", form).status_code == 404


def test_a_changed_entry_is_not_given_out_as_proven(reader, world, viewed, entry):  # noqa: F811
    with world.engine.begin() as connection:
        for statement in triggers.drop_statements("sqlite"):
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql("UPDATE audit_detail SET sealed = silent")
        triggers.install(connection)
    reader.post(f"/log/{viewed.reference}/told", {"entry": entry, "reason": WHY})
    assert "There is no proof: this entry, or the log around it, was changed." in reader.text
