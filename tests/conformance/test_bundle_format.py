"""Bundles and proof files: the document, its vectors, the naive reader and the portal's own code agree."""

import json
import re
import zipfile
from pathlib import Path

import pytest

from portal.audit import proof, tree
from tests.conformance import naive_bundle, naive_log
from tests.portal.audit.excerpts import run

FORMATS = Path(__file__).parents[2] / "docs/formats"
DOCUMENT = (FORMATS.parent / "access-log-format.md").read_text("utf-8")
VECTORS = json.loads((FORMATS / "vectors/access-log.json").read_text("utf-8"))
KEY = VECTORS["checkpoint"]["verifier_key"]
LEAVES = [leaf["leaf"].encode() for leaf in VECTORS["leaves"]]


def node(level, index):
    return naive_log.mth(LEAVES[index << level : (index + 1) << level])


def test_the_proof_of_an_entry_is_made_alike_and_holds(tmp_path, capsys):
    vector, note = VECTORS["inclusion"], VECTORS["checkpoint"]["note"]
    made = proof.Inclusion(1, tree.prove_inclusion(node, 1, 3), note, LEAVES[1])
    assert made.text() == vector
    assert proof.Inclusion.parse(vector) == proof.Inclusion(1, tuple(made.hashes), note, LEAVES[1])
    (tmp_path / "proof").write_text(vector)
    assert run(capsys, "proof", tmp_path / "proof", "--key", KEY).code == 0
    for wrong in (vector.replace("index 1", "index 0"), vector.replace("extra ey", "extra eyA"), vector[:-9]):
        (tmp_path / "proof").write_text(wrong)
        assert run(capsys, "proof", tmp_path / "proof", "--key", KEY).code == 1


def test_no_bit_of_a_proof_file_can_be_changed(tmp_path, capsys):
    content = VECTORS["inclusion"].encode()
    for at in range(0, len(content), 4):
        bent = bytearray(content)
        bent[at] ^= 1 << at // 4 % 8
        (tmp_path / "proof").write_bytes(bent)
        assert run(capsys, "proof", tmp_path / "proof", "--key", KEY).code in (1, 2), at


def test_the_proof_between_checkpoints_is_made_alike_and_holds(tmp_path, capsys):
    vector, note = VECTORS["consistency"], VECTORS["checkpoint"]["note"]
    made = proof.Consistency(2, tree.prove_consistency(node, 2, 3), note)
    assert made.text() == vector["file"]
    (tmp_path / "proof").write_text(vector["file"])
    (tmp_path / "earlier").write_text(vector["earlier"])
    asked = ("consistency", tmp_path / "proof", tmp_path / "earlier", "--key", KEY)
    assert run(capsys, *asked).code == 0
    (tmp_path / "earlier").write_text(naive_log.checkpoint("log.example/iom", SEED, LEAVES[:1])[1])
    assert "about a checkpoint over 2 entries" in run(capsys, *asked).out
    other = [b"another", LEAVES[1]]
    (tmp_path / "earlier").write_text(naive_log.checkpoint("log.example/iom", SEED, other)[1])
    assert "leads to other roots" in run(capsys, *asked).out


SEED = bytes.fromhex(VECTORS["checkpoint"]["seed"])


@pytest.mark.parametrize("vector", VECTORS["bundles"], ids=["whole", "part"])
def test_bundles_of_the_naive_implementation_are_whole(vector, tmp_path, capsys):
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as into:
        for name, content in vector.items():
            into.writestr(name, content)
    naive_bundle.check(naive_bundle.members(tmp_path / "b.zip"), KEY)
    said = run(capsys, tmp_path / "b.zip", "--key", KEY)
    count = 3 - json.loads(vector["bundle.json"])["first"]
    assert (said.code, said.out.partition(" of ")[0]) == (0, f"All {count} entries")


def test_every_name_in_a_bundle_is_in_the_document():
    part = DOCUMENT.split("## Bundle")[1].split("\n## ")[0]
    for vector in VECTORS["bundles"]:
        names = {*vector, *json.loads(vector["bundle.json"]), *json.loads(vector["checkpoints.jsonl"].splitlines()[0])}
        assert [name for name in sorted(names) if f"`{name}`" not in part and f'"{name}"' not in part] == []


def test_the_example_in_the_document_is_worked_right():
    example = DOCUMENT.split("## Worked example")[1]
    leaf, file = re.findall(r"```\n(.*?)```", example, re.S)
    leaf = leaf.rstrip("\n").encode()
    digest, reference, key = re.findall(r"`(log\.example[^`]+|[0-9a-f]{64}|[2-9A-Z]{4}-[2-9A-Z]{2})`", example)
    assert naive_log.sha(b"\x00" + leaf).hex() == digest
    assert naive_log.reference(json.loads(leaf)["entry"]) == reference
    assert naive_log.jcs(json.loads(leaf)).encode() == leaf
    found = proof.Inclusion.parse(file)
    assert found.leaf == leaf
    origin, size, root = naive_bundle.opened(found.note, key)
    tree.verify_inclusion(bytes.fromhex(digest), found.index, size, found.hashes, root)
    assert list(found.hashes) == naive_log.path(found.index, LEAVES)
    assert (origin, key) == ("log.example/iom", KEY)
