"""The attacks of the threat model with the database owner's rights and the log's own key, as an auditor meets them.

Each first shows that it works: the officer's list reads as the attacker wants, or the live check finds nothing. Then
the bundle that is exported afterwards names it.
"""

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select, update

from portal.audit import exporting, note, offline, reading
from portal.audit.entry import canonical
from portal.audit.reading import Filters
from portal.audit.tables import CHECKPOINT, DETAIL, ENTRY, HEAD, PENDING, SEQUENCE
from portal.audit.tree import leaf_hash
from portal.db import begin_write, to_micros
from tests.portal.audit.conftest import ORIGIN, view
from tests.portal.audit.excerpts import export, lines, notes, rewritten, run
from tests.portal.audit.excerpts import put as put_lines
from tests.portal.audit.test_attacks import cut_tail, entry_at, forge, protect, put, rebuild, unprotect
from tests.portal.audit.test_offline import WITNESSES, cosigned, policy

START = datetime(2026, 11, 2, 12, tzinfo=UTC)
AGENCIES = ["police", "probation", "police", "barnet_housing", "probation", "police"]


@pytest.fixture
def six(world):
    """A log of six entries of one writer, one an hour, with a checkpoint after each second one."""
    for index, agency in enumerate(AGENCIES):
        at(world, index)
        world.append(view(agency=agency))
        if index % 2:
            world.drain()
    return world


@pytest.fixture
def auditor(six, tmp_path, capsys):
    """Whoever holds the log's key and every checkpoint from before the attack: `auditor(name, kept=…)` verifies."""
    key = str(six.signer().verifier)
    kept = []
    for number, text in enumerate(notes(export(six, tmp_path / "before.zip"))):
        kept += ["--checkpoint", tmp_path / f"kept{number}"]
        kept[-1].write_text(text)

    def verify(name="after", keeps=False, **wanted):
        bundle = export(six, tmp_path / f"{name}.zip", **wanted)
        return run(capsys, bundle, "--key", key, *(kept if keeps else ()))

    return verify


def at(world, hours):
    moment = to_micros(START + timedelta(hours=hours))
    world.log.clock = lambda: moment


def seen(world):
    """What the officer's list shows, the oldest first: who did it, by agency."""
    with world.session() as session:
        rows = reading.page(session, world.log.vault(session), Filters()).rows
        return [row.agency for row in reversed(rows)]


def named(said, index, words):
    assert said.code == 1, said
    assert f"entry {index}" in said.out or f"entries {index} to" in said.out, said.out
    assert words in said.out, said.out


def owner(world, *statements):
    """Statements of the database's owner, with the triggers off and on again, so that only content is amiss."""
    unprotect(world)
    with world.session() as session, begin_write(session):
        for statement in statements:
            session.execute(statement)
    protect(world)


def test_an_edited_entry(six, auditor):
    assert auditor("before-it").code == 0
    unprotect(six)
    victim = forge(six, 3, agency="police")
    protect(six)
    assert seen(six) == [*AGENCIES[:3], "police", *AGENCIES[4:]], "the officer reads that housing never looked"
    said = auditor()
    named(said, 3, "remembers it otherwise")
    assert victim.reference in said.out


def test_a_deleted_entry(six, auditor):
    victim = entry_at(six, 3)
    owner(six, delete(ENTRY).where(ENTRY.c.entry_id == victim.entry_id))
    assert seen(six) == AGENCIES[:3] + AGENCIES[4:]
    named(auditor(), 3, "this entry was deleted")


def test_a_deleted_entry_with_everything_that_knew_of_it_closed_up(six, auditor):
    victim = entry_at(six, 3)
    owner(
        six,
        delete(ENTRY).where(ENTRY.c.entry_id == victim.entry_id),
        delete(DETAIL).where(DETAIL.c.entry_id == victim.entry_id),
        delete(SEQUENCE).where(SEQUENCE.c.index == 3),
        update(SEQUENCE).where(SEQUENCE.c.index > 3).values(index=SEQUENCE.c.index - 101),
        update(SEQUENCE).where(SEQUENCE.c.index < 0).values(index=SEQUENCE.c.index + 100),
        update(HEAD).values(size=5),
    )
    assert seen(six) == AGENCIES[:3] + AGENCIES[4:]
    named(auditor(), 3, "entry 3 of its writer is missing")


def test_two_entries_in_another_order(six, auditor):
    owner(
        six,
        update(SEQUENCE).where(SEQUENCE.c.index == 1).values(index=-1),
        update(SEQUENCE).where(SEQUENCE.c.index == 4).values(index=1),
        update(SEQUENCE).where(SEQUENCE.c.index == -1).values(index=4),
    )
    with six.session() as session:
        entry = entry_at(six, 1).entry_id
        assert reading.entry(session, six.log.vault(session), entry).row.index == 1, "its page gives the false number"
    named(auditor(), 1, "entry 1 of its writer is missing")


def test_edited_and_rebuilt_with_the_logs_own_key(six, auditor):
    unprotect(six)
    forge(six, 3, agency="police")
    rebuild(six)
    protect(six)
    assert seen(six)[3] == "police"
    assert six.check().whole, "the live check finds nothing"
    assert auditor("alone").code == 0, "nor does an auditor who kept no checkpoint"
    named(auditor("kept", keeps=True), 2, "do not lead to the signed checkpoint of 4 entries")


def test_a_tail_cut_off_with_everything_that_knew_of_it(six, auditor):
    cut_tail(six)
    owner(six, delete(DETAIL).where(DETAIL.c.entry_id.not_in(select(ENTRY.c.entry_id))))
    assert seen(six) == AGENCIES[:4]
    assert six.check().whole
    assert auditor("alone").code == 0
    said = auditor("kept", keeps=True)
    assert said.code == 1
    assert "your checkpoint covers 6 entries, and the last one of the bundle 4" in said.out
    assert "the end of the log was cut off" in said.out


def test_a_forked_view(six, auditor, tmp_path, capsys):
    """Two readers are shown two logs, each signed and whole; their checkpoints do not go together."""
    key = str(six.signer().verifier)
    first = export(six, tmp_path / "first.zip")
    unprotect(six)
    forge(six, 5, agency="probation")
    rebuild(six)
    protect(six)
    second = export(six, tmp_path / "second.zip")
    for bundle in (first, second):
        assert run(capsys, bundle, "--key", key).code == 0
    for bundle, other in ((first, second), (second, first)):
        (tmp_path / "theirs").write_text(notes(other)[-1])
        said = run(capsys, bundle, "--key", key, "--checkpoint", tmp_path / "theirs")
        named(said, 4, "do not lead to the signed checkpoint of 6 entries")


def witnessed(bundle):
    """The bundle as two witnesses cosigned it, each checkpoint two seconds after its last entry."""
    return cosigned(bundle, {n: [int((START + timedelta(hours=n - 1)).timestamp()) + 2] * 2 for n in (2, 4, 6)})


def test_a_back_dated_entry(six, auditor, tmp_path, capsys):
    key = str(six.signer().verifier)
    (tmp_path / "policy").write_bytes(policy(key))
    at(six, 1.5)
    (receipt,) = six.append(view(agency="ntmh"))
    six.drain()
    assert seen(six) == [*AGENCIES[:2], "ntmh", *AGENCIES[2:]], "the officer finds it where it never was"
    assert six.check().whole
    alone = auditor("alone")
    assert (alone.code, "a clock was set back, or the date is false" in alone.out) == (0, True), "told, and no more"
    said = run(capsys, witnessed(export(six, tmp_path / "b.zip")), "--policy", tmp_path / "policy")
    named(said, 6, "it is back-dated: witnesses had cosigned the 6 entries before it at a later time")
    assert receipt.reference in said.out


def test_an_entry_dated_into_the_future(six, tmp_path, capsys):
    (tmp_path / "policy").write_bytes(policy(str(six.signer().verifier)))
    at(six, 24 * 365)
    six.append(view(agency="ntmh"))
    six.drain()
    assert seen(six)[-1] == "ntmh"
    assert six.check().whole
    bundle = cosigned(export(six, tmp_path / "b.zip"), {7: [int(START.timestamp()) + 6 * 3600] * len(WITNESSES)})
    said = run(capsys, bundle, "--policy", tmp_path / "policy")
    named(said, 6, "dated after the time at which witnesses cosigned it")


def test_a_replaced_key(six, auditor, tmp_path, capsys):
    thief = note.Signer(ORIGIN, b"\x09" * 32)
    unprotect(six)
    forge(six, 3, agency="police")
    rebuild(six)
    with six.session() as session, begin_write(session):
        for size, text in session.execute(select(CHECKPOINT.c.size, CHECKPOINT.c.note)).all():
            body = note.split_note(text)[0]
            session.execute(update(CHECKPOINT).where(CHECKPOINT.c.size == size).values(note=thief.sign(body)))
    protect(six)
    assert seen(six)[3] == "police"
    with six.session() as session:
        exporting.export(session, tmp_path / "stolen.zip", exporting.Wanted(thief.verifier))
    alone = run(capsys, tmp_path / "stolen.zip")
    assert (alone.code, "The log's key came with the bundle" in alone.out) == (0, True)
    said = run(capsys, tmp_path / "stolen.zip", "--key", six.signer().verifier)
    assert (said.code, "your key signed none of its checkpoints: the log's key was replaced" in said.out) == (1, True)
    assert "your key signed none of its checkpoints" in auditor().out


def test_an_entry_deleted_before_it_got_its_place(six, auditor):
    at(six, 7)
    (hidden,) = six.append(view(agency="ntmh"))
    owner(
        six,
        delete(ENTRY).where(ENTRY.c.entry_id == hidden.entry_id),
        delete(DETAIL).where(DETAIL.c.entry_id == hidden.entry_id),
        delete(PENDING).where(PENDING.c.entry_id == hidden.entry_id),
    )
    at(six, 8)
    six.append(view(agency="police"))
    six.drain()
    assert seen(six) == [*AGENCIES, "police"], "the officer reads nothing of it"
    named(auditor(), 6, "before it, entry 6 of its writer is missing")


def forged_tail(held, since):
    """Everything after the first `since` entries is invented, by somebody who has no key at all."""
    put_lines(held, "details.jsonl", lines(held, "details.jsonl")[:since])
    kept = [each for each in lines(held, "checkpoints.jsonl") if size_of(each) <= since]
    put_lines(held, "checkpoints.jsonl", kept)
    told = [json.loads(line) for line in lines(held, "entries.jsonl")]
    prev = None
    for place, members in enumerate(told):
        if place >= since:
            members |= {"agency": "ntmh", "details": None, "decision": None, "agreement": None}
            members["prev"] = prev.hex() if prev else None
        prev = leaf_hash(canonical(members))
    put_lines(held, "entries.jsonl", [canonical(members) for members in told])
    links = [{"old": 0, "new": len(told), "hashes": []}]
    held["bundle.json"] = json.dumps(json.loads(held["bundle.json"]) | {"links": links}).encode()


def size_of(line):
    return int(json.loads(line)["note"].split("\n")[1])


@pytest.mark.parametrize("since", [0, 4])
def test_entries_that_a_stranger_invents_after_the_last_checkpoint(build, tmp_path, capsys, monkeypatch, since):
    """A checkpoint of an early size is public, over no entry at all too; whatever follows it needs no key."""
    world = build("sqlite")
    world.drain()  # signs the empty log, as a portal does when it starts
    for index, agency in enumerate(AGENCIES):
        at(world, index)
        world.append(view(agency=agency))
        if index % 2:
            world.drain()
    times = {n: [int((START + timedelta(hours=n - 1)).timestamp()) + 2] * 2 for n in (0, 2, 4, 6)}
    key = str(world.signer().verifier)
    (tmp_path / "policy").write_bytes(policy(key))
    bundle = cosigned(export(world, tmp_path / "b.zip"), times)
    assert run(capsys, bundle, "--policy", tmp_path / "policy").code == 0
    false = rewritten(bundle, lambda held: forged_tail(held, since))
    for arguments in (["--key", key], ["--policy", tmp_path / "policy"]):
        with monkeypatch.context() as unprotected:
            unprotected.setattr(offline._Examination, "_vouched_for", lambda self: None)
            assert run(capsys, false, *arguments).out.startswith("All 6 entries of the access log are whole")
        said = run(capsys, false, *arguments)
        assert (said.code, "are whole" in said.out) == (2, False), said
        assert f"no signed checkpoint covers the entries from {since} on" in said.err


def test_entries_that_the_logs_key_invents_after_the_last_quorum(six, tmp_path, capsys):
    """Whoever has the key signs anything; a reader who demands witnesses is not told that it is whole."""
    key = str(six.signer().verifier)
    (tmp_path / "policy").write_bytes(policy(key))
    unprotect(six)
    forge(six, 5, agency="police")
    rebuild(six)
    protect(six)
    early = {2: [int((START + timedelta(hours=1)).timestamp()) + 2] * 2}
    false = cosigned(export(six, tmp_path / "b.zip"), early)
    assert run(capsys, false, "--key", key).code == 0, "who trusts the key alone cannot know"
    said = run(capsys, false, "--policy", tmp_path / "policy")
    assert (said.code, "vouch for the first 2 entries only" in said.err) == (2, True), said


def test_a_sealed_detail_of_another_entry_put_in(six, auditor):
    """Whom entry 3 was about is made to be whom entry 0 was about: the officer's page cannot open it any more."""
    first, victim = entry_at(six, 0).entry_id, entry_at(six, 3).entry_id
    with six.session() as session:
        row = session.execute(select(DETAIL).where(DETAIL.c.entry_id == first)).one()._asdict()
    unprotect(six)
    put(six, DETAIL, DETAIL.c.entry_id == victim, **(row | {"entry_id": victim}))
    protect(six)
    named(auditor(), 3, "a sealed detail of it was removed, added or changed")
