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


def with_leaf(log, place, leaf):
    """The leaf in its place, with a hash that fits."""
    raw = log.rows[place]
    log.rows[place] = (*raw[:2], leaf_hash(leaf), leaf, *raw[4:])


def test_no_piece_of_a_leaf_is_a_leaf():
    log = Log([(Entry("list", agency="police", correlation="c"), 1, DECISIONS[1], [(b"a", b"b")])])
    leaf = log.rows[0][3]
    for at in range(len(leaf)):
        for piece in (leaf[:at], leaf[at + 1 :], leaf[:at] + leaf[at : at + 40] * 2 + leaf[at + 40 :]):
            with_leaf(log, 0, piece)
            assert long_way(log)[0] is not None
            assert short_way(log).digests == []


CORRELATIONS = [
    *("null", '""', '"null"', '"a b"', '"~"', '"a/b"', "nul", "", '"', '"a', "Null", "NULL", "0", "true", "[]", "{}"),
    *(
        '"\x7f"',
        '"\x1f"',
        '"\n"',
        '"\x00"',
        '"\u00a0"',
        '"\u00e9"',
        '"\u2028"',
        '"\\u0061"',
        '"\\n"',
        '"\\""',
        '"\\\\"',
    ),
    *('"a","decision":null', '"",null', "null,", "null ", ' "a"', '"a" ', "'a'", '"a""b"', '"a" "b"'),
]


@pytest.mark.parametrize("told", CORRELATIONS)
@pytest.mark.parametrize("had", [None, "some"])
def test_a_correlation_is_taken_where_it_is_canonical_and_only_there(told, had):
    log = Log([(Entry("list", correlation=had), 1, None, [])])
    before = b"null" if had is None else b'"some"'
    with_leaf(log, 0, log.rows[0][3].replace(b'"correlation":' + before, b'"correlation":' + told.encode()))
    finding, _, right = long_way(log)
    assert (right == 1) == (finding is None)
    usual = told == "null" or (told[:1] == '"' and told.isascii() and told.isprintable() and "\\" not in told)
    assert len(short_way(log).digests) == (right if usual else 0)


def salted(salts):
    """Entries by writers of their own, with these salts (32 characters of JSON)."""
    log = Log([(Entry("list"), writer, None, []) for writer in range(1, len(salts) + 1)])
    for place, salt in enumerate(salts):
        with_leaf(log, place, log.rows[place][3].replace(b"0" * 32 + b'","sealed', salt.encode() + b'","sealed'))
    return log


GOOD = "0123456789abcdef" * 2
SALTS = [
    *(GOOD.upper(), GOOD[:31] + "g", " " * 32, GOOD[:15] + "  " + GOOD[17:], GOOD[:31] + " ", " " + GOOD[1:]),
    *(GOOD[:30], GOOD + "00", "", GOOD[:31] + "\u0663", GOOD[:28] + '","a', GOOD[:31] + "\t", "0x" + GOOD[2:]),
]


@pytest.mark.parametrize("salt", SALTS)
@pytest.mark.parametrize("beside", [GOOD, " " * 32, GOOD[:31] + " "])
def test_no_salt_hides_another(salt, beside):
    """They are looked at together: each counts nonetheless, and what stands before it is taken."""
    known = Words([])
    assert len(short_way(salted([GOOD, GOOD, salt, beside, GOOD]), known).digests) == 2
    assert len(short_way(salted([GOOD, salt, beside]), known).digests) == 1
    assert len(short_way(salted([salt, beside]), known).digests) == 0
    assert len(short_way(salted([GOOD] * 3), known).digests) == 3


def test_salts_that_are_none_do_not_cost_a_batch_each():
    log, known, calls, rows = salted([GOOD.upper()] * 60), Words([]), [], 0
    with patch.object(columns, "_salt", side_effect=columns._salt, autospec=True) as looked:
        while rows < 60:
            rows += 1 + len(columns.take(log.rows[rows:], rows, {}, {}, known).digests)
        calls.append(looked.call_count)
    assert calls[0] < 3 * 60


def test_what_somebody_made_long_is_not_remembered():
    columns._tells.cache_clear()
    known = Words([])
    for entry in (Entry("list", source=bytes(columns.LONGEST)), Entry("list", purpose="p" * columns.LONGEST)):
        log = Log([(entry, 1, None, [])])
        assert long_way(log)[0] is None
        short_way(log, known)
    assert columns._tells.cache_info().currsize <= 1
    assert sum(len(piece) for made in known.values() for piece in made) <= columns.LONGEST


@given(logs, st.data())
@settings(max_examples=150, deadline=None)
def test_details_that_are_moved_doubled_or_dropped_are_left(log, data):
    place = data.draw(st.integers(0, len(log.rows) - 1))
    there = [raw for rows in log.details.values() for raw in rows] or [(0, 0, bytes(32), b"", b"", None, None)]
    some = data.draw(st.lists(st.sampled_from(there), max_size=3))
    if data.draw(st.booleans()):
        some = [
            (each[0], data.draw(st.sampled_from([at, at + 1, float(at), None])), *each[2:])
            for at, each in enumerate(some)
        ]
    log.details[place] = some
    finding, _, right = long_way(log)
    assert len(short_way(log).digests) <= right
    assert finding is not None or len(short_way(log).digests) == right


@pytest.mark.parametrize("positions", [(1, 0), (0, 0), (0, 2), (1, 2), (0, None), (0, "1"), (0, -1), (0, 1)])
def test_several_details_stand_at_their_positions(positions):
    log = Log([(Entry("list"), 1, None, [(b"a", b"b"), (b"c", b"d")])])
    log.details[0] = [(0, at, *raw[2:]) for at, raw in zip(positions, log.details[0], strict=True)]
    assert len(short_way(log).digests) == long_way(log)[2] == (positions == (0, 1))


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
