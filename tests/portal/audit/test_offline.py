"""The offline verifier on bundles of a real log: what is whole is said to be, and what is not is named."""

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

import isa.loading
from isa.loading import load
from portal.audit import sequencer
from portal.audit.bundle import agreement_digest
from portal.audit.exporting import CutOff
from portal.audit.note import Checkpoint, Cosigner, Signer, split_note, with_lines
from portal.audit.policy import Policy
from portal.audit.proof_files import compare, inclusion, stored
from portal.audit.tables import COSIGNATURE, SEQUENCE
from portal.db import begin_write, to_micros
from portal.errors import NotFound
from tests.conformance import naive_bundle
from tests.portal.audit.conftest import ORIGIN, view
from tests.portal.audit.excerpts import export, lines, manifest, members, notes, put, rewritten, run

AGREEMENTS = Path(isa.loading.__file__).parent / "agreements"
START = datetime(2026, 11, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SIZES = (2, 3, 7, 8, 12)


@pytest.fixture
def daily(build):
    """A log on SQLite of twelve entries of one writer, one a day at noon, with a checkpoint over each of SIZES."""
    return filled(build("sqlite"))


def filled(world, entries=12, sizes=SIZES):
    for index in range(entries):
        moment = to_micros(START + index * DAY)
        world.log.clock = lambda now=moment: now
        world.append(view())
        if index + 1 in sizes:
            world.drain()
    return world


@pytest.fixture
def key(daily):
    return str(daily.signer().verifier)


@pytest.fixture
def whole(daily, tmp_path):
    return export(daily, tmp_path / "whole.zip")


def days(first, end):
    """What exports exactly the entries `first` to `end` − 1."""
    return {"since": START + first * DAY - DAY / 2, "until": START + end * DAY - DAY / 2}


def test_a_whole_log_on_each_engine(world, tmp_path, capsys):
    bundle = export(filled(world), tmp_path / "b.zip", agreements={"x": b'id = "barnet-iom"\nversion = 9\n'})
    said = run(capsys, bundle, "--key", world.signer().verifier)
    assert said.code == 0, said
    assert said.out.startswith("All 12 entries of the access log are whole")
    assert "Entries 0 to 11 of the log log.example/test, dated 2 November 2026, 12:00:00 UTC to 13 November" in said.out
    assert "5 signed checkpoints, the last over 12 entries" in said.out
    assert "12 sealed details against the entries they belong to, still sealed." in said.out
    assert "key came with the bundle" not in said.out
    assert "key came with the bundle" in run(capsys, bundle).out
    assert said.err.endswith("12 of 12 entries\n")


def test_every_part_of_a_log_stands_on_its_own(daily, key, tmp_path, capsys):
    for first in (0, 1, 2, 5, 8, 11):
        for end in {first + 1, 8, 10, 12} - set(range(first + 1)):
            bundle = export(daily, tmp_path / f"{first}-{end}.zip", **days(first, end))
            assert (manifest(bundle).first, manifest(bundle).end) == (first, end)
            said = run(capsys, bundle, "--key", key)
            assert said.code == 0, (first, end, said)
            assert f"Entries {first} to {end - 1} of" in said.out
            assert ("began before this part" in said.out) == (first > 0)
            assert "under no signed checkpoint" not in said.out


def test_days_without_an_entry_and_a_file_that_is_there(daily, whole, tmp_path):
    with pytest.raises(NotFound):
        export(daily, tmp_path / "none.zip", **days(20, 30))
    before = whole.read_bytes()
    with pytest.raises(FileExistsError):
        export(daily, whole)
    assert whole.read_bytes() == before
    assert whole.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.glob("*.zip*")) == ["whole.zip"]


def changed(bundle, name, change):
    """A copy in which one member's lines are changed in place by `change`."""

    def at(held):
        content = lines(held, name)
        change(content)
        put(held, name, content)

    return rewritten(bundle, at)


def replaced(bundle, name, content):
    """A copy in which one member is another."""
    return rewritten(bundle, lambda held: held.update({name: content}))


def swap(content):
    content[4], content[5] = content[5], content[4]


ENTRIES = [
    (lambda c: c.pop(4), "entry 4 (", "is missing"),
    (lambda c: c.pop(), "entry 11:", "missing"),
    (lambda c: c.insert(4, c[4]), "entry 5 (", "repeats a place"),
    (swap, "entry 4 (", "is missing"),
    (lambda c: c.__setitem__(4, b""), "entry 4:", "deleted"),
    (lambda c: c.__setitem__(4, c[4].replace(b"police", b"health")), "entry 4 (", "remembers it otherwise"),
    (lambda c: c.__setitem__(11, c[11].replace(b"police", b"health")), "entries 8 to 11", "do not lead"),
    (lambda c: c.__setitem__(4, c[4] + b" "), "entry 4:", "canonical"),
    (lambda c: c.__setitem__(4, b"[" * 60_000), "entry 4:", "not JSON"),
    (lambda c: c.append(c[11]), "entry 12:", "more entries than the bundle says"),
]


@pytest.mark.parametrize(("change", "where", "what"), ENTRIES)
def test_whatever_is_done_to_an_entry_is_named(whole, key, capsys, change, where, what):
    said = run(capsys, changed(whole, "entries.jsonl", change), "--key", key)
    assert said.code == 1
    assert where in said.out
    assert what in said.out


def blob(change):
    def at(content):
        content[4] = json.dumps(json.loads(content[4]) | change).encode()

    return at


DETAILS = [
    (lambda c: c.pop(4), "removed, added or changed"),
    (lambda c: c.insert(4, c[4]), "removed"),
    (blob({"sealed": None, "silent": None, "digest": "00" * 32}), "removed, added or changed"),
    (blob({"sealed": "00"}), "was changed"),
    (blob({"silent": ""}), "was changed"),
    (blob({"position": 1}), "was removed"),
]


@pytest.mark.parametrize(("change", "what"), DETAILS)
def test_whatever_is_done_to_a_sealed_detail_is_named(whole, key, capsys, change, what):
    said = run(capsys, changed(whole, "details.jsonl", change), "--key", key)
    assert said.code == 1
    assert "entry 4 (reference " in said.out
    assert what in said.out


def test_details_of_no_entry_and_outcomes_that_are_gone(whole, key, capsys):
    more = changed(whole, "details.jsonl", lambda c: c.append(c[-1].replace(b'"index": 11', b'"index": 12')))
    assert "details of entries that are not there" in run(capsys, more, "--key", key).out
    none = changed(whole, "outcomes.jsonl", lambda c: c.clear())
    assert "entry 0 (" in run(capsys, none, "--key", key).out
    other = changed(whole, "outcomes.jsonl", lambda c: c.__setitem__(0, c[0].replace(b"7.1", b"7.2")))
    assert "its outcome by field was removed or changed" in run(capsys, other, "--key", key).out


def _spelling(one, other):
    """Whether two texts differ in the case of a letter only: the naive reader takes hex digits in either."""
    return bytes(one).lower() == bytes(other).lower()


def naive(bundle, key):
    """What the second implementation, written from the document, says: whether the bundle is whole."""
    try:
        naive_bundle.check(naive_bundle.members(bundle), key)
    except Exception:  # it says no in any way it likes
        return False
    return True


@pytest.mark.parametrize("first", [0, 5])
def test_no_byte_of_what_counts_can_be_changed(daily, key, tmp_path, capsys, first):
    """Where a byte is part of nothing that an entry, a digest or a signature fixes, it is named in the document."""
    bundle = export(daily, tmp_path / "b.zip", **days(first, 10))
    assert naive(bundle, key)
    held = members(bundle)
    chance = random.Random(1)
    for name in ("entries.jsonl", "details.jsonl", "outcomes.jsonl", "checkpoints.jsonl"):
        for _ in range(25):
            at, bit = chance.randrange(len(held[name])), 1 << chance.randrange(8)
            content = bytearray(held[name])
            content[at] ^= bit
            copy = replaced(bundle, name, bytes(content))
            assert run(capsys, copy, "--key", key).code in (1, 2), (name, at, bit)
            assert not naive(copy, key) or _spelling(held[name], content), (name, at, bit)
    told = json.loads(held["bundle.json"])
    for change in (
        {"first": first + 1},
        {"end": 9},
        {"end": 11},
        {"edge": told["edge"][:-1] or ["00" * 32]},
        {"edge": ["00" * 32 for _ in told["edge"]]} if first else {"edge": None},
        {"links": []},
        {"links": [link | {"hashes": link["hashes"][1:]} for link in told["links"]]},
        {"origin": "another.example"},
    ):
        copy = replaced(bundle, "bundle.json", json.dumps(told | change).encode())
        assert run(capsys, copy, "--key", key).code in (1, 2), change


def test_checkpoints_left_out_forged_or_of_another_log(whole, key, capsys):
    none = changed(whole, "checkpoints.jsonl", lambda c: c.clear())
    assert "no signed checkpoint comes with these entries" in run(capsys, none, "--key", key).out
    few = changed(whole, "checkpoints.jsonl", lambda c: c.__delitem__(slice(3, None)))
    said = run(capsys, few, "--key", key)
    assert (said.code, "no signed checkpoint covers the entries from 7 on: ask" in said.err) == (2, True)
    mixed = changed(whole, "checkpoints.jsonl", lambda c: c.reverse())
    assert "not in the order" in run(capsys, mixed, "--key", key).err
    stranger = Signer(ORIGIN, b"\x05" * 32)
    forged = json.dumps({"note": stranger.sign(Checkpoint(ORIGIN, 7, bytes(32)).body())}).encode()
    false = changed(whole, "checkpoints.jsonl", lambda c: c.__setitem__(2, forged))
    said = run(capsys, false, "--key", key)
    assert "the checkpoint over 7 entries is signed by another key than yours" in said.out
    other = run(capsys, whole, "--key", str(stranger.verifier))
    assert (other.code, "your key signed none of its checkpoints" in other.out) == (1, True)


def test_an_export_that_races_the_sequencer_ends_where_a_checkpoint_ends(daily, key, tmp_path, capsys, monkeypatch):
    """An entry got its place a moment ago, and the checkpoint over it is not signed yet."""
    daily.append(view())
    with monkeypatch.context() as patch:
        patch.setattr(sequencer, "publish", lambda *_: None)
        daily.drain()
    said = run(capsys, export(daily, tmp_path / "unsettled.zip"), "--key", key)
    assert (said.code, "ask for a later bundle" in said.err) == (2, True), "as it was"
    for days_or_all in ({}, {"since": START}):
        bundle = export(daily, tmp_path / f"{len(days_or_all)}.zip", settled=True, **days_or_all)
        said = run(capsys, bundle, "--key", key)
        assert (said.code, "All 12 entries" in said.out) == (0, True), said
    daily.attack("DELETE FROM audit_checkpoint")
    assert manifest(export(daily, tmp_path / "evidence.zip", settled=True)).end == 13, "all of it, where it is damaged"


def test_a_checkpoint_that_the_reader_kept(daily, whole, key, tmp_path, capsys):
    kept = []
    for size, note in zip(SIZES, notes(whole), strict=True):
        kept += ["--checkpoint", tmp_path / str(size)]
        kept[-1].write_text(note)
    said = run(capsys, whole, "--key", key, *kept)
    assert "5 checkpoints that you kept: the log still says what it said then." in said.out
    part = export(daily, tmp_path / "part.zip", **days(4, 10))
    assert (said := run(capsys, part, "--key", key, *kept[:2])).code == 2
    assert "ask for one made with that checkpoint" in said.err
    proved = export(daily, tmp_path / "proved.zip", **days(4, 10), held=notes(whole))
    said = run(capsys, proved, "--key", key, *kept)
    assert (said.code, "5 checkpoints that you kept" in said.out) == (0, True)


def test_a_log_shorter_than_a_kept_checkpoint(daily, whole, key, tmp_path, capsys):
    (tmp_path / "kept").write_text(notes(whole)[-1])

    def cut(held):
        for name, count in (("entries.jsonl", 8), ("details.jsonl", 8), ("checkpoints.jsonl", 4)):
            put(held, name, lines(held, name)[:count])
        held["bundle.json"] = held["bundle.json"].replace(b'"end": 12', b'"end": 8')

    short = rewritten(whole, cut)
    assert run(capsys, short, "--key", key).code == 0, "nothing is wrong for who keeps no checkpoint"
    said = run(capsys, short, "--key", key, "--checkpoint", tmp_path / "kept")
    assert (said.code, "your checkpoint covers 12 entries, and the last one of the bundle 8" in said.out) == (1, True)
    longer = daily.signer().sign(Checkpoint(ORIGIN, 13, bytes(32)).body())
    with pytest.raises(CutOff, match="covers 13 entries and the log has 12 now: its end was cut off"):
        export(daily, tmp_path / "never.zip", held=[longer])


def test_two_checkpoints_of_one_size_that_differ(daily, whole, key, tmp_path, capsys):
    """A forked view: the holder of the log's key signed two truths."""
    (tmp_path / "kept").write_text(daily.signer().sign(Checkpoint(ORIGIN, 8, b"\x01" * 32).body()))
    said = run(capsys, whole, "--key", key, "--checkpoint", tmp_path / "kept")
    assert said.code == 1
    assert "do not lead to the signed checkpoint of 8 entries" in said.out
    (tmp_path / "kept").write_text("not a note")
    assert run(capsys, whole, "--key", key, "--checkpoint", tmp_path / "kept").code == 2


WITNESSES = [Cosigner(f"witness{n}.example", bytes([n]) * 32) for n in range(3)]


def policy(key, needed=2):
    names = "".join(f"witness w{n} {each.key}\n" for n, each in enumerate(WITNESSES))
    return f"log {key}\n{names}group enough {needed} w0 w1 w2\nquorum enough\n".encode()


def cosigned(bundle, times):
    """A copy whose checkpoints are cosigned: size → the seconds at which the first witnesses did."""

    def at(content):
        for place, line in enumerate(content):
            note = json.loads(line)["note"]
            body = note.partition("\n\n")[0] + "\n"
            size = Checkpoint.parse(body).size
            signed = [w.cosign(body, t).line for w, t in zip(WITNESSES, times.get(size, ()), strict=False)]
            content[place] = json.dumps({"note": with_lines(note, signed)}).encode()

    return changed(bundle, "checkpoints.jsonl", at)


def noon(index):
    return int((START + index * DAY).timestamp())


def test_a_quorum_of_witnesses_and_the_dates_they_vouch_for(whole, key, tmp_path, capsys):
    (tmp_path / "policy").write_bytes(policy(key))
    honest = {size: [noon(size - 1) + 2] * 2 for size in SIZES}
    said = run(capsys, cosigned(whole, honest), "--policy", tmp_path / "policy")
    assert said.code == 0, said
    assert "5 checkpoints with cosignatures of witnesses; enough of them for the policy cosigned up to 12" in said.out
    assert "No witness vouches" not in said.out
    late = cosigned(whole, {size: honest[size] for size in SIZES[:-1]} | {12: [noon(12)]})
    said = run(capsys, late, "--policy", tmp_path / "policy")
    assert (said.code, "vouch for the first 8 entries only" in said.err) == (2, True)
    said = run(capsys, late, "--key", key)
    assert (said.code, "No witness vouches for this log" in said.out) == (0, True), "who names no policy demands none"
    none = run(capsys, whole, "--policy", tmp_path / "policy")
    assert (none.code, "no checkpoint of the bundle is cosigned by enough witnesses" in none.out) == (1, True)


@pytest.mark.parametrize(
    ("size", "at", "where", "what"),
    [
        (7, noon(7) + 121, "entry 7 (", "it is back-dated: witnesses had cosigned the 7 entries before it"),
        (8, noon(7) - 121, "entry 7 (", "dated after the time at which witnesses cosigned it"),
    ],
)
def test_a_date_that_the_witnesses_contradict(whole, key, tmp_path, capsys, size, at, where, what):
    (tmp_path / "policy").write_bytes(policy(key))
    said = run(capsys, cosigned(whole, {size: [at, at]}), "--policy", tmp_path / "policy")
    assert said.code == 1
    assert where in said.out
    assert what in said.out
    within = at - 1 if size == 7 else at + 1
    honest = {size: [within, within], 12: [noon(11)] * 2}
    assert run(capsys, cosigned(whole, honest), "--policy", tmp_path / "policy").code == 0
    alone = run(capsys, cosigned(whole, {size: [at], 12: [noon(11)] * 2}), "--policy", tmp_path / "policy")
    assert alone.code == 0, "one witness with a wrong clock is not a quorum"


def test_a_false_cosignature_and_a_policy_in_the_bundle(daily, whole, key, tmp_path, capsys):
    (tmp_path / "policy").write_bytes(policy(key))
    good = cosigned(whole, {12: [noon(11)] * 2})
    bad = rewritten(good, lambda held: put(held, "checkpoints.jsonl", [_spoilt(held)]))
    assert "the signature of witness0.example does not fit" in run(capsys, bad, "--policy", tmp_path / "policy").out
    brought = export(daily, tmp_path / "own.zip", policy=Policy.parse(policy(key)))
    said = run(capsys, brought, "--key", key)
    assert (said.code, "those that the bundle itself names" in said.out) == (0, True)
    assert Policy.parse(members(brought)["policy.txt"]).quorum == "enough"


def _spoilt(held):
    last = json.loads(lines(held, "checkpoints.jsonl")[-1])["note"].split("\n")
    place = next(at for at, line in enumerate(last) if line.startswith("— witness0"))
    last[place] = WITNESSES[0].cosign("another text\n", 1).line
    return json.dumps({"note": "\n".join(last)}).encode()


def test_the_text_an_entry_was_decided_under(daily, whole, key, tmp_path, capsys):
    assert "whose text is not here: barnet-iom@4." in run(capsys, whole, "--key", key).out
    text = b'id = "barnet-iom"\nversion = 4\n'
    other = export(daily, tmp_path / "other.zip", agreements={"barnet-iom@4": text})
    said = run(capsys, other, "--key", key)
    assert (said.code, "the text of agreement barnet-iom@4 is not the one" in said.out) == (1, True)
    daily.log.clock = lambda: to_micros(START + 40 * DAY)
    daily.append(view(agreement=f"brent-iom@4#{agreement_digest(text.replace(b'barnet', b'brent'))[1]}"))
    daily.drain()
    brent = {"brent-iom@4": text.replace(b"barnet", b"brent")}
    said = run(capsys, export(daily, tmp_path / "right.zip", agreements=brent, **days(40, 41)), "--key", key)
    assert said.code == 0
    assert "1 text of agreements" in said.out
    assert "whose text is not here" not in said.out


@pytest.mark.parametrize("path", sorted(AGREEMENTS.glob("*.toml")), ids=lambda path: path.stem)
def test_agreements_have_the_digest_that_their_parties_sign(path):
    signed = load(path)
    assert agreement_digest(path.read_bytes()) == (f"{signed.id}@{signed.version}", signed.digest)


def test_cosignatures_go_along_with_checkpoints_and_proofs(daily, whole, key, tmp_path, capsys):
    (tmp_path / "policy").write_bytes(policy(key))
    with daily.session() as session, begin_write(session):
        for size, count in ((7, 1), (8, 2), (12, 3)):
            body = split_note(notes(whole)[SIZES.index(size)])[0]
            for witness in WITNESSES[:count]:
                made = witness.cosign(body, noon(size - 1))
                place = {"size": size, "witness": made.key.name, "key_id": made.key.key_id}
                session.execute(COSIGNATURE.insert().values(**place, at=made.at, line=made.line))
    believed = Policy.parse(policy(key))
    part = export(daily, tmp_path / "part.zip", **days(4, 6), policy=believed)
    assert [Checkpoint.parse(split_note(each)[0]).size for each in notes(part)] == [7, 8, 12]
    said = run(capsys, part, "--policy", tmp_path / "policy")
    assert (said.code, "enough of them for the policy cosigned up to 12" in said.out) == (0, True), said
    assert Policy.parse(members(part)["policy.txt"]) == believed
    with daily.session() as session:
        entry = session.execute(select(SEQUENCE.c.entry_id).where(SEQUENCE.c.index == 3)).scalar_one()
        proof = inclusion(session, [daily.signer().verifier], entry, believed.least())
        alone = inclusion(session, [daily.signer().verifier], entry, 4)
    assert (proof.note.count("witness"), Checkpoint.parse(split_note(alone.note)[0]).size) == (2, 7)
    (tmp_path / "proof").write_text(proof.text())
    said = run(capsys, "proof", tmp_path / "proof", "--policy", tmp_path / "policy")
    assert (said.code, "Cosigned by w0, w1: enough for your policy." in said.out) == (0, True)
    (tmp_path / "proof").write_text(alone.text())
    assert "too few witnesses" in run(capsys, "proof", tmp_path / "proof", "--policy", tmp_path / "policy").out


def test_an_export_writes_into_no_file_that_somebody_laid_there(daily, tmp_path):
    (tmp_path / "theirs").write_text("kept")
    (tmp_path / "b.zip.part").symlink_to(tmp_path / "theirs")
    bundle = export(daily, tmp_path / "b.zip")
    assert ((tmp_path / "theirs").read_text(), bundle.stat().st_mode & 0o777) == ("kept", 0o600)


def test_that_one_checkpoint_extends_another_needs_the_quorum_too(daily, whole, key, tmp_path, capsys):
    """Whoever has the log's key can sign a later checkpoint that no witness saw, and prove that it extends."""
    (tmp_path / "policy").write_bytes(policy(key))
    (tmp_path / "earlier").write_text(notes(whole)[0])
    arguments = ("consistency", tmp_path / "proof", tmp_path / "earlier")
    for count, code in ((1, 1), (2, 0)):
        with daily.session() as session, begin_write(session):
            made = WITNESSES[count - 1].cosign(split_note(notes(whole)[-1])[0], noon(11))
            place = {"size": 12, "witness": made.key.name, "key_id": made.key.key_id}
            session.execute(COSIGNATURE.insert().values(**place, at=made.at, line=made.line))
        with daily.session() as session:
            found = compare(session, [daily.signer().verifier], notes(whole)[0], stored(session, 12) or "")
        (tmp_path / "proof").write_text(found.proof.text())
        assert run(capsys, *arguments, "--key", key).code == 0
        said = run(capsys, *arguments, "--policy", tmp_path / "policy")
        assert (said.code, "too few witnesses" in said.out) == (code, code == 1)


def test_a_log_that_had_another_name_before(whole, key, capsys):
    former = Signer("log.example/before", b"\x08" * 32)

    def renamed(held):
        told = json.loads(held["bundle.json"]) | {"former": ["log.example/before"]}
        held["bundle.json"] = json.dumps(told).encode()
        content = lines(held, "checkpoints.jsonl")
        for place in (0, 1):
            found = Checkpoint.parse(split_note(json.loads(content[place])["note"])[0])
            note = former.sign(Checkpoint("log.example/before", found.size, found.root).body())
            content[place] = json.dumps({"note": note}).encode()
        put(held, "checkpoints.jsonl", content)

    bundle = rewritten(whole, renamed)
    both = run(capsys, bundle, "--key", key, "--key", former.verifier)
    assert (both.code, "5 signed checkpoints" in both.out) == (0, True)
    one = run(capsys, bundle, "--key", key)
    assert (one.code, "3 signed checkpoints" in one.out) == (0, True)
    assert "The log had another name before (log.example/before)" in one.out
    back = changed(bundle, "checkpoints.jsonl", swap_first)
    assert run(capsys, back, "--key", key, "--key", former.verifier).code in (1, 2)
    told = json.loads(members(bundle)["bundle.json"]) | {"former": []}
    false = replaced(bundle, "bundle.json", json.dumps(told).encode())
    assert "of another log was put into" in run(capsys, false, "--key", key, "--key", former.verifier).out


def swap_first(content):
    content[1], content[2] = content[2], content[1]
