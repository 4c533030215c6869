"""The verifier that needs no database: the first wrong thing is named, and it runs without database, web or keys."""

import subprocess
import sys
import uuid

import pytest

from portal.audit.entry import Entry, Place, make_leaf
from portal.audit.note import Checkpoint, NoteInvalid, Signer
from portal.audit.run import LogBroken, Stored, verify
from portal.audit.tree import leaf_hash, root_of

SIGNER = Signer("log.example", bytes(32))


def log(count, writers=2):
    heads, leaves = {}, []
    for i in range(count):
        writer = uuid.UUID(int=i % writers + 1)
        n, prev = heads.get(writer, (0, None))
        place = Place(uuid.UUID(int=i + 100), i, writer, n, prev, bytes(16))
        leaves.append(make_leaf(Entry("list"), place, decision=None, details=None, sealed=None, software="1"))
        heads[writer] = (n + 1, leaf_hash(leaves[-1]))
    return leaves


def signed(leaves, size):
    return SIGNER.sign(Checkpoint("log.example", size, root_of(map(leaf_hash, leaves[:size]))).body())


def run(leaves, notes):
    return verify((Stored(index, leaf) for index, leaf in enumerate(leaves)), notes, SIGNER.verifier)


LEAVES = log(9)
NOTES = [signed(LEAVES, size) for size in (0, 4, 4, 9)]


def test_a_whole_log():
    summary = run(LEAVES, NOTES)
    assert (summary.entries, summary.checkpoints, summary.covered) == (9, 4, 9)
    assert run([], NOTES[:1]).entries == 0
    assert run(LEAVES, NOTES[:2]).covered == 4


def test_every_single_missing_or_swapped_entry_is_caught():
    for i in range(9):
        with pytest.raises(LogBroken):
            run(LEAVES[:i] + LEAVES[i + 1 :], NOTES)
        for j in range(i):
            swapped = list(LEAVES)
            swapped[i], swapped[j] = swapped[j], swapped[i]
            with pytest.raises(LogBroken) as caught:
                run(swapped, NOTES)
            assert caught.value.index <= j


def test_a_changed_entry_is_named_by_its_successor():
    changed = [*LEAVES[:5], LEAVES[5].replace(b'"list"', b'"search"'), *LEAVES[6:]]
    with pytest.raises(LogBroken) as caught:
        run(changed, NOTES[:1])
    assert (caught.value.index, caught.value.reference) == (5, "2222-5B")
    assert caught.value.sentence().startswith("The access log is not whole, from entry 5 (reference 2222-5B)")


def test_an_index_that_is_skipped():
    stored = [Stored(0, LEAVES[0]), Stored(2, LEAVES[2])]
    with pytest.raises(LogBroken, match="this entry is missing") as caught:
        verify(stored, [], SIGNER.verifier)
    assert caught.value.index == 1


def test_checkpoints_that_do_not_fit():
    with pytest.raises(LogBroken, match="more than there are"):
        run(LEAVES[:8], NOTES)
    with pytest.raises(NoteInvalid):
        run(LEAVES, [Signer("log.example", b"\x01" * 32).sign(Checkpoint("log.example", 4, bytes(32)).body())])
    with pytest.raises(ValueError, match="order of size"):
        run(LEAVES, [NOTES[3], NOTES[1]])
    with pytest.raises(LogBroken, match="do not lead") as caught:
        run(LEAVES, [SIGNER.sign(Checkpoint("log.example", 4, bytes(32)).body())])
    assert (caught.value.index, caught.value.until) == (0, 3)


def test_a_writer_that_closed_may_not_go_on():
    writer, first = uuid.UUID(int=1), Place(uuid.UUID(int=1), 1, uuid.UUID(int=1), 0, None, bytes(16))
    closed = make_leaf(Entry("log-closed"), first, decision=None, details=None, sealed=None, software="1")
    more = Place(uuid.UUID(int=2), 2, writer, 1, leaf_hash(closed), bytes(16))
    with pytest.raises(LogBroken, match="is missing"):
        run([closed, make_leaf(Entry("list"), more, decision=None, details=None, sealed=None, software="1")], [])


def test_it_runs_without_database_web_or_keys():
    code = (
        "import sys, portal.audit.verify\n"
        "heavy = {'sqlalchemy', 'flask', 'portal.db', 'portal.keys', 'portal.config'} & set(sys.modules)\n"
        "sys.exit(repr(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
