"""docs/access-log-format.md, its vectors, the naive implementation and the portal's own code agree."""

import json
import uuid
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from portal.audit import entry as log_entry
from portal.audit import note, run, tree
from tests.conformance import naive_log, vectors

VECTORS = json.loads((Path(__file__).parents[2] / "docs/formats/vectors/access-log.json").read_text("utf-8"))


def test_vectors_are_what_the_naive_implementation_makes():
    assert vectors.vectors() == VECTORS


def test_leaves_are_made_alike():
    chain = None
    for vector in VECTORS["leaves"]:
        members = json.loads(vector["leaf"])
        entry = log_entry.Entry(
            operation=members["operation"],
            outcome=members["outcome"],
            actor=members["actor"] and uuid.UUID(members["actor"]),
            source=members["source"] and bytes.fromhex(members["source"]),
            **{name: members[name] for name in ("agency", "role", "session", "purpose", "agreement", "correlation")},
        )
        place = log_entry.Place(
            uuid.UUID(members["entry"]),
            members["time"],
            uuid.UUID(members["writer"]),
            members["n"],
            chain,
            bytes.fromhex(members["salt"]),
        )
        digests = {name: members[name] for name in ("decision", "details", "sealed", "software")}
        leaf = log_entry.make_leaf(entry, place, **digests)
        assert leaf.decode() == vector["leaf"]
        assert log_entry.read_leaf(leaf) == members
        assert log_entry.reference_of(place.entry_id) == vector["reference"]
        chain = tree.leaf_hash(leaf)
        assert chain.hex() == vector["hash"]


def test_digests_are_made_alike():
    content = VECTORS["outcome"]
    told = json.loads(content["content"])
    outcome = log_entry.Outcome(
        permitted=told["permitted"], withheld=[tuple(row) for row in reversed(told["withheld"])]
    )
    assert outcome.content() == (content["digest"], content["content"].encode())
    blobs = VECTORS["details"]["blobs"]
    digests = [log_entry.detail_digest(bytes.fromhex(b["sealed"]), bytes.fromhex(b["silent"])) for b in blobs]
    assert [digest.hex() for digest in digests] == VECTORS["details"]["digests"]
    assert log_entry.details_digest(digests) == VECTORS["details"]["details"]
    written = [bytes.fromhex(value) for value in VECTORS["sealed"]["written"]]
    assert log_entry.sealed_digest(written) == VECTORS["sealed"]["digest"]
    assert log_entry.details_digest([]) is None


def test_checkpoint_is_signed_alike_and_the_log_verifies():
    vector = VECTORS["checkpoint"]
    signer = note.Signer("log.example/iom", bytes.fromhex(vector["seed"]))
    assert str(signer.verifier) == vector["verifier_key"]
    leaves = [leaf["leaf"].encode() for leaf in VECTORS["leaves"]]
    root = tree.root_of(map(tree.leaf_hash, leaves))
    assert signer.sign(note.Checkpoint("log.example/iom", 3, root).body()) == vector["note"]
    key = note.Verifier.parse(vector["verifier_key"])
    stored = [run.Stored(index, leaf) for index, leaf in enumerate(leaves)]
    assert run.verify(stored, [vector["note"]], key) == run.Summary(3, 1, 3, root)


def test_tree_is_built_and_proved_alike():
    vector = VECTORS["tree"]
    hashes = [tree.leaf_hash(f"entry {i}".encode()) for i in range(257)]
    for size, root in vector["roots"].items():
        assert tree.root_of(hashes[: int(size)]).hex() == root
    nodes = {(0, i): value for i, value in enumerate(hashes)}
    edge = tree.CompactRange()
    for value in hashes:
        edge.append(value, lambda level, index, node: nodes.__setitem__((level, index), node))
    for case in vector["inclusion"]:
        made = tree.prove_inclusion(lambda *at: nodes[at], case["index"], case["size"])
        assert [value.hex() for value in made] == case["proof"]
    for case in vector["consistency"]:
        made = tree.prove_consistency(lambda *at: nodes[at], case["old"], case["size"])
        assert [value.hex() for value in made] == case["proof"]


texts = st.text(st.characters(exclude_categories=["Cs"])) | st.text(st.sampled_from('\x00\x01\x1f\x7f"\\/\n\u2028é😀'))
scalars = st.none() | texts | st.integers(0, 2**53 - 1)


@given(st.dictionaries(st.sampled_from(["a", "B", "aa", "v", "time", "z_9"]), scalars | st.lists(scalars)))
@settings(max_examples=300, deadline=None)
def test_the_fast_encoder_is_canonical_json(value):
    import rfc8785

    assert log_entry.canonical(value) == rfc8785.dumps(value) == naive_log.jcs(value).encode()
