"""An officer takes a proof away, and holds the log against a checkpoint that was kept; strangers' code agrees."""

import base64
import re
from html import unescape

import pytest
from sqlalchemy import select, text

from portal.audit import reading, sequencer, triggers
from portal.audit.note import Checkpoint, Signer
from portal.audit.overview import about
from portal.audit.reading import Filters
from portal.audit.tables import ENTRY, SEQUENCE
from portal.db import now_micros
from portal.sharing import visits
from portal.sharing.reading import case as case_reading
from tests.conformance import naive_log
from tests.portal.audit.excerpts import run

RECORDS = {"probation person": {"surname": "Marlowe", "forename": "Dean", "date_of_birth": "1991-03-27"}}


@pytest.fixture
def viewed(world):
    """The receipt of a view of a case by a police practitioner."""
    ada = world.actor("police", "practitioner", "Ada Okafor")
    case = world.case(RECORDS, assigned=[ada])
    visit = visits.begin(world.session, world.doors, ada, case, "risk", "Home visit", now_micros())
    return case_reading.case(world.session, world.doors, ada, visit).receipt


@pytest.fixture
def reader(web, world):
    """A browser of the police officer who has said what for."""
    web.sign_in(world.actor("police", "dpo", "Dana Poe"))
    web.post("/log/use", {"use": "s62-proceedings", "next": "/log"})
    return web


def signer(world):
    return world.doors.log.signer(world.session, world.settings.log_origin)


def sequence(world):
    """Let the sequencer do its work; the newest checkpoint."""
    sequencer.drain(world.session, signer(world))
    note = world.session.execute(text("SELECT note FROM audit_checkpoint ORDER BY size DESC LIMIT 1")).scalar_one()
    world.session.rollback()
    return note


def leaves(world):
    """Every entry's bytes, in the order of the log."""
    query = select(ENTRY.c.leaf).join(SEQUENCE, SEQUENCE.c.entry_id == ENTRY.c.entry_id).order_by(SEQUENCE.c.index)
    return list(world.session.execute(query).scalars())


def asked(world):
    """What readings of the log say they asked for, with their purposes and outcomes, the newest first."""
    world.session.rollback()
    vault = world.doors.log.vault(world.session)
    rows = reading.page(world.session, vault, Filters(operation="log-read")).rows
    told = about(world.session, vault, rows)
    return [(row.purpose, row.outcome, told[row.entry_id].details[0].detail["asked"]) for row in rows]


def fields(page, action):
    """The hidden fields of the form with this action."""
    form = re.search(rf'<form[^>]*action="{re.escape(action)}".*?</form>', page.text, re.S).group(0)
    return {n: unescape(v) for n, v in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form)}


def test_the_proof_of_an_entry_holds_by_strangers_code_and_offline(reader, world, viewed, tmp_path, capsys):
    action = f"/log/{viewed.reference}/proof"
    given = fields(reader.get(f"/log/{viewed.reference}"), action)
    early = reader.post(action, given)
    assert early.status_code == 200
    assert "Its proof is made in a few seconds" in reader.text
    sequence(world)
    answer = reader.post(action, given)
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{viewed.reference}.tlog-proof"'
    assert answer.mimetype == "text/plain"
    assert asked(world)[0] == ("s62-proceedings", "permitted", {"the proof of": viewed.reference})
    head, note = answer.text.split("\n\n", 1)
    header, extra, index, *hashes = head.split("\n")
    assert header == "c2sp.org/tlog-proof@v1"
    leaf, place = base64.b64decode(extra.removeprefix("extra ")), int(index.removeprefix("index "))
    size, root = int(note.split("\n")[1]), base64.b64decode(note.split("\n")[2])
    tree = leaves(world)[:size]
    assert tree[place] == leaf
    assert [base64.b64decode(each) for each in hashes] == naive_log.path(place, tree)
    assert naive_log.mth(tree) == root
    (tmp_path / "proof").write_text(answer.text)
    said = run(capsys, "proof", tmp_path / "proof", "--key", signer(world).verifier)
    assert said.code == 0
    assert f"The proof holds: entry {place} (reference {viewed.reference})" in said.out
    assert "practitioner of police. Looked at what is held about a person. It was done." in said.out
    assert "Marlowe" not in answer.text


def test_a_changed_entry_has_no_proof(reader, world, viewed):
    sequence(world)
    given = fields(reader.get(f"/log/{viewed.reference}"), f"/log/{viewed.reference}/proof")
    with world.engine.begin() as connection:
        for statement in triggers.drop_statements("sqlite"):
            connection.exec_driver_sql(statement)
        forged = """CAST(replace(leaf, '"police"', '"health"') AS BLOB)"""
        connection.exec_driver_sql(f"UPDATE audit_entry SET leaf = {forged} WHERE reference = ?", (viewed.reference,))
        triggers.install(connection)
    assert reader.post(f"/log/{viewed.reference}/proof", given).status_code == 200
    assert "There is no proof: this entry, or the log around it, was changed." in reader.text


def test_a_proof_is_for_who_may_read_the_entry(web, world, viewed):
    entry = str(world.session.execute(select(ENTRY.c.entry_id).where(ENTRY.c.reference == viewed.reference)).scalar())
    web.sign_in(world.actor("police", "practitioner", "Ada Okafor"))
    assert web.post(f"/log/{viewed.reference}/proof", {"entry": entry}).status_code == 403
    web.sign_in(world.actor("barnet_housing", "dpo"))
    assert web.post(f"/log/{viewed.reference}/proof", {"entry": entry}).location.startswith("/log/use")
    web.post("/log/use", {"use": "s62-lawfulness"})
    sequence(world)
    for given in ({"entry": entry}, {"entry": "x"}, {}):
        assert web.post(f"/log/{viewed.reference}/proof", given).status_code == 404
    assert asked(world)[0] == ("s62-lawfulness", "refused", {})


@pytest.fixture
def two(world, viewed):
    """Two checkpoints, with entries between them."""
    earlier = sequence(world)
    world.case()
    world.case()
    return earlier, sequence(world)


def test_the_later_of_two_checkpoints_extends_the_earlier(reader, world, two, tmp_path, capsys):
    earlier, later = two
    old, new = (int(note.split("\n")[1]) for note in two)
    page = reader.get("/log/compare")
    assert later in unescape(page.text)
    pasted = {"earlier": earlier.replace("\n", "\r\n").rstrip(), "later": later}
    for given in (pasted, {"earlier": earlier, "later_kept": str(new)}, {"earlier": later, "later": earlier}):
        assert reader.post("/log/compare", given).status_code == 200
        assert "Yes. They belong to one log" in reader.text
        assert f"The log of {new} entries begins with exactly the {old} entries that the earlier" in reader.text
    assert asked(world)[0] == ("s62-proceedings", "permitted", {"checkpoints over": f"{old} and {new}"})
    answer = reader.post("/log/compare", pasted | {"file": "yes"})
    assert answer.headers["Content-Disposition"] == f'attachment; filename="consistency-{old}-{new}.txt"'
    head, note = answer.text.split("\n\n", 1)
    assert note == later
    first, *hashes = head.split("\n")
    assert first == f"old {old}"
    assert [base64.b64decode(each) for each in hashes] == naive_log.proof(old, leaves(world)[:new])
    (tmp_path / "proof").write_text(answer.text)
    (tmp_path / "earlier").write_text(earlier)
    said = run(capsys, "consistency", tmp_path / "proof", tmp_path / "earlier", "--key", signer(world).verifier)
    assert said.code == 0
    assert f"the log of {new} entries begins with exactly the {old} entries of the earlier checkpoint" in said.out
    reader.post("/log/compare", {"earlier": later, "later": later})
    assert f"Both say the same of the same {new} entries" in reader.text


def test_two_checkpoints_that_do_not_belong_together(reader, world, two):
    """Signed with the log's own key: the attack that only a kept checkpoint shows."""
    earlier, later = two
    old, new = (int(note.split("\n")[1]) for note in two)
    key, origin = signer(world), world.settings.log_origin

    def false(size):
        return key.sign(Checkpoint(origin, size, b"\x07" * 32).body())

    for given, words in (
        ((false(old), later), f"among its first {old} entries, at least one was changed"),
        ((earlier, false(new)), f"among the entries after the first {old} entries"),
        ((earlier, false(new + 10_000)), "fewer than the later checkpoint covers: its end was cut off"),
        ((later, false(new)), f"Both cover {new} entries, and they differ: the log was told in two versions"),
    ):
        reader.post("/log/compare", {"earlier": given[0], "later": given[1]})
        assert "No. They do not belong to one log" in reader.text
        assert words in reader.text
        assert "Download the proof" not in reader.text
        assert asked(world)[0][1] == "failed"


def test_what_is_no_checkpoint_of_this_log_is_said_so(reader, world, two):
    earlier, later = two
    stranger = Signer(world.settings.log_origin, b"\x01" * 32).sign(Checkpoint("x", 1, bytes(32)).body())
    before = len(asked(world))
    for given, words in (
        ({}, "Choose or paste the earlier checkpoint"),
        ({"earlier": earlier}, "Choose or paste the later checkpoint"),
        ({"earlier": earlier, "later": later[:-9]}, "The later checkpoint is not one that this log signed"),
        ({"earlier": stranger, "later": later}, "The earlier checkpoint is not one that this log signed"),
        ({"earlier": earlier, "later_kept": "777777"}, "The later checkpoint is not one that this log signed"),
    ):
        answer = reader.post("/log/compare", given)
        assert answer.status_code == 422
        assert words in reader.text
        assert given.get("later", "") in unescape(answer.text)
    assert len(asked(world)) == before


def test_comparing_is_for_officers_who_said_what_for(web, world, two):
    web.sign_in(world.actor("police", "practitioner", "Ada Okafor"))
    assert web.get("/log/compare").status_code == 403
    web.sign_in(world.actor("police", "dpo", "Dana Poe"))
    assert web.get("/log/compare").location == "/log/use?next=/log/compare"
    assert web.post("/log/compare", {"earlier": two[0], "later": two[1]}).location == "/log/use?next=/log/compare"


def test_what_is_offered_is_spread_over_the_log(reader, world, viewed):
    for _ in range(30):
        world.case()
        sequence(world)
    page = reader.get("/log/compare").text
    sizes = [int(size) for size in re.findall(r'<option value="(\d+)"', page.partition("later_kept")[0])]
    assert sizes == sorted(sizes, reverse=True)
    assert 10 < len(sizes) <= 20
    assert sizes[0] == int(sequence(world).split("\n")[1])
    assert sizes[-1] < sizes[0] // 3


def test_a_checkpoint_stays_chosen_when_the_log_has_grown_past_it(reader, world, viewed):
    """The page offers twenty, spread over the log: one more entry, and another twenty."""
    sizes = set()
    for _ in range(25):
        world.case()
        sizes.add(sequence(world).split("\n")[1])
    offered = re.findall(r'<option value="(\d+)"', reader.get("/log/compare").text)
    gone = max(sizes - set(offered), key=int)
    answer = reader.post("/log/compare", {"earlier": "x", "later_kept": gone})
    assert answer.status_code == 422
    assert f'<option value="{gone}" selected>' in answer.text
    newest = max(sizes, key=int)
    compared = reader.post("/log/compare", {"earlier_kept": gone, "later_kept": newest})
    assert "Yes. They belong to one log" in compared.text
    assert f'<option value="{gone}" selected>' in compared.text
