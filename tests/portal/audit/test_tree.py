"""The Merkle tree: every proof verifies, every changed proof fails, at the sizes where trees go wrong."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.audit import tree
from portal.audit.tree import ProofInvalid

HASHES = [tree.leaf_hash(str(i).encode()) for i in range(300)]


def nodes_of(hashes):
    nodes = {(0, index): value for index, value in enumerate(hashes)}
    edge = tree.CompactRange()
    for value in hashes:
        edge.append(value, lambda level, index, node: nodes.__setitem__((level, index), node))
    return (lambda level, index: nodes[level, index]), edge


NODE, _ = nodes_of(HASHES)
ROOTS = [tree.root_of(HASHES[:size]) for size in range(len(HASHES) + 1)]


@st.composite
def places(draw):
    size = draw(st.integers(1, len(HASHES)))
    return draw(st.integers(0, size - 1)), size


def flipped(value, bit):
    return value[: bit // 8] + bytes([value[bit // 8] ^ 1 << bit % 8]) + value[bit // 8 + 1 :]


@given(places(), st.integers(0, 255), st.data())
@settings(max_examples=150, deadline=None)
def test_inclusion(place, bit, data):
    index, size = place
    proof = tree.prove_inclusion(NODE, index, size)
    tree.verify_inclusion(HASHES[index], index, size, proof, ROOTS[size])
    wrong = [
        (flipped(HASHES[index], bit), index, proof, ROOTS[size]),
        (HASHES[index], index, proof, flipped(ROOTS[size], bit)),
        (HASHES[index], (index + 1) % size if size > 1 else 1, proof, ROOTS[size]),
        (HASHES[index], index, [*proof, HASHES[0]], ROOTS[size]),
    ]
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        wrong += [
            (HASHES[index], index, proof[:-1], ROOTS[size]),
            (HASHES[index], index, [*proof[:at], flipped(proof[at], bit), *proof[at + 1 :]], ROOTS[size]),
        ]
    for leaf, number, steps, root in wrong:
        with pytest.raises(ProofInvalid):
            tree.verify_inclusion(leaf, number, size, steps, root)


@given(places(), st.integers(0, 255), st.data())
@settings(max_examples=150, deadline=None)
def test_consistency(place, bit, data):
    old, size = place[0] + 1, place[1]
    proof = tree.prove_consistency(NODE, old, size)
    tree.verify_consistency(old, size, ROOTS[old], ROOTS[size], proof)
    wrong = [
        (flipped(ROOTS[old], bit), ROOTS[size], proof),
        (ROOTS[old], flipped(ROOTS[size], bit), proof),
        (ROOTS[old], ROOTS[size], [*proof, HASHES[0]]),
    ]
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        wrong += [
            (ROOTS[old], ROOTS[size], proof[:-1]),
            (ROOTS[old], ROOTS[size], [*proof[:at], flipped(proof[at], bit), *proof[at + 1 :]]),
        ]
    for first, second, steps in wrong:
        with pytest.raises(ProofInvalid):
            tree.verify_consistency(old, size, first, second, steps)


def holds(check, *arguments):
    try:
        check(*arguments)
    except ProofInvalid:
        return False
    return True


@pytest.mark.long
def test_every_proof_of_every_tree_up_to_300_leaves():
    for size in range(1, len(HASHES) + 1):
        for index in range(size):
            proof = tree.prove_inclusion(NODE, index, size)
            tree.verify_inclusion(HASHES[index], index, size, proof, ROOTS[size])
            proof = tree.prove_consistency(NODE, index + 1, size)
            tree.verify_consistency(index + 1, size, ROOTS[index + 1], ROOTS[size], proof)


@pytest.mark.long
@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 64, 100, 255, 256, 257, 300])
def test_every_single_bit_of_a_proof_counts(size):
    for index in {0, 1, size // 3, size // 2, size - 1} & set(range(size)):
        proof = tree.prove_inclusion(NODE, index, size)
        given = [HASHES[index], ROOTS[size], *proof]
        for at in range(len(given)):
            for bit in range(256):
                bent = [*given[:at], flipped(given[at], bit), *given[at + 1 :]]
                assert not holds(tree.verify_inclusion, bent[0], index, size, bent[2:], bent[1]), (index, at, bit)
        old = index + 1
        given = [ROOTS[old], ROOTS[size], *tree.prove_consistency(NODE, old, size)]
        for at in range(len(given)):
            for bit in range(256):
                bent = [*given[:at], flipped(given[at], bit), *given[at + 1 :]]
                assert not holds(tree.verify_consistency, old, size, bent[0], bent[1], bent[2:]), (old, at, bit)


def test_the_edge_of_every_tree_leads_on():
    """The right edge from stored hashes is the one that appending leaves."""
    for size in range(len(HASHES) + 1):
        edge = tree.edge_of(NODE, size)
        assert edge.root() == ROOTS[size]
        for value in HASHES[size : size + 3]:
            edge.append(value)
            assert edge.root() == ROOTS[edge.size]


@pytest.mark.parametrize("size", [255, 256, 257, 65_535, 65_536, 65_537])
def test_around_whole_tiles(size):
    hashes = [tree.leaf_hash(i.to_bytes(3)) for i in range(size)]
    node, edge = nodes_of(hashes)
    assert edge.root() == tree.root_of(hashes)
    for index in {0, 1, size // 2, size - 2, size - 1}:
        tree.verify_inclusion(hashes[index], index, size, tree.prove_inclusion(node, index, size), edge.root())
    for old in {1, 255, size // 2, size - 1, size}:
        proof = tree.prove_consistency(node, old, size)
        tree.verify_consistency(old, size, tree.root_of(hashes[:old]), edge.root(), proof)


def test_the_empty_tree_has_a_root_and_no_leaves():
    assert tree.CompactRange().root() == tree.EMPTY_ROOT
    for index in (-1, 0):
        with pytest.raises(ProofInvalid):
            tree.prove_inclusion(NODE, index, 0)
        with pytest.raises(ProofInvalid):
            tree.verify_inclusion(HASHES[0], index, 0, [], tree.EMPTY_ROOT)


def test_sizes_near_the_end_of_63_bits():
    largest = 2**63 - 1
    with pytest.raises(ProofInvalid, match="another root"):
        tree.verify_inclusion(HASHES[0], largest - 1, largest, [HASHES[1]] * 62, HASHES[2])
    with pytest.raises(ProofInvalid, match="not in a tree"):
        tree.verify_inclusion(HASHES[0], 0, largest + 1, [HASHES[1]] * 63, HASHES[2])
    with pytest.raises(ProofInvalid, match="cannot extend"):
        tree.verify_consistency(1, largest + 1, HASHES[0], HASHES[1], [])


def test_an_edge_that_cannot_be():
    with pytest.raises(ProofInvalid):
        tree.CompactRange(3, [HASHES[0]])
    with pytest.raises(ProofInvalid):
        tree.CompactRange(1, [b"short"])


@pytest.mark.parametrize(
    ("level", "index", "width", "name"),
    [
        (0, 0, 256, "tile/0/000"),
        (0, 1234067, 256, "tile/0/x001/x234/067"),
        (2, 999, 17, "tile/2/999.p/17"),
        (1, 1000, 1, "tile/1/x001/000.p/1"),
    ],
)
def test_tile_names(level, index, width, name):
    assert tree.tile_path(level, index, width) == name


@pytest.mark.parametrize("wrong", [(0, 0, 0), (0, 0, 257), (0, -1, 1), (64, 0, 1)])
def test_tiles_that_cannot_be(wrong):
    with pytest.raises(ProofInvalid):
        tree.tile_path(*wrong)


def test_entry_bundles_and_partial_widths():
    assert tree.entries_path(1234067, 3) == "tile/entries/x001/x234/067.p/3"
    assert [tree.partial_width(level, 65_537 + 512) for level in range(3)] == [1, 2, 1]


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("tile/0/000", (0, 0, 256)),
        ("tile/63/000.p/1", (63, 0, 1)),
        ("tile/0/x001/x234/067", (0, 1_234_067, 256)),
        ("tile/1/x001/000.p/255", (1, 1000, 255)),
        ("tile/entries/000.p/9", (None, 0, 9)),
        ("tile/entries/x001/x234/067", (None, 1_234_067, 256)),
    ],
)
def test_a_tiles_name_is_read_as_it_is_written(path, place):
    assert tree.read_tile_path(path) == place


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile",
        "tile/0",
        "tile/0/",
        "tile/0/0",
        "tile/0/0000",
        "tile/0/x000/000",
        "tile/0/001/067",
        "tile/0/x001/x067",
        "tile/0/x1/067",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/1/2",
        "tile/00/000",
        "tile/-1/000",
        "tile/64/000",
        "tile/x/000",
        "tile/entries/0",
        "tile/٠/000",
        "tile/0/٠٠٠",
        "tile/0/" + "x999/" * 20 + "999",
        "/tile/0/000",
    ],
)
def test_another_spelling_of_a_tiles_name_is_refused(path):
    with pytest.raises(tree.ProofInvalid):
        tree.read_tile_path(path)


@pytest.mark.parametrize("split", [0, 1, 7, 255, 256, 300])
def test_many_leaves_at_once_are_as_many_one_by_one(split):
    told, edge = [], tree.CompactRange()
    for some in (HASHES[:split], HASHES[split:]):
        edge.extend(some, lambda *node: told.append(node), 8)
    assert (edge.size, edge.root()) == (300, ROOTS[300])
    assert told == [(8, 0, NODE(8, 0))]


def completed_between(start, end):
    """Every node that some leaf from `start` to `end` - 1 completes."""
    return {
        (level, last >> level, NODE(level, last >> level))
        for last in range(start, end)
        for level in range(1, 10)
        if (last + 1) % (1 << level) == 0
    }


@pytest.mark.parametrize("more", [0, 1, 2, 3, 4, 7, 8, 9, 31, 64, 128, 150])
def test_leaves_after_every_edge_complete_what_they_complete_one_by_one(more):
    for size in range(len(HASHES) - more + 1):
        told, edge = [], tree.edge_of(NODE, size)
        edge.extend(iter(HASHES[size : size + more]), lambda *node, told=told: told.append(node))
        assert (edge.size, edge.root()) == (size + more, ROOTS[size + more])
        assert edge.hashes == tree.edge_of(NODE, size + more).hashes
        assert len(told) == len(set(told))
        assert set(told) == completed_between(size, size + more)
