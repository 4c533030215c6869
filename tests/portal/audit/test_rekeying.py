"""The log's key is replaced: both sign for a while, so that whoever knows either goes on believing the log."""

import os
import signal
from contextlib import suppress
from datetime import date
from unittest.mock import patch

import pytest
from sqlalchemy import select, update

from portal.audit import checking, pinned, rekeying, standing, witness
from portal.audit.exporting import Wanted, export
from portal.audit.note import Checkpoint, Signer, Unsigned, open_checkpoint, signers, split_note
from portal.audit.origins import Origins
from portal.audit.policy import Policy
from portal.audit.rekeying import Rekeying
from portal.audit.sequencer import drain, publish
from portal.audit.stopping import BEHIND, Stop
from portal.audit.succession import told_of
from portal.audit.tables import CHECKPOINT, ENTRY
from portal.db import DAY, begin_write, from_micros, now_micros
from portal.errors import LogStopped, Misconfigured
from portal.keys.tables import SECRET
from tests import witnesses
from tests.portal.audit.conftest import ORIGIN, view
from tests.portal.audit.excerpts import members, run
from tests.portal.audit.test_attacks import protect, unprotect
from tests.portal.audit.test_erasing import erase


class Kept:
    """A log with its folder of keys, and what its holder does there."""

    def __init__(self, world, folder):
        self.world, self.folder = world, folder
        self.now = now_micros()
        self.grow()
        with world.session() as session:
            self.old = world.log.signer(session, ORIGIN).verifier
        pinned.pinned(folder, self.old)

    def grow(self, count=1):
        self.world.append(*[view() for _ in range(count)])
        self.world.drain()

    def work(self, act, *arguments):
        with self.world.session() as session:
            log = self.world.log
            return act(Rekeying(session, log, self.folder, Origins(ORIGIN), lambda: self.now), *arguments)

    def begin(self, days=30):
        return self.work(Rekeying.begin, days)

    def finish(self, policy=None, early=True):
        return self.work(Rekeying.finish, policy, early)

    def keys(self):
        """(present, others) as the portal puts them together."""
        signs = self.world.signer().verifiers
        kept = [key for key in pinned.known(self.folder) if key not in signs]
        return signs[-1], (*kept, *signs[:-1])

    def check(self, held=()):
        present, others = self.keys()
        with self.world.session() as session:
            return checking.check(session, present, held, former=others)

    def export(self, path):
        present, others = self.keys()
        with self.world.session() as session:
            export(session, path, Wanted(present, former=others))
        return path

    def notes(self):
        with self.world.session() as session:
            return session.execute(select(CHECKPOINT.c.note).order_by(CHECKPOINT.c.size)).scalars().all()

    def rewrite(self, change):
        """As the owner: every stored checkpoint as `change(size, note)` makes it."""
        unprotect(self.world)
        with self.world.session() as session, begin_write(session):
            for size, text in session.execute(select(CHECKPOINT.c.size, CHECKPOINT.c.note)).all():
                session.execute(update(CHECKPOINT).where(CHECKPOINT.c.size == size).values(note=change(size, text)))
        protect(self.world)


@pytest.fixture
def kept(world, tmp_path):
    return Kept(world, tmp_path)


@pytest.fixture
def light(build, tmp_path):
    return Kept(build("sqlite"), tmp_path)


def signed(note, *keys):
    return signers(note, keys)


def test_both_keys_sign_and_then_the_new_one_alone(kept, tmp_path, capsys):
    made = kept.begin()
    kept.grow(2)
    held = kept.notes()[-1]
    assert (made.old, signed(held, made.old, made.new)) == (kept.old, {made.old, made.new})
    assert len(split_note(held)[1]) == 2
    assert made.old.key_id != made.new.key_id
    assert kept.check(kept.notes()[:1]).whole
    both = kept.export(tmp_path / "both.zip")
    assert [run(capsys, both, "--key", key).code for key in (made.old, made.new)] == [0, 0]
    done = kept.finish()
    assert (done.old, done.new) == (made.old, made.new)
    kept.grow(2)
    assert signed(kept.notes()[-1], made.old, made.new) == {made.new}
    assert kept.check([held]).whole
    with kept.world.session() as session:
        rows = session.execute(select(ENTRY.c.operation).where(ENTRY.c.operation.like("key-%"))).scalars().all()
        assert sorted(rows) == ["key-destroyed", "key-rotated"]
        assert session.execute(select(SECRET.c.version).where(SECRET.c.name == "log-signer")).scalars().all() == [2]
    after = kept.export(tmp_path / "after.zip")
    assert run(capsys, after, "--key", made.new).code == 0
    assert run(capsys, after, "--key", tmp_path / pinned.KEY).code == 0, "the pinned file names both"
    said = run(capsys, after, "--key", made.old)
    assert said.code == 2
    assert "your key vouches for the first 4 entries; from there on the log signs with another" in said.err
    assert not [line for line in members(after)["bundle.json"].splitlines() if b'"former"' in line and b"test" in line]


def test_a_reader_of_the_old_key_is_told_of_the_new_one_where_it_still_covers_everything(light, tmp_path, capsys):
    made = light.begin()
    light.world.append(view())
    with light.world.session() as session:
        drain(session, light.world.signer())
    bundle = light.export(tmp_path / "b.zip")
    assert str(made.new).encode() in members(bundle)["log-key.txt"]
    said = run(capsys, bundle, "--key", made.old)
    assert (said.code, "another key" in said.out) == (0, False)


def early_days(kept, path):
    """An excerpt of what was written before the key was replaced, taken out a day later."""
    until, others = from_micros(kept.now + DAY // 2), kept.keys()[1]
    with kept.world.session() as session:
        export(session, path, Wanted(kept.keys()[0], former=others, until=until))
    return path


def test_an_excerpt_of_before_the_replacement_is_whole_for_a_reader_of_the_old_key(light, tmp_path, capsys):
    later = light.now + DAY
    light.world.log.clock = lambda: later
    made = light.begin()
    light.grow()
    light.finish()
    light.grow(2)
    bundle = early_days(light, tmp_path / "b.zip")
    assert len(members(bundle)["entries.jsonl"].splitlines()) == 1
    said = run(capsys, bundle, "--key", made.old)
    assert (said.code, f"signed by another key than yours, {made.new}" in said.out) == (0, True), said
    said = run(capsys, bundle, "--key", made.old, "--key", made.new)
    assert (said.code, "another key" in said.out) == (0, False), said


def test_details_erased_under_the_new_key_are_no_fault_for_a_reader_of_the_old_one(light, tmp_path, capsys):
    light.begin()
    light.grow()
    made = light.finish()
    assert erase(light.world, 2033).keys
    light.world.drain()
    bundle = early_days(light, tmp_path / "b.zip")
    said = run(capsys, bundle, "--key", made.old)
    assert (said.code, "by an entry that only a key beside yours vouches for" in said.err) == (2, True), said
    said = run(capsys, bundle, "--key", made.old, "--key", made.new)
    assert said.code == 0, said


@pytest.mark.parametrize("reader", ["old", "both"])
def test_a_key_replaced_without_an_overlap_is_named(kept, tmp_path, capsys, reader):
    """The thief holds the database and the log's key: the log goes on under a key of their own from some point on."""
    thief = Signer(ORIGIN, b"\x09" * 32)
    kept.grow(2)
    kept.rewrite(lambda size, text: text if size < 3 else thief.sign(split_note(text)[0]))
    assert open_checkpoint(kept.notes()[-1], thief.verifier).size == 3, "the attack works on whoever believes the thief"
    with pytest.raises(Misconfigured, match="it was replaced"):
        pinned.pinned(kept.folder, thief.verifier)
    with kept.world.session() as session:
        assert "a key signed it that is not the log's" in checking.check(session, kept.old).sentence
        believed = checking.check(session, thief.verifier, former=[kept.old])
        export(session, tmp_path / "b.zip", Wanted(thief.verifier, former=[kept.old]))
    assert (
        "no checkpoint up to the one over 3 entries is signed by both the key before and the key" in believed.sentence
    )
    keys = {"old": [kept.old], "both": [kept.old, thief.verifier]}[reader]
    said = run(capsys, tmp_path / "b.zip", *(word for key in keys for word in ("--key", key)))
    words = {"old": "signed by another key than yours, and no entry", "both": "no checkpoint up to the one over 3"}
    assert (said.code, words[reader] in said.out) == (1, True), said


def test_a_line_that_anybody_can_add_is_no_overlap(kept):
    """A second signature under honest checkpoints needs no key of the log; an entry that tells of the key does."""
    thief = Signer(ORIGIN, b"\x09" * 32)
    kept.grow(2)
    kept.grow(2)

    def beside(size, text):
        own = thief.sign(split_note(text)[0])
        return own if size == 5 else text + own.partition("\n\n")[2] if size == 3 else text

    kept.rewrite(beside)
    with kept.world.session() as session:
        report = checking.check(session, thief.verifier, former=[kept.old])
    assert "the log's key was replaced, and no entry tells of it" in report.sentence


def test_a_key_that_has_ended_does_not_come_back(light, tmp_path):
    seed = b""
    with light.world.session() as session:
        from portal.keys import secrets

        seed = next(iter(secrets.every(session, light.world.provider, "log-signer").values()))
    made = light.begin()
    light.finish()
    light.grow()
    stolen = Signer(ORIGIN, seed)
    assert stolen.verifier == made.old
    size = open_checkpoint(light.notes()[-1], made.new).size
    light.rewrite(lambda at, text: stolen.sign(split_note(text)[0]) if at == size else text)
    assert f"a key of the log that had been replaced signs again at {size} entries" in light.check().sentence


def test_the_entry_names_the_new_key_for_whoever_has_only_the_log(light):
    made = light.begin()
    with light.world.session() as session:
        leaf = session.execute(select(ENTRY.c.leaf).where(ENTRY.c.operation == "key-rotated")).scalar_one()
    assert f'"sealed":"{told_of(made.new)}"'.encode() in leaf


def test_what_is_refused_and_why(light):
    with pytest.raises(Misconfigured, match="not being replaced"):
        light.finish()
    made = light.begin(days=10)
    with pytest.raises(Misconfigured, match="is being replaced already: end that with --finish, after 20"):
        light.begin()
    assert pinned.until(light.folder) is not None
    with pytest.raises(Misconfigured, match="add --early once everybody has the new key"):
        light.finish(early=False)
    for policy, words in (
        (f"log {made.old}\nquorum none\n", f"add the line: log {made.new}"),
        ("witness w w.example+08a3b5d5+BAd2ysgPc2fmeyJ9Fcr0dTqrPvjpEZDSsJhMqJjRmXMx http://x\nquorum w\n", ""),
    ):
        if words:
            with pytest.raises(Misconfigured) as refused:
                light.finish(Policy.parse(policy.encode()))
            assert words in str(refused.value)
    light.now += 11 * DAY
    light.finish(early=False)
    Stop(light.folder).set(BEHIND, "police", 9, 3, ORIGIN, "")
    with pytest.raises(LogStopped):
        light.begin()


def test_a_beginning_that_broke_off_is_taken_up_before_it_is_ended(light):
    """Nobody was told the new key yet, nor until when both sign: to end it would be a change without an overlap."""
    with patch.object(pinned, "add", side_effect=OSError), pytest.raises(OSError):
        light.begin()
    with pytest.raises(Misconfigured, match="broke off: repeat it without --finish"):
        light.finish(early=False)
    made = light.begin(days=10)
    light.now += 11 * DAY
    assert light.finish(early=False).new == made.new
    assert light.check().whole


def test_a_signer_that_missed_the_change_stores_no_checkpoint(kept):
    """Another process asked for the key just before it was replaced."""
    stale = kept.world.signer()
    kept.begin()
    kept.world.append(view())
    before = kept.notes()
    with kept.world.session() as session:
        drain(session, stale)
        publish(session, stale)
    assert kept.notes() == before
    kept.world.drain()
    assert len(kept.notes()) == len(before) + 1
    assert kept.check().whole


STEPS = {
    "begin": [("secrets", "add"), ("pinned", "add")],
    "finish": [("pinned", "add"), ("secrets", "destroy"), ("pinned", "end")],
}


def killed(kept, act, step, after):
    """Run `act` in a child that dies by SIGKILL at a step: before it is taken, or right after."""
    module, name = step
    child = os.fork()
    if child == 0:
        original = getattr(getattr(rekeying, module), name)

        def die(*arguments):
            if after:
                original(*arguments)
            os.kill(os.getpid(), signal.SIGKILL)

        setattr(getattr(rekeying, module), name, die)
        try:
            act()
        finally:
            os._exit(1)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL


@pytest.mark.parametrize(("act", "step"), [(act, step) for act, steps in STEPS.items() for step in steps])
def test_killed_at_any_step_it_is_as_before_or_as_after_and_can_be_repeated(build, tmp_path, act, step):
    for after in (False, True):
        folder = tmp_path / str(after)
        folder.mkdir()
        kept = Kept(build("sqlite"), folder)
        if act == "finish":
            kept.begin()
        kept.world.engine.dispose()
        killed(kept, getattr(kept, act), step, after)
        signer = kept.world.signer()
        pinned.pinned(folder, signer.verifier, *signer.verifiers[:-1])
        kept.grow()
        assert kept.check().whole, (step, after)
        assert len(signer.verifiers) in (1, 2)
        with suppress(Misconfigured):  # it was done but for saying so
            getattr(kept, act)()
        kept.grow()
        assert kept.check().whole, (step, after)
        assert len(kept.world.signer().verifiers) == (2 if act == "begin" else 1)
        assert pinned.known(folder)[-1] == kept.world.signer().verifier
        assert pinned.known(folder)[0] == kept.old
        assert (pinned.until(folder) is not None) == (act == "begin")


def asked(witness, old, proof, note):
    from portal.audit.asking import request_of

    return witness.post(request_of(old, proof, note))


def test_a_witness_that_knows_only_the_old_key_follows_until_it_ends(light, tmp_path):
    with witnesses.running(tmp_path / "w", "police", logs=(light.old,)) as (police,):
        made = light.begin()
        with light.world.session() as session:
            from portal.audit.sequencer import head, node_at
            from portal.audit.tree import prove_consistency

            def ask(old):
                size = head(session).size
                return asked(
                    police, old, prove_consistency(node_at(session.connection()), old, size), light.notes()[-1]
                )

            assert ask(0)[0] == 200
            before = head(session).size
            session.rollback()
            light.finish()
            light.grow()
            assert ask(before)[0] == 403
            assert witness.add_log(police.home, made.new)
            assert ask(before)[0] == 200


def test_what_is_published_needs_no_break_when_the_key_changes(kept):
    """Right after the change the newest checkpoint with a quorum may still be the old key's."""
    with kept.world.session() as session:
        before = standing.published(session, None, kept.old)
        signer = Signer(ORIGIN, b"\x01" * 32)
        assert standing.published(session, None, signer.verifier) is None
        assert standing.published(session, None, signer.verifier, beside=[kept.old]) == before
    made = kept.begin()
    with kept.world.session() as session:
        for key in (made.old, made.new):
            assert standing.published(session, None, key).checkpoint.size == 2
        with pytest.raises(Unsigned):
            open_checkpoint(kept.notes()[0], made.new)
    assert Checkpoint.parse(split_note(kept.notes()[0])[0]).size == 1


def test_the_pinned_file_names_both_and_says_until_when(light):
    made = light.begin(days=30)
    text = (light.folder / pinned.KEY).read_text()
    assert text.splitlines()[:2] == [str(made.old), str(made.new)]
    assert made.until.isoformat() in text
    assert made.until > date(2026, 1, 1)
    light.finish()
    assert (light.folder / pinned.KEY).read_text() == f"{made.old}\n{made.new}\n"
