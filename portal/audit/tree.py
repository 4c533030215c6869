"""The Merkle tree of the access log: hashes, proofs and tile names (RFC 6962 section 2, RFC 9162 section 2.1).

Needs nothing but hashlib. Verification raises `ProofInvalid`; it never answers with a bool that could be ignored.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence

HASH_SIZE = 32
TILE_BITS = 8
TILE_WIDTH = 1 << TILE_BITS
LARGEST_SIZE = (1 << 63) - 1
EMPTY_ROOT = hashlib.sha256(b"").digest()

NodeAt = Callable[[int, int], bytes]
"""`node(level, index)`: the hash of the complete subtree over leaves [index·2^level, (index+1)·2^level)."""


class ProofInvalid(ValueError):
    """A proof, or what it is asked to prove, does not hold. Says why."""


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 ‖ entry) (RFC 9162 section 2.1.1)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right) (RFC 9162 section 2.1.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class CompactRange:
    """The right edge of a tree: enough to append leaves and to know the root, at most 63 hashes.

    `hashes` are the roots of the complete subtrees, largest (leftmost) first, one for each 1-bit of `size`.
    """

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        if not 0 <= size <= LARGEST_SIZE or len(hashes) != size.bit_count():
            raise ProofInvalid(f"{len(hashes)} hashes cannot be the edge of a tree of {size} leaves")
        _check_hashes(hashes)
        self.size = size
        self.hashes = list(hashes)

    def append(self, leaf: bytes, completed: Callable[[int, int, bytes], None] | None = None) -> None:
        """Add a leaf hash. `completed(level, index, hash)` is told of every subtree this leaf completes."""
        self.extend((leaf,), completed)

    def extend(
        self,
        leaves: Iterable[bytes],
        completed: Callable[[int, int, bytes], None] | None = None,
        every: int = 1,
    ) -> None:
        """Add leaf hashes in order, as `append` adds one. `completed` is told of each `every`th level only."""
        sha256, nodes, place, level = hashlib.sha256, list(leaves), self.size, 0
        left: list[bytes] = []  # on the edge afterwards, the lowest first
        self.size += len(nodes)
        while nodes:  # the new nodes of one level, of which the first is number `place`
            if place & 1:
                nodes.insert(0, self.hashes.pop())
            if len(nodes) & 1:
                left.append(nodes.pop())
            pairs = iter(nodes)
            nodes = [sha256(b"\x01" + one + other).digest() for one, other in zip(pairs, pairs, strict=True)]
            place, level = place >> 1, level + 1
            if completed is not None and not level % every:
                for index, node in enumerate(nodes, place):
                    completed(level, index, node)
        self.hashes += reversed(left)

    def root(self) -> bytes:
        """The root of the tree so far; of an empty tree SHA-256("")."""
        if not self.hashes:
            return EMPTY_ROOT
        current = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            current = node_hash(left, current)
        return current


def edge_of(node: NodeAt, size: int) -> CompactRange:
    """The right edge of the tree of the first `size` leaves. Raises whatever `node` raises."""
    hashes, start = [], 0
    for level in range(size.bit_length() - 1, -1, -1):
        if size >> level & 1:
            hashes.append(node(level, start >> level))
            start += 1 << level
    return CompactRange(size, hashes)


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over leaf hashes."""
    edge = CompactRange()
    for leaf in leaves:
        edge.append(leaf)
    return edge.root()


def prove_inclusion(node: NodeAt, index: int, size: int) -> list[bytes]:
    """The proof that leaf `index` is in the tree of `size` leaves, lowest hash first (RFC 9162 section 2.1.3.1).

    Raises `ProofInvalid` for an index outside the tree, and whatever `node` raises.
    """
    if not 0 <= index < size <= LARGEST_SIZE:
        raise ProofInvalid(f"leaf {index} is not in a tree of {size} leaves")
    proof, start, end = [], 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(_range_root(node, middle, end))
            end = middle
        else:
            proof.append(_range_root(node, start, middle))
            start = middle
    return proof[::-1]


def prove_consistency(node: NodeAt, old: int, size: int) -> list[bytes]:
    """The proof that the tree of `size` leaves extends the tree of `old` leaves (RFC 9162 section 2.1.4.1).

    From an empty tree the proof is empty (as the witness protocol has it). Raises `ProofInvalid` for old > size.
    """
    if not 0 <= old <= size <= LARGEST_SIZE:
        raise ProofInvalid(f"a tree of {size} leaves cannot extend one of {old}")
    if old == 0:
        return []
    proof, start, end = [], 0, size
    while old < end:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(_range_root(node, middle, end))
            end = middle
        else:
            proof.append(_range_root(node, start, middle))
            start = middle
    if start > 0:
        proof.append(_range_root(node, start, end))
    return proof[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Return if leaf hash `leaf` is number `index` of the tree (`size`, `root`), else raise `ProofInvalid`.

    The algorithm of RFC 9162 section 2.1.3.2.
    """
    if not 0 <= index < size <= LARGEST_SIZE:
        raise ProofInvalid(f"leaf {index} is not in a tree of {size} leaves")
    _check_hashes([leaf, root, *proof])
    place, last, current = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise ProofInvalid("the inclusion proof is too long")
        if place & 1 or place == last:
            current = node_hash(sibling, current)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            current = node_hash(current, sibling)
        place, last = place >> 1, last >> 1
    if last:
        raise ProofInvalid("the inclusion proof is too short")
    if current != root:
        raise ProofInvalid("the inclusion proof leads to another root")


def verify_consistency(old: int, size: int, old_root: bytes, root: bytes, proof: Sequence[bytes]) -> None:
    """Return if the tree (`size`, `root`) extends the tree (`old`, `old_root`), else raise `ProofInvalid`.

    The algorithm of RFC 9162 section 2.1.4.2. An empty old tree needs an empty proof and its own root, SHA-256("").
    """
    if not 0 <= old <= size <= LARGEST_SIZE:
        raise ProofInvalid(f"a tree of {size} leaves cannot extend one of {old}")
    if old in (0, size):
        _verify_without_hashes(old, size, old_root, root, proof)
        return
    _check_hashes([old_root, root, *proof])
    if not proof:
        raise ProofInvalid("the consistency proof is empty")
    steps = [old_root, *proof] if old.bit_count() == 1 else list(proof)
    place, last = old - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    first = second = steps[0]
    for step in steps[1:]:
        if last == 0:
            raise ProofInvalid("the consistency proof is too long")
        if place & 1 or place == last:
            first, second = node_hash(step, first), node_hash(step, second)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            second = node_hash(second, step)
        place, last = place >> 1, last >> 1
    if last:
        raise ProofInvalid("the consistency proof is too short")
    if first != old_root or second != root:
        raise ProofInvalid("the consistency proof leads to other roots")


def tile_path(level: int, index: int, width: int = TILE_WIDTH) -> str:
    """The name of a hash tile (C2SP tlog-tiles): `tile/<L>/<N>[.p/<W>]`. Raises `ProofInvalid` for an empty tile."""
    if not 0 <= level <= 63:
        raise ProofInvalid(f"no tile has level {level}")
    return f"tile/{level}/{_tile_name(index, width)}"


def entries_path(index: int, width: int = TILE_WIDTH) -> str:
    """The name of an entry bundle (C2SP tlog-tiles): `tile/entries/<N>[.p/<W>]`."""
    return f"tile/entries/{_tile_name(index, width)}"


def partial_width(level: int, size: int) -> int:
    """How many hashes the last, partial tile of a level holds in a tree of `size`: floor(size / 256^L) mod 256."""
    return (size >> (TILE_BITS * level)) % TILE_WIDTH


def read_tile_path(path: str) -> tuple[int | None, int, int]:
    """(level, index, width) of a tile's name; the level is None for an entry bundle. Only the one spelling is read.

    Raises `ProofInvalid`.
    """
    tile, _, rest = path.partition("/")
    head, _, name = rest.partition("/")
    whole, _, width = name.partition(".p/")
    digits = whole.replace("x", "").replace("/", "")
    numbers = (digits, width or "256", "0" if head == "entries" else head)
    if tile != "tile" or len(path) > 60 or not all(each.isascii() and each.isdigit() for each in numbers):
        raise ProofInvalid("no tile has this name")
    level, index, wide = None if head == "entries" else int(head), int(digits), int(numbers[1])
    spelt = entries_path(index, wide) if level is None else tile_path(level, index, wide)
    if spelt != path:
        raise ProofInvalid("no tile has this name")
    return level, index, wide


def _tile_name(index: int, width: int) -> str:
    if index < 0 or not 1 <= width <= TILE_WIDTH:
        raise ProofInvalid(f"no tile {index} of width {width}")
    groups = [f"{index % 1000:03}"]
    while index := index // 1000:
        groups.append(f"x{index % 1000:03}")
    return "/".join(reversed(groups)) + ("" if width == TILE_WIDTH else f".p/{width}")


def _split(count: int) -> int:
    """The largest power of two smaller than `count` (≥ 2)."""
    return 1 << ((count - 1).bit_length() - 1)


def _range_root(node: NodeAt, start: int, end: int) -> bytes:
    count = end - start
    if count & (count - 1) == 0:
        level = count.bit_length() - 1
        return node(level, start >> level)
    middle = start + _split(count)
    return node_hash(_range_root(node, start, middle), _range_root(node, middle, end))


def _verify_without_hashes(old: int, size: int, old_root: bytes, root: bytes, proof: Sequence[bytes]) -> None:
    if proof:
        raise ProofInvalid("the consistency proof must be empty")
    if old == 0 and old_root != EMPTY_ROOT:
        raise ProofInvalid("the root of the empty tree is wrong")
    if old == 0:
        _check_hashes([root])
    if old == size and old_root != root:
        raise ProofInvalid("trees of one size have two roots")


def _check_hashes(hashes: Sequence[bytes]) -> None:
    if any(len(value) != HASH_SIZE for value in hashes):
        raise ProofInvalid("a hash is not 32 bytes long")
