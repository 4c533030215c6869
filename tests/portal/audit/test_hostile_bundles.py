"""Bundles made to be believed, or to bring the verifier down, by whoever has the log's own key."""

import json
import struct
import uuid

import pytest

from portal.audit import erasures
from portal.audit.bundle import agreement_digest
from portal.audit.entry import details_digest
from portal.audit.erasing import Period
from portal.audit.erasures import Detail, Erasures
from portal.audit.run import LogBroken
from tests.portal.audit.conftest import view
from tests.portal.audit.excerpts import export, members, run
from tests.portal.audit.test_erased_offline import brought, erased, months, verify  # noqa: F401
from tests.portal.audit.test_erasing import ANN, BEN, KEPT, at, erase


def exported(capsys, world, path, **wanted):
    return run(capsys, export(world, path, **wanted), "--key", str(world.signer().verifier))


def test_an_entry_that_says_something_else_erases_nothing_wherever_it_stands(build, tmp_path, capsys, monkeypatch):
    world = build("sqlite", protected=False)
    for person in (ANN, BEN):
        at(world, 2026)
        world.append(view(person))
        world.drain()
    with monkeypatch.context() as patched:
        patched.setattr(erasures, "OPERATION", "sign-in")  # what `_entry` writes: nobody who reads the log would know
        assert erase(world, 2033, KEPT).keys == 2
    for count, wanted in enumerate(({}, months(1, 12))):
        told = exported(capsys, world, tmp_path / f"{count}.zip", **wanted)
        assert told.code in (1, 2), told


@pytest.mark.parametrize(
    ("period", "years", "words"),
    [
        ("P0Y", 0, "before their period was over"),
        ("P-9Y", 0, "before their period was over"),
        ("P99999Y", 3, "before their period was over"),
        (f"P{'9' * 4_000}Y", 3, "before their period was over"),
    ],
)
def test_a_period_beyond_the_calendar_or_of_nothing_is_held_to(build, tmp_path, capsys, period, years, words):
    text = f'id = "barnet-iom"\nversion = 4\n[log.retention]\nperiod = "{period}"\n'.encode()
    reference, digest = agreement_digest(text)
    named = f"{reference}#{digest}"
    world = build("sqlite", protected=False)
    at(world, 2026)
    world.append(view(ANN, agreement=named))
    world.drain()
    assert erase(world, 2027 + years, {"barnet-iom": Period(named, years, "9.31")}).keys == 1
    told = exported(capsys, world, tmp_path / "b.zip", agreements={reference: text})
    assert (told.code, words in told.out) == (1, True), told


def test_an_erased_detail_of_an_entry_without_an_id_is_named():
    members = {"entry": "nobody", "operation": "consultation", "outcome": "permitted", "time": 0}
    detail = Detail(0, bytes(32), None, None, str(uuid.uuid4()))
    members["details"] = details_digest([detail.digest])
    with pytest.raises(LogBroken, match="its id cannot be read"):
        Erasures({}).check(0, members, [detail])


def test_an_id_spelt_otherwise_is_not_read(verify):  # noqa: F811
    """Python reads a UUID with a line feed, braces or capitals as well: two readers could see two entries."""

    def spelt(told, _):
        told["erasure"] = told["erasure"].upper()

    told = verify(brought(spelt), **months(3, 4))
    assert (told.code, "erasures.jsonl is malformed" in told.err) == (2, True)


def test_what_lies_before_the_whole_log_is_not_believed(erased, verify):  # noqa: F811
    """The set of an entry is told as lying outside, though the bundle begins with the first entry."""

    def added(held):
        (x,) = {d["erasure"] for d in map(json.loads, held["details.jsonl"].splitlines())} - {None}
        told = {"erasure": x, "details": 1, "root": "00" * 32, "before": 1, "edge": ["00" * 32], "rest": []}
        told |= {"index": 0, "leaf": None, "size": 0, "path": []}
        held["erasures.jsonl"] = json.dumps(told).encode() + b"\n"

    told = verify(added)
    assert (told.code, "erasures.jsonl is malformed" in told.err) == (2, True)


def damaged(content, change):
    """The bytes of a zip file with one number of its directory changed."""
    raw = bytearray(content)
    if change == "name":  # its flag says UTF-8, and the name in front of the member is none
        at_name = raw.index(b"entries.jsonl")
        raw[at_name - 30 + 7] |= 0x08
        raw[at_name] = 0xFF
    else:  # the directory seems to begin later than it does, so that members begin before the file
        at_end = raw.rindex(b"PK\x05\x06")
        (start,) = struct.unpack_from("<I", raw, at_end + 16)
        struct.pack_into("<I", raw, at_end + 16, start + 100_000)
    return bytes(raw)


@pytest.mark.parametrize("change", ["name", "start"])
def test_a_damaged_directory_is_named(erased, tmp_path, capsys, change):  # noqa: F811
    bundle = export(erased, tmp_path / "b.zip")
    bundle.write_bytes(damaged(bundle.read_bytes(), change))
    told = run(capsys, bundle, "--key", str(erased.signer().verifier))
    assert (told.code, "could not be checked" in told.err) == (2, True)


def test_a_false_checkpoint_or_a_damaged_entry_does_not_keep_the_evidence_in(erased, tmp_path, capsys):  # noqa: F811
    erased.attack(
        "INSERT INTO audit_checkpoint (size, at, note) SELECT 9999, at, note FROM audit_checkpoint WHERE size = 1"
    )
    told = exported(capsys, erased, tmp_path / "a.zip", **months(2, 3))
    assert (told.code, "erasures.jsonl" in members(tmp_path / "a.zip")) == (2, True), told
    erased.attack("UPDATE audit_entry SET leaf = :x WHERE operation = 'details-erased'", x=b"\xff\xfe")
    told = exported(capsys, erased, tmp_path / "b.zip", **months(2, 3))
    assert told.code in (1, 2), told
