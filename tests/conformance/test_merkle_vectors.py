"""The project's tree, note and tile code against data made by others (see the README beside the vectors)."""

import base64
import json
import struct
from pathlib import Path

import pytest

from portal.audit import note, tree

SHARED = Path(__file__).parents[2] / ".." / "shared" / "vectors"
pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared conformance data is not beside the repository")
TESSERA_KEY = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"


def cases(kind):
    return sorted((SHARED / "merkle" / kind).rglob("*.json"))


def b64(text):
    return base64.b64decode(text or "")


def test_all_data_is_there():
    assert len(cases("inclusion")) == len(cases("consistency")) == 98


@pytest.mark.parametrize("path", cases("inclusion"), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_inclusion(path):
    case = json.loads(path.read_text())
    arguments = (b64(case["leafHash"]), case["leafIdx"], case["treeSize"], [b64(p) for p in case["proof"] or []])
    if case["wantErr"]:
        with pytest.raises(tree.ProofInvalid):
            tree.verify_inclusion(*arguments, b64(case["root"]))
    else:
        tree.verify_inclusion(*arguments, b64(case["root"]))


@pytest.mark.parametrize("path", cases("consistency"), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_consistency(path):
    case = json.loads(path.read_text())
    arguments = (case["size1"], case["size2"], b64(case["root1"]), b64(case["root2"]))
    proof = [b64(p) for p in case["proof"] or []]
    if case["wantErr"]:
        with pytest.raises(tree.ProofInvalid):
            tree.verify_consistency(*arguments, proof)
    else:
        tree.verify_consistency(*arguments, proof)


def test_an_empty_tree_is_extended_by_any_other_with_an_empty_proof():
    root = tree.leaf_hash(b"x")
    tree.verify_consistency(0, 1, tree.EMPTY_ROOT, root, [])
    tree.verify_consistency(0, 0, tree.EMPTY_ROOT, tree.EMPTY_ROOT, [])
    with pytest.raises(tree.ProofInvalid):
        tree.verify_consistency(0, 1, root, root, [])


def test_rfc6962_roots():
    data = json.loads((SHARED / "rfc6962_roots.json").read_text())
    hashes = [tree.leaf_hash(bytes.fromhex(leaf)) for leaf in data["leaf_inputs_hex"]]
    edge = tree.CompactRange()
    nodes = {}
    for size, root in enumerate(data["root_hashes_hex_by_size"]):
        assert edge.root().hex() == tree.root_of(hashes[:size]).hex() == root
        if size < len(hashes):
            edge.append(hashes[size], lambda level, index, value: nodes.__setitem__((level, index), value.hex()))
    nodes |= {(0, index): value.hex() for index, value in enumerate(hashes)}
    levels = data["node_hashes_hex"]
    assert nodes == {(int(name[5:]), i): value for name, row in levels.items() for i, value in enumerate(row)}


@pytest.mark.parametrize(("group", "text"), [("note_example", "note"), ("monkeys", "size5"), ("monkeys", "size8")])
def test_signed_notes(group, text):
    data = json.loads((SHARED / "signed_notes.json").read_text())[group]
    key = note.Verifier.parse(data["vkey"])
    assert str(key) == data["vkey"]
    body = note.open_note(data[text], [key])
    assert data[text].startswith(body + "\n")
    with pytest.raises(note.NoteInvalid):
        note.open_note(data[text].replace(body[0], "X", 1), [key])


def test_consistency_between_two_signed_checkpoints_of_a_stranger():
    data = json.loads((SHARED / "signed_notes.json").read_text())["monkeys"]
    key = note.Verifier.parse(data["vkey"])
    old, new = (note.open_checkpoint(data[name], key) for name in ("size5", "size8"))
    proof = [bytes.fromhex(value) for value in data["consistency_5_8_hex"]]
    tree.verify_consistency(old.size, new.size, old.root, new.root, proof)
    with pytest.raises(tree.ProofInvalid):
        tree.verify_consistency(old.size, new.size, old.root, new.root, proof[:-1])


def bundle(data):
    """The entries of a tlog-tiles entry bundle: each behind its length, uint16 big-endian."""
    entries = []
    while data:
        (length,) = struct.unpack(">H", data[:2])
        entries.append(data[2 : 2 + length])
        data = data[2 + length :]
    return entries


@pytest.mark.parametrize("size", range(16))
def test_the_tessera_log_at_every_size(size):
    log = SHARED / "tessera" / "log"
    key = note.Verifier.parse(TESSERA_KEY)
    checkpoint = note.open_checkpoint((log / f"checkpoint.{size}").read_bytes(), key)
    assert checkpoint.size == size
    edge = tree.CompactRange()
    if size:
        width = tree.partial_width(0, size)
        entries = bundle((log / tree.entries_path(0, width)).read_bytes())
        tile = (log / tree.tile_path(0, 0, width)).read_bytes()
        assert b"".join(map(tree.leaf_hash, entries)) == tile
        for entry in entries:
            edge.append(tree.leaf_hash(entry))
    assert edge.root() == checkpoint.root


def test_the_tessera_log_extends_itself():
    log = SHARED / "tessera" / "log"
    key = note.Verifier.parse(TESSERA_KEY)
    tile = (log / tree.tile_path(0, 0, 15)).read_bytes()
    nodes = {(0, i): tile[32 * i : 32 * i + 32] for i in range(15)}
    edge = tree.CompactRange()
    for i in range(15):
        edge.append(nodes[0, i], lambda level, index, value: nodes.__setitem__((level, index), value))
    points = [note.open_checkpoint((log / f"checkpoint.{size}").read_bytes(), key) for size in range(16)]
    for old in points:
        for new in points[old.size :]:
            proof = tree.prove_consistency(lambda *at: nodes[at], old.size, new.size)
            tree.verify_consistency(old.size, new.size, old.root, new.root, proof)
            for index in range(new.size):
                made = tree.prove_inclusion(lambda *at: nodes[at], index, new.size)
                tree.verify_inclusion(nodes[0, index], index, new.size, made, new.root)
