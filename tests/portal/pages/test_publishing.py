"""The log as others see it, and what its officers are told when witnesses miss something in it."""

import dataclasses
import os
import shutil
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from portal.audit import note, triggers, witness
from portal.audit.note import Verifier, open_checkpoint
from portal.audit.policy import Policy
from portal.audit.sequencer import drain
from portal.audit.tree import CompactRange, leaf_hash
from portal.cli.main import portal
from portal.db import MINUTE, now_micros, open_engine
from portal.errors import LogStopped, Misconfigured
from portal.pages import witness_view
from portal.sharing.logbook import vouching
from tests import installation, witnesses
from tests.portal.pages.web import Web

NAMES = ("police", "probation", "barnet")
BORN = {"born-day": "27", "born-month": "3", "born-year": "1991"}


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    with witnesses.running(tmp_path_factory.mktemp("witnesses"), *NAMES, logs=()) as processes:
        yield processes


def trust(three, *keys: Verifier) -> None:
    for each in three:
        (each.home / witness.LOGS).write_text("")  # the template's key, under the name of an earlier test
        for key in keys:
            witness.add_log(each.home, key)


@pytest.fixture
def given(template, tmp_path, three):
    """An installation whose log, of an origin of its own, has three witnesses and needs two of them."""
    home = tmp_path / "home"
    shutil.copytree(template, home)
    os.chmod(home, 0o700)
    lines = [f"witness {name} {each.key} {each.url}" for name, each in zip(NAMES, three, strict=True)]
    policy = tmp_path / "policy.txt"
    policy.write_text("\n".join([*lines, f"group enough 2 {' '.join(NAMES)}", "quorum enough", ""]))
    (home / "keys" / "log-verifier-key.txt").unlink()
    origin = f"log.example/{tmp_path.name}"
    given = installation.settings(home, log_origin=origin, witness_policy=str(policy))
    engine = open_engine(given.database_url)
    with engine.begin() as owner:  # the template's checkpoint is of another origin
        for statement in triggers.drop_statements("sqlite"):
            owner.exec_driver_sql(statement)
        owner.exec_driver_sql("DELETE FROM audit_checkpoint")
        triggers.install(owner)
    engine.dispose()
    with installation.opened(given) as world:
        trust(three, world.doors.signer(world.session).verifier)
    return given


def until(web: Web, words: str, path: str = "/log/about") -> str:
    """The answer, once it has these words; the sequencer needs a second."""
    for _ in range(100):
        answer = web.get(path)
        if words in web.text or words in answer.text:
            return answer.text
        time.sleep(0.1)
    raise AssertionError(web.text)


def restored(given, saved: Path) -> None:
    """Put the database back as it was when it was saved."""
    for name in ("portal.sqlite3", "portal.sqlite3-wal", "portal.sqlite3-shm"):
        (given.home / name).unlink(missing_ok=True)
        if (saved / name).exists():
            shutil.copy2(saved / name, given.home / name)


def grown(given) -> str:
    """Work was recorded, and the witnesses, asked when the portal starts, vouch for it; the published checkpoint."""
    with installation.opened(given) as world:
        world.case()
        drain(world.session, world.doors.signer(world.session))
        web = Web(world.app(), world)
        found = web.get("/log/checkpoint").text
        assert f"\n{len(web.logged())}\n" in found
        return found


def test_an_older_copy_of_the_database_stops_the_portal_until_a_new_origin_names_the_break(given, three, tmp_path):
    grown(given)
    shutil.copytree(given.home, tmp_path / "saved")
    published = grown(given)
    with installation.opened(given) as world:
        size = open_checkpoint(published, world.doors.signer(world.session).verifier).size
    restored(given, tmp_path / "saved")
    with installation.opened(given) as world:
        officer, practitioner = world.actor("police", "dpo"), world.actor("police", "practitioner")
        web = Web(world.app(), world)
        web.sign_in(officer)
        answer = web.get("/log/home")
        assert answer.status_code == 503
        words = f"has signed for {size} entries of the access log, and the database holds "
        assert "The access log is stopped" in web.text
        assert words in web.text
        assert "until the data-protection officer decides" in web.text
        assert web.get("/healthz").status_code == 503
        assert words in web.last.json["why"]
        assert web.get("/log/about").status_code == 200
        assert words in web.text
        with pytest.raises(LogStopped):  # another process of the portal: these doors are not the application's
            world.case()
        web.sign_in(practitioner)
        assert web.post("/search", {"surname": "Marlowe", **BORN}).status_code == 503
    verified = run(given, "audit", "verify")
    assert verified.exit_code == 1
    assert words in verified.stdout
    told = begun_anew(given)
    key = Verifier.parse(told.strip().rpartition("log ")[2])
    assert key.name == f"{given.log_origin}/2"
    with installation.opened(given) as world:
        trust(three, *world.doors.former(world.session), key)
    grown(given)
    with installation.opened(given) as world:
        web = Web(world.app(), world)
        web.sign_in(world.actor("barnet_safety", "partnership_dpo"))
        web.get("/log/about")
        assert f"Names that have ended {given.log_origin} " in web.text
        assert open_checkpoint(web.get("/log/checkpoint").text, key).origin == key.name
        assert ("origin-begun", "permitted") in web.logged()
        web.post("/log/use", {"use": "s62-integrity"})
        reference = told.partition("reference ")[2].partition(".")[0]
        assert web.get(f"/log/{reference}").status_code == 200
        for words in (
            "began a new origin of the access log after a break",
            "The backup of the night was put back",
            f"Origin that ended {given.log_origin} ",
        ):
            assert words in web.text
    verified = run(given, "audit", "verify")
    assert verified.exit_code == 0, verified.output
    assert "are whole" in verified.stdout


def run(given, *words: str):
    environ = {
        "PORTAL_HOME": str(given.home),
        "PORTAL_BASE_URL": given.base_url,
        "PORTAL_DEMO": "true",
        "PORTAL_LOG_ORIGIN": given.log_origin,
        "PORTAL_WITNESS_POLICY": given.witness_policy,
    }
    return CliRunner().invoke(portal, list(words), env=environ)


def begun_anew(given) -> str:
    """Run the command that goes on after a break; what it prints."""
    ran = run(given, "audit", "new-origin", "--reason", "The backup of the night was put back after a disk failed.")
    assert ran.exit_code == 0, ran.output
    assert not (given.keys_dir / "log-stopped.json").exists()
    assert list(given.keys_dir.glob("log-stopped-*.json"))
    return ran.stdout


def test_the_officers_first_page_says_who_vouches_for_the_log_soon_after_each_entry(given):
    with installation.opened(given) as world:
        officer = world.actor("police", "dpo")
        web = Web(world.app(), world)
        web.sign_in(officer)
        web.get("/log/home")
        until(web, f"{len(web.logged())} entries under a checkpoint signed")
        until(web, "Enough witnesses vouch for all of them")
        web.get("/log/home")
        assert "Who vouches for the log" in web.text
        assert web.text.count("Up to date") == 3
        for name in NAMES:
            assert name in web.text
        assert "Missing:" not in web.text


def test_the_officer_is_told_when_the_quorum_is_late(given):
    """Five minutes are told by the clock that the doors look at."""
    with installation.opened(given) as world:
        world.case()
        drain(world.session, world.doors.signer(world.session))
        doors = dataclasses.replace(world.doors, clock=lambda: now_micros() + 6 * MINUTE)
        told = witness_view.told(vouching.vouched(world.session, doors))
        assert "have waited for more than 5 minutes for enough witnesses" in told.warning
        assert "Missing: police, probation, barnet." in told.warning
        world.app()
        world.session.rollback()
        assert witness_view.told(vouching.vouched(world.session, doors)).warning == ""


def test_a_log_that_goes_on_needs_no_new_origin(given):
    ran = run(given, "audit", "new-origin", "--reason", "Just so.")
    assert isinstance(ran.exception, Misconfigured)
    assert "is not stopped" in str(ran.exception)


def test_a_monitor_without_an_account_follows_the_log_by_tiles(given):
    grown(given)
    with installation.opened(given) as world:
        web = Web(world.app(), world)
        answer = web.get("/log/checkpoint")
        assert answer.content_type == "text/plain; charset=utf-8"
        assert answer.headers["Cache-Control"] == "no-cache"
        assert "Set-Cookie" not in answer.headers
        key = world.doors.signer(world.session).verifier
        seen = Policy.parse(Path(given.witness_policy).read_bytes()).witnessed(answer.text, key)
        assert seen.quorum
        size = seen.checkpoint.size
        assert 0 < size < 256
        tile = web.get(f"/log/tile/0/000.p/{size}")
        assert (tile.status_code, tile.content_type) == (200, "application/octet-stream")
        assert "immutable" in tile.headers["Cache-Control"]
        edge = CompactRange()
        for start in range(0, len(tile.data), 32):
            edge.append(tile.data[start : start + 32])
        assert (edge.size, edge.root()) == (size, seen.checkpoint.root)
        assert web.get("/log/tile/0/000.p/1").data == tile.data[:32]
        for wrong in (
            f"0/000.p/{size + 1}",
            "0/000",
            "0/000.p/0",
            "0/000.p/01",
            "0/000.p/256",
            "0/0",
            "00/000.p/1",
            "1/000.p/1",
            "0/001.p/1",
            "0/x000/000.p/1",
            "-1/000.p/1",
            "64/000.p/1",
            "0/000.p/1/",
            "0/%D9%A0%D9%A0%D9%A0.p/1",
            "0/x999/x999/x999/x999/x999/x999/x999/999",
        ):
            answer = web.get(f"/log/tile/{wrong}")
            assert answer.status_code == 404, wrong
            assert answer.headers["Cache-Control"] == "no-store"


def test_bundles_are_for_who_may_read_every_entry_and_each_is_logged(given, tmp_path, monkeypatch):
    published = grown(given)
    with installation.opened(given) as world:
        web = Web(world.app(), world)
        key = world.doors.signer(world.session).verifier
        size = open_checkpoint(published, key).size
        path = f"/log/tile/entries/000.p/{size}"
        assert web.get(path).status_code == 302
        for party, role in (("police", "dpo"), ("barnet_safety", "partnership_dpo")):
            web.sign_in(world.actor(party, role))
            web.post("/log/use", {"use": "s62-integrity"})
            assert web.get(path).status_code == 403
            assert "clause 9.3" in web.text
    one = tuple(each for each in given.agreements if "barnet" in each.name)
    assert len(one) == 1
    narrowed = installation.settings(
        given.home, log_origin=given.log_origin, witness_policy=given.witness_policy, agreements=str(one[0])
    )
    with installation.opened(narrowed) as world:
        web = Web(world.app(), world)
        web.sign_in(world.actor("barnet_safety", "partnership_dpo"))
        assert web.get(path).status_code != 200  # the use comes first
        web.post("/log/use", {"use": "s62-integrity"})
        before = len(web.logged())
        answer = web.get(path)
        assert (answer.status_code, answer.content_type) == (200, "application/octet-stream")
        assert answer.headers["Cache-Control"] == "no-store"
        assert web.logged()[before:] == [("export", "permitted")]
        leaves, rest = [], answer.data
        while rest:
            length = int.from_bytes(rest[:2])
            leaves.append(rest[2 : 2 + length])
            rest = rest[2 + length :]
        hashes = b"".join(leaf_hash(leaf) for leaf in leaves)
        assert hashes == web.get(f"/log/tile/0/000.p/{size}").data
        assert web.get(f"/log/tile/entries/000.p/{255}").status_code == 404


def test_without_a_policy_the_page_says_that_nobody_vouches(template, tmp_path):
    given = installation.copy(template, tmp_path / "home")
    with installation.opened(given) as world:
        web = Web(world.app(), world)
        assert web.get("/log/about").status_code == 200
        assert "Nobody outside this installation vouches for the log" in web.text
        assert note.open_note(web.get("/log/checkpoint").text, [world.doors.signer(world.session).verifier])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "cannot read policy.txt"),
        ("quorum some\n", "policy.txt, line 1: the quorum is not defined above"),
        ("witness w KEY\nquorum w\n", "witness w: it needs an address"),
        ("witness w KEY ftp://w\nquorum w\n", "witness w: it needs an address"),
        ("witness w KEY https://u:p@w/\nquorum w\n", "must hold no name"),
        ("witness w KEY https://w:x/\nquorum w\n", "malformed"),
        ("log LOG\nquorum none\n", "the policy is for another log; ours is: log tests.invalid/log+"),
    ],
)
def test_a_policy_that_cannot_be_followed_stops_the_start(template, tmp_path, text, says):
    installation.copy(template, tmp_path / "home")
    policy = tmp_path / "policy.txt"
    key = note.Cosigner("w", bytes(32)).key
    if text is not None:
        policy.write_text(text.replace("KEY", str(key)).replace("LOG", str(note.Signer("log", bytes(32)).verifier)))
    given = installation.settings(tmp_path / "home", witness_policy=str(policy))
    with pytest.raises(Misconfigured, match="PORTAL_WITNESS_POLICY") as caught, installation.opened(given):
        pass
    assert says in str(caught.value)
