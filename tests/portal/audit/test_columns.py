"""The short way of verification beside the long one: it takes what is usual, and only what the long way finds right.

Whatever is wrong is left to the long way, so that it is named as it would be if there were no short way.
"""

import uuid
from typing import cast
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError

from portal.audit import checking, columns
from portal.audit.columns import Taken, Words
from portal.audit.entry import Entry, Place, detail_digest, details_digest, make_leaf, reference_of
from portal.audit.erasures import Erasures
from portal.audit.run import LogBroken, Run
from portal.audit.tree import leaf_hash
from tests.portal.audit.conftest import view
from tests.portal.audit.test_attacks import unprotect

DECISIONS = [None, bytes(32), b"\x07" * 32]
NOTHING = Taken([], {}, 0)
plain = st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters='"\\'), max_size=20)
words = st.none() | st.text(st.characters(max_codepoint=127), max_size=12)
entries = st.builds(
    Entry,
    st.sampled_from(["consultation", "list", "log-closed"]),
    actor=st.none() | st.uuids(),
    agency=words,
    role=words,
    session=st.none() | plain,
    source=st.none() | st.binary(min_size=16, max_size=16),
    purpose=words,
    agreement=words,
    correlation=st.none() | plain,
)


class Log:
    """Rows and details as the database would give them, of entries by up to three writers."""

    def __init__(self, told):
        self.rows, self.details, heads = [], {}, {}
        for index, (entry, writer, decision, blobs) in enumerate(told):
            writer = uuid.UUID(int=writer)
            n, prev = heads.get(writer, (0, None))
            place = Place(uuid.UUID(int=index << 20 | 77), 1_790_000_000_000_000 + index, writer, n, prev, bytes(16))
            digests = [detail_digest(*pair) for pair in blobs]
            leaf = make_leaf(
                entry,
                place,
                decision=None if decision is None else decision.hex(),
                details=details_digest(digests),
                sealed=None,
                software="1",
            )
            heads[writer] = n + 1, leaf_hash(leaf)
            if entry.operation == "log-closed":
                del heads[writer]
            details = None if not blobs else bytes.fromhex(details_digest(digests) or "")
            own = (leaf, place.at, details, writer.bytes, n, reference_of(place.entry_id), entry.session)
            actor = None if entry.actor is None else entry.actor.bytes
            shared = (actor, entry.agency, entry.role, entry.operation, entry.purpose, entry.outcome, entry.agreement)
            self.rows.append((index, place.entry_id.bytes, leaf_hash(leaf), *own, *shared, decision))
            pairs = zip(digests, blobs, strict=True)
            self.details[index] = [
                (index, at, digest, *pair, None, bytes(16)) for at, (digest, pair) in enumerate(pairs)
            ]


pair = st.tuples(st.binary(max_size=9), st.binary(max_size=9))
logs = st.builds(
    Log,
    st.lists(
        st.tuples(entries, st.integers(1, 3), st.sampled_from(DECISIONS), st.lists(pair, max_size=2)),
        min_size=1,
        max_size=6,
    ),
)


def long_way(log, rows=None):
    """(finding, run, rows that were right) of looking at every row the long way."""
    run, known, erasures = Run(), Words(filter(None, DECISIONS)), Erasures({})
    for place, raw in enumerate(log.rows if rows is None else rows):
        try:
            members = columns.examine(raw, run, known)
            erasures.check(raw[0], members, list(map(columns.detail, log.details.get(raw[0], ()))))
        except LogBroken as error:
            return (error.what, error.index, error.reference), run, place
        except Exception as error:
            return type(error).__name__, run, place
    return None, run, len(log.rows)


def short_way(log, known=None):
    return columns.take(log.rows, 0, log.details, {}, Words(filter(None, DECISIONS)) if known is None else known)


@given(logs)
@settings(max_examples=150, deadline=None)
def test_it_takes_every_right_entry_and_leaves_the_same_behind(log):
    finding, slow, _ = long_way(log)
    assert finding is None
    taken, quick = short_way(log), Run()
    quick.take(taken.digests)
    quick.move(taken.heads, taken.begun)
    assert len(taken.digests) == len(log.rows)
    assert (quick.edge.hashes, quick.chains) == (slow.edge.hashes, slow.chains)
    spelt = {who: (*head[:3], str(uuid.UUID(bytes=cast(bytes, head[3]))), head[4]) for who, head in quick.open.items()}
    assert spelt == slow.open


STRANGE = [None, 0, 1, 1.0, -1, 2**53, 2**63, "", "x", 'a"b', "\ud800", b"", b"\x00", bytes(16), bytes(32), [], True]


def changes(value):
    """Something else in its place; often something near it."""
    near = [st.sampled_from(STRANGE)]
    if isinstance(value, bytes) and value:
        place = st.integers(0, len(value) - 1)
        near.append(st.builds(lambda at, bit: flipped(value, at, bit), place, st.integers(0, 7)))
        near.append(st.builds(lambda at: value[:at] + value[at + 1 :], place))
        near.append(st.builds(lambda at: value[:at] + b" " + value[at:], place))
    elif isinstance(value, str):
        near.append(st.sampled_from([value + "x", value[1:], value.upper(), value.encode()]))
    elif isinstance(value, int):
        near.append(st.sampled_from([value + 1, value - 1, float(value), str(value)]))
    return st.one_of(near)


def flipped(value, at, bit):
    return value[:at] + bytes([value[at] ^ 1 << bit]) + value[at + 1 :]


@given(logs, st.data())
@settings(max_examples=300, deadline=None)
def test_it_takes_nothing_that_the_long_way_would_name(log, data):
    place = data.draw(st.integers(0, len(log.rows) - 1))
    raw = log.rows[place]
    if log.details[place] and data.draw(st.booleans()):
        cells = list(log.details[place][0])
        at = data.draw(st.integers(1, 5))
        cells[at] = data.draw(changes(cells[at]))
        log.details[place][0] = tuple(cells)
    else:
        at = data.draw(st.integers(0, len(raw) - 1))
        value = data.draw(changes(raw[at]))
        log.rows[place] = (*raw[:at], value, *raw[at + 1 :])
        if at == 3 and isinstance(value, bytes) and data.draw(st.booleans()):  # with a hash that fits
            log.rows[place] = (*log.rows[place][:2], leaf_hash(value), *log.rows[place][3:])
    _, _, right = long_way(log)
    assert len(short_way(log).digests) <= right


def test_each_single_byte_of_a_leaf_counts():
    log = Log([(Entry("list", agency="police", correlation="c"), 1, DECISIONS[1], [(b"a", b"b")])] * 3)
    raw = log.rows[1]
    assert len(short_way(log).digests) == 3
    for at in range(len(raw[3])):
        for leaf in (flipped(raw[3], at, 0), raw[3][:at] + raw[3][at + 1 :], raw[3][:at] + b" " + raw[3][at:]):
            log.rows[1] = (*raw[:2], leaf_hash(leaf), leaf, *raw[4:])
            finding, _, right = long_way(log)
            assert len(short_way(log).digests) <= right
            assert finding is not None  # by its columns, or by what the writer's next entry remembers


def test_an_outcome_that_is_gone_and_a_chain_that_forks_are_left():
    log = Log([(Entry("list"), 1, DECISIONS[1], [])] * 2)
    assert len(short_way(log, Words([])).digests) == 0
    log.rows[1] = Log([(Entry("list", purpose="x"), 1, None, []), (Entry("list"), 1, None, [])]).rows[1]
    assert len(short_way(log).digests) == 1


def test_words_do_not_fill_the_memory():
    known = Words([])
    for number in range(3 * columns.MOST):
        known[None, "police", "x", "list", None, str(number), None, None]
    assert len(known) <= columns.MOST + 1


CHANGES = [
    *(f"UPDATE audit_entry SET {name} = 'x' WHERE n = 4" for name in ("agency", "operation", "reference", "session")),
    *(f"UPDATE audit_entry SET {name} = NULL WHERE n = 4" for name in ("actor", "role", "decision", "details")),
    "UPDATE audit_entry SET at = at + 1 WHERE n = 4",
    "UPDATE audit_entry SET leaf = reverse_of(leaf) WHERE n = 4",
    'UPDATE audit_sequence SET leaf_hash = entry_id WHERE "index" = 4',
    "DELETE FROM audit_entry WHERE n = 4",
    'DELETE FROM audit_sequence WHERE "index" = 4',
    "DELETE FROM audit_outcome",
    "UPDATE audit_detail SET sealed = NULL WHERE entry_id = (SELECT entry_id FROM audit_entry WHERE n = 4)",
    "UPDATE audit_detail SET sealed = NULL, silent = NULL, subject_tag = NULL",
    "DELETE FROM audit_detail",
    "UPDATE audit_checkpoint SET note = '' WHERE size = 5",
    "DELETE FROM audit_node",
    "UPDATE audit_head SET size = 4",
]


@pytest.mark.parametrize("batch", [3, 500])
def test_a_verification_says_the_same_with_and_without_it(world, batch):
    """The report is the same to the last word: sentence, entry, and how many were right before it."""
    for count in (2, 3, 4):
        world.append(*[view() for _ in range(count)])
        world.drain()
    world.append(view())
    unprotect(world)
    key, told = world.signer().verifier, set()
    with world.session() as session, patch.object(checking, "BATCH", batch):
        connection = session.connection()
        if world.sqlite:
            connection.connection.create_function("reverse_of", 1, lambda leaf: leaf[::-1])
        for change in ["SELECT 1", *CHANGES]:
            point = connection.begin_nested()
            try:
                connection.exec_driver_sql(change)
            except DBAPIError:
                assert "reverse_of" in change
                point.rollback()
                continue
            quick = checking.examine(connection, key)
            with patch.object(columns, "take", lambda *_: NOTHING):
                slow = checking.examine(connection, key)
            point.rollback()
            assert quick == slow, change
            told.add(quick)
    assert len(told) > 12
