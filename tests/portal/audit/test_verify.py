"""The verifier's command line, as a module and as one file on a bare Python; and files that are no bundles."""

import json
import subprocess
import sys
import tracemalloc
import uuid
import zipfile
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest

from portal.audit import standalone, verify
from portal.audit.bundle import Manifest
from portal.audit.entry import Entry, Outcome, Place, canonical, detail_digest, details_digest, make_leaf
from portal.audit.note import Checkpoint, Signer
from portal.audit.tree import CompactRange, leaf_hash
from tests.portal.audit.excerpts import lines, members, put, rewritten, run

SIGNER = Signer("log.example", bytes(32))
KEY = str(SIGNER.verifier)
DECISION, CONTENT = Outcome(permitted=[("person.surname", "police", "5.1", ())]).content()
BLOBS = (bytes(295), bytes(295))
DETAIL = detail_digest(*BLOBS)


def bundle_of(path, count, every=100):
    """A bundle of `count` entries by four writers, a checkpoint every so often, written as it is made."""
    edge, heads, notes = CompactRange(), {}, []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as into:
        with into.open("entries.jsonl", "w") as member:
            for index in range(count):
                writer = uuid.UUID(int=index % 4)
                n, prev = heads.get(writer, (0, None))
                place = Place(uuid.UUID(int=index), index, writer, n, prev, bytes(16))
                details = details_digest([DETAIL])
                leaf = make_leaf(Entry("list"), place, decision=DECISION, details=details, sealed=None, software="1")
                heads[writer] = n + 1, leaf_hash(leaf)
                edge.append(heads[writer][1])
                member.write(leaf + b"\n")
                if edge.size % every == 0 or edge.size == count:
                    notes.append(SIGNER.sign(Checkpoint("log.example", edge.size, edge.root()).body()))
        with into.open("details.jsonl", "w") as member:
            for index in range(count):
                told = {"index": index, "position": 0, "digest": DETAIL.hex()}
                told |= {"sealed": BLOBS[0].hex(), "silent": BLOBS[1].hex()}
                member.write(json.dumps(told).encode() + b"\n")
        into.writestr("checkpoints.jsonl", "".join(json.dumps({"note": note}) + "\n" for note in notes))
        into.writestr("outcomes.jsonl", CONTENT + b"\n")
        into.writestr("log-key.txt", KEY + "\n")
        into.writestr("bundle.json", Manifest("log.example", 0, count, (), {}, 0, "everything", "").text())
    return path


@pytest.fixture
def small(tmp_path):
    return bundle_of(tmp_path / "small.zip", 50, every=10)


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """Run the single file where nothing can be imported but the standard library and `cryptography`."""
    folder = tmp_path_factory.mktemp("bare")
    for name in ("cryptography", "cffi", "_cffi_backend"):
        found = Path(find_spec(name).origin or "")
        found = found.parent if found.name == "__init__.py" else found
        (folder / found.name).symlink_to(found)
    script = folder / "verify.py"
    script.write_text(standalone.text("0"), "utf-8")
    start = "import runpy, sys; sys.path.append(sys.argv.pop(1)); runpy.run_path(sys.argv.pop(1), run_name='__main__')"

    def run(*arguments, code=None):
        line = [sys.executable, "-I", "-S", "-c", code or start, folder, script, *map(str, arguments)]
        done = subprocess.run(line, capture_output=True, text=True, cwd=folder)
        return SimpleNamespace(code=done.returncode, out=done.stdout, err=done.stderr)

    return run


def test_the_single_file_says_the_same_on_a_bare_python(bare, small, capsys):
    for name in ("sqlalchemy", "click", "rfc8785", "portal"):
        assert bare(code=f"import sys; sys.path.append(sys.argv[1]); import {name}").code == 1, name
    assert bare(code="import sys; sys.path.append(sys.argv[1]); import cryptography").code == 0
    false = rewritten(small, lambda held: put(held, "entries.jsonl", held["entries.jsonl"].split(b"\n")[:-2]))
    for arguments in ((small, "--key", KEY), (small,), (false,), (small.with_name("none.zip"),), ("proof", small)):
        alone, ours = bare(*arguments), run(capsys, *arguments)
        assert (alone.code, alone.out, alone.err) == (ours.code, ours.out, ours.err)
    assert bare(small, "--key", KEY).out.startswith("All 50 entries of the access log are whole")
    assert bare(false).code == 1


def test_the_single_file_says_what_it_needs(bare):
    alone = bare(code="import runpy, sys; runpy.run_path(sys.argv[2])")
    assert (alone.code, "the package `cryptography` is needed" in alone.err) == (1, True)


def test_the_single_file_holds_every_module_after_those_it_imports():
    text = standalone.text("0")
    for place, name in enumerate(standalone.MODULES):
        source = Path(standalone.__file__).with_name(f"{name}.py").read_text("utf-8")
        assert source in text
        later = standalone.MODULES[place:]
        assert not [other for other in later if f"from portal.audit.{other} import" in source], name


def test_as_a_module_of_the_portal_and_without_its_database_or_web(small):
    line = [sys.executable, "-m", "portal.audit.verify", small, "--key", KEY]
    done = subprocess.run(line, capture_output=True, text=True)
    assert (done.returncode, done.stdout[:14]) == (0, "All 50 entries")
    code = (
        "import sys, portal.audit.verify\n"
        "heavy = {'sqlalchemy', 'flask', 'portal.db', 'portal.keys', 'portal.config'} & set(sys.modules)\n"
        "sys.exit(repr(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def without(name):
    return lambda held: held.pop(name)


def with_manifest(**members):
    def change(held):
        held["bundle.json"] = json.dumps(json.loads(held["bundle.json"]) | members).encode()

    return change


HOSTILE = [
    (without("bundle.json"), "bundle.json is missing"),
    (without("details.jsonl"), "details.jsonl is missing"),
    (lambda held: held.__setitem__("verify.py", b"x"), "does not belong there: 'verify.py'"),
    (lambda held: held.__setitem__("agreements/../x.toml", b"x"), "does not belong there"),
    (lambda held: held.__setitem__("agreements/x.toml", b"x"), "the text of an agreement cannot be read"),
    (lambda held: held.__setitem__("bundle.json", b"[]"), "bundle.json is malformed"),
    (lambda held: held.__setitem__("bundle.json", b"[" * 100_000), "bundle.json is malformed"),
    (lambda held: held.__setitem__("bundle.json", b"\xff"), "bundle.json is malformed"),
    (with_manifest(format="accord-log-bundle@v2"), "does not know"),
    (with_manifest(first=3), "malformed"),
    (with_manifest(end=-1), "malformed"),
    (with_manifest(end=True), "malformed"),
    (with_manifest(links=[{"old": 1, "new": 2, "hashes": ["zz"]}]), "malformed"),
    (lambda held: held.__setitem__("details.jsonl", b"{}"), "breaks off"),
    (lambda held: held.__setitem__("details.jsonl", b"{\n"), "is not JSON"),
    (lambda held: held.__setitem__("details.jsonl", b"7\n"), "is not a JSON object"),
    (lambda held: held.__setitem__("details.jsonl", b'{"index": 0}\n'), "details.jsonl is malformed"),
    (lambda held: held.__setitem__("checkpoints.jsonl", b'{"note": 7}\n'), "checkpoints.jsonl is malformed"),
    (lambda held: held.__setitem__("outcomes.jsonl", bytes(17 << 20)), "outcomes.jsonl breaks off, or has a line"),
    (lambda held: held.__setitem__("log-key.txt", b"none"), "the key cannot be read"),
    (lambda held: held.__setitem__("log-key.txt", b"a+b+c"), "the key cannot be read"),
    (lambda held: held.__setitem__("policy.txt", b"quorum\n"), "line 1"),
]


@pytest.mark.parametrize(("change", "what"), HOSTILE)
def test_a_bundle_that_cannot_be_read_is_not_called_whole_or_broken(small, capsys, change, what):
    said = run(capsys, rewritten(small, change))
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("This could not be checked: ")
    assert what in said.err


def test_a_bundle_cannot_write_on_the_readers_terminal(small, capsys):
    """Whatever comes out of a bundle is shown as text, on one line: it clears no screen and adds no answer."""
    false = "x\x1b[2J\x1b[HAll 50 entries of the access log are whole.\u202e\n- Cosigned by everybody"

    def evil(held):
        content = lines(held, "entries.jsonl")
        members = json.loads(content[0]) | {"agreement": f"{false}@1#0"}
        put(held, "entries.jsonl", [canonical(members), *content[1:]])
        held["agreements/x.toml"] = f"id = {json.dumps(false)}\nversion = 1\n".encode()

    said = run(capsys, rewritten(small, evil), "--key", KEY)
    assert (said.code, "the text of agreement x" in said.out) == (1, True), said
    assert [char for char in said.out if not char.isprintable()] == ["\n"]
    renamed = rewritten(small, lambda held: origin(held, false))
    said = run(capsys, renamed, "--key", KEY)
    assert (said.code, "whose key you did not name" in said.err, said.out) == (2, True, "")
    assert "\x1b" not in said.err


def origin(held, name):
    told = json.loads(held["bundle.json"])
    held["bundle.json"] = json.dumps(told | {"origin": name, "former": [told["origin"]]}).encode()


def test_a_bundle_of_one_log_cannot_be_passed_off_as_another(small, capsys):
    said = run(capsys, rewritten(small, lambda held: origin(held, "other.example")), "--key", KEY)
    assert (said.code, "of the log other.example, whose key you did not name" in said.err) == (2, True)


def test_a_way_of_packing_that_is_not_ours_is_refused(small, tmp_path, capsys):
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_LZMA) as into:
        for name, content in members(small).items():
            into.writestr(name, content)
    whole = bytearray((tmp_path / "b.zip").read_bytes())
    whole[200:260] = bytes(60)
    (tmp_path / "b.zip").write_bytes(whole)
    said = run(capsys, tmp_path / "b.zip", "--key", KEY)
    assert (said.code, "packed in a way" in said.err) == (2, True)


def test_one_name_twice_a_damaged_file_and_no_file(small, tmp_path, capsys):
    with zipfile.ZipFile(tmp_path / "twice.zip", "w") as into:
        for name, content in members(small).items():
            into.writestr(name, content)
        with pytest.warns(UserWarning, match="Duplicate name"):
            into.writestr("entries.jsonl", b"")
    assert "one file twice" in run(capsys, tmp_path / "twice.zip").err
    bent = bytearray(small.read_bytes())
    bent[5_000] ^= 1  # within the entries, so the sum of their bytes does not fit any more
    (tmp_path / "damaged.zip").write_bytes(bent)
    assert run(capsys, tmp_path / "damaged.zip").code in (1, 2)
    for cut in (0, 100, len(bent) // 2, len(bent) - 1):
        (tmp_path / "cut.zip").write_bytes(small.read_bytes()[:cut])
        assert run(capsys, tmp_path / "cut.zip").code == 2
    assert run(capsys, tmp_path).code == 2
    with pytest.raises(SystemExit) as stopped:
        verify.main([])
    assert stopped.value.code == 2


def grown(tmp_path, count):
    """The most memory in use while a bundle of that many entries is verified, in bytes."""
    path = bundle_of(tmp_path / f"{count}.zip", count, every=1_000)
    tracemalloc.start()
    try:
        assert verify.main([str(path), "--key", KEY]) == 0
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_stays_flat(tmp_path, capsys):
    few, many = grown(tmp_path, 400), grown(tmp_path, 4_000)
    assert many < few + 200_000


@pytest.mark.long
def test_memory_stays_flat_over_many_more(tmp_path, capsys):
    few, many = grown(tmp_path, 2_000), grown(tmp_path, 200_000)
    assert many < few + 500_000
