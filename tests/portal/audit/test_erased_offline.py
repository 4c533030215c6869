"""What an auditor sees of erased details in a bundle: the entry that says so, proven, or that none does."""

import json
import uuid
from hashlib import sha256

import pytest
from sqlalchemy import select

from portal.audit import erasing
from portal.audit.bundle import agreement_digest
from portal.audit.entry import Place, Subject, canonical, detail_digest, details_digest, make_leaf
from portal.audit.erasing import Period
from portal.audit.erasures import due
from portal.audit.tables import ENTRY, SEQUENCE
from portal.db import from_micros
from tests.conformance import naive_bundle
from tests.conformance.naive_log import jcs, mth, sha
from tests.portal.audit.conftest import view
from tests.portal.audit.excerpts import export, lines, members, put, rewritten, run
from tests.portal.audit.test_erasing import ANN, BARNET, KEPT, at, erase, hold, said

MONTH = 30 * 86_400_000_000
TEXT = 'id = "barnet-iom"\nversion = 4\n[log.retention]\nperiod = "P6Y"\n'


PEOPLE = [uuid.uuid5(uuid.NAMESPACE_OID, str(n)) for n in range(300)]


def about(person):
    """What an entry says of somebody: a record, and words that stand for a name and a PNC ID."""
    number = f"{person.int % 10**7:07}"
    return Subject(
        person, {"record": uuid.uuid5(person, "record").hex, "name": f"Marlowe{number}", "pnc": f"2001/{number}X"}
    )


@pytest.fixture
def erased(build):
    """On SQLite: six months of 2026 with an entry each about somebody else, erased in 2033 but for Ann's."""
    world = build("sqlite")
    for month in range(1, 7):
        at(world, 2026, month)
        world.append(view(subjects=[about(ANN if month == 1 else PEOPLE[month])]))
        world.drain()
    hold(world, ANN, 2026, 2040)
    world.drain()
    erase(world, 2033)
    world.drain()
    return world


@pytest.fixture
def verify(erased, tmp_path, capsys):
    """`verify(change, **wanted)`: export, let `change` at the members, and run the verifier."""
    key, count = str(erased.signer().verifier), iter(range(99))

    def run_it(change=None, **wanted):
        bundle = export(erased, tmp_path / f"b{next(count)}.zip", **wanted)
        return run(capsys, bundle if change is None else rewritten(bundle, change), "--key", key)

    return run_it


def months(first, end):
    return {
        "since": from_micros(due(2025, 0) + (first - 1) * MONTH),
        "until": from_micros(due(2025, 0) + (end - 1) * MONTH),
    }


def test_the_whole_log_says_by_which_entry_details_were_erased(erased, verify):
    told = verify()
    assert told.code == 0, told
    (entry,) = said(erased)
    assert (
        f"5 of them are gone: erased at the end of the period, just what entry {entry.reference} of the log says"
        in (told.out)
    )


@pytest.mark.parametrize("span", [(2, 3), (1, 4), (2, 4), (3, 7), (1, 7)])
def test_an_excerpt_without_the_entry_proves_it_all_the_same(erased, verify, span):
    told = verify(**months(*span))
    assert told.code == 0, told
    assert f"entry {said(erased)[0].reference} of the log says" in told.out


def test_the_bytes_are_those_of_the_document(erased, tmp_path):
    """By code that shares nothing with the portal: the root over the details, and the member `sealed` of the leaf."""
    held = members(export(erased, tmp_path / "b.zip"))
    naive_bundle.check(held, str(erased.signer().verifier))
    leaves = [json.loads(line) for line in lines(held, "entries.jsonl")]
    entry = said(erased)[0].entry_id
    marked = [d for d in map(json.loads, lines(held, "details.jsonl")) if d["erasure"] == str(entry)]
    records = [
        uuid.UUID(leaves[d["index"]]["entry"]).bytes + d["position"].to_bytes(4, "big") + bytes.fromhex(d["digest"])
        for d in marked
    ]
    told = jcs({"details": len(records), "root": mth(records).hex(), "v": 1, "year": 2026}).encode()
    (leaf,) = [each for each in leaves if each["entry"] == str(entry)]
    assert leaf["sealed"] == sha(sha(told)).hex()
    assert (leaf["correlation"], leaf["agreement"]) == ("details-2026", BARNET)


def detail(change):
    """Changes one line of the details, the first whose parts are gone unless `change` finds another."""

    def at_members(held):
        content = [json.loads(line) for line in lines(held, "details.jsonl")]
        change(content)
        put(held, "details.jsonl", [json.dumps(each).encode() for each in content])

    return at_members


def test_details_missing_without_an_entry_are_named(erased, verify):
    ann = next(i for i, d in enumerate(json_details(erased, verify)) if d["sealed"])
    x = str(said(erased)[0].entry_id)

    def by_hand(content):
        content[ann] |= {"sealed": None, "silent": None}

    def under_the_entry(content):
        content[ann] |= {"sealed": None, "silent": None, "erasure": x}

    def unmarked(content):
        content[ann + 1]["erasure"] = None

    def under_none(content):
        for each in content:
            each["erasure"] = each["erasure"] and str(uuid.uuid4())

    for change, words in (
        (by_hand, "gone, and no entry says that it was erased"),
        (unmarked, "gone, and no entry says that it was erased"),
        (under_the_entry, "not just those that entry"),
        (under_none, "sealed details are erased, and no entry says so"),
    ):
        told = verify(detail(change))
        assert told.code == 1, change
        assert words in told.out, (change, told.out)


def json_details(erased, verify):
    found = []
    verify(detail(found.extend))
    return found


def brought(change):
    """Changes the line that an excerpt brings about the erasing entry."""

    def at_members(held):
        told = json.loads(held["erasures.jsonl"])
        change(told, held)
        held["erasures.jsonl"] = json.dumps(told).encode() + b"\n"

    return at_members


def test_what_an_excerpt_brings_is_believed_only_where_it_leads_to_the_checkpoint(erased, verify):
    def forged(told, _):
        told["leaf"] = told["leaf"].replace('"n":', '"n":1')

    def moved(told, _):
        told["index"] += 1

    def other_tree(told, _):
        told["root"] = "00" * 32

    def other_edge(told, _):
        told["edge"] = ["11" * 32] * len(told["edge"])

    def cut(told, _):
        told["rest"] = told["rest"][:-1]

    for change in (forged, moved, other_tree, other_edge, cut):
        told = verify(brought(change), **months(3, 4))
        assert told.code in (1, 2), change
        assert told.code == 1 or "erasures.jsonl is malformed" in told.err
    told = verify(lambda held: held.pop("erasures.jsonl"), **months(3, 4))
    assert (told.code, "sealed details are erased, and no entry says so" in told.out) == (1, True)
    whole = verify(brought(lambda told, held: held.update({"erasures.jsonl": b""})), **months(3, 4))
    assert whole.code == 0, "unchanged lines verify: the changes above are what is refused"


def test_a_period_that_an_agreement_in_the_bundle_names_is_held_to(build, tmp_path, capsys):
    """By whoever has the database and the log's key: three years after, where the text says six."""
    text = TEXT.encode()
    reference, digest = agreement_digest(text)
    early = {"barnet-iom": Period(f"{reference}#{digest}", 3, "9.31")}
    world = build("sqlite")
    at(world, 2026)
    world.append(view(ANN, agreement=f"{reference}#{digest}"))
    world.drain()
    assert erase(world, 2030, early).keys == 1
    key = str(world.signer().verifier)
    told = run(capsys, export(world, tmp_path / "a.zip"), "--key", key)
    assert (told.code, "period cannot be read here" in told.out) == (0, True)
    told = run(capsys, export(world, tmp_path / "b.zip", agreements={reference: text}), "--key", key)
    assert (told.code, "it erased details of 2026 before their period was over" in told.out) == (1, True)


def spellings(person):
    """What a guesser tries for one candidate: what is known of them in every usual form, hashed and not, alone and as
    a detail that is not sealed."""
    detail = about(person).detail
    plain = canonical({"decision": None, "detail": detail, "person": str(person)})
    words = [str(word).encode() for word in detail.values()]
    for each in (person.bytes, str(person).encode(), person.hex.encode(), plain, b"subject" + person.bytes, *words):
        yield from (each, sha256(each).digest(), sha256(each).hexdigest().encode())
    digest = detail_digest(plain, canonical({"silent": None}))
    yield from (digest, digest.hex().encode(), (details_digest([digest]) or "").encode())


def guessed(known: bytes):
    """The candidates that a dictionary finds in what is known."""
    return {person for person in PEOPLE if any(each in known for each in spellings(person))}


def test_after_erasing_nothing_can_be_guessed_from_leaves_and_in_a_twin_it_can(erased, tmp_path):
    """Everything that is left: leaves, rows, the files themselves. The twin's details are digests of what they say."""
    erased.engine.dispose()
    hidden = set(PEOPLE[2:7])
    left = b"".join(members(export(erased, tmp_path / "b.zip")).values())
    left += b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.name.startswith("log0.sqlite3"))
    assert guessed(left) == set()
    twin = b""
    for number, person in enumerate(sorted(hidden, key=str)):
        plain = canonical({"decision": None, "detail": about(person).detail, "person": str(person)})
        digest = details_digest([detail_digest(plain, canonical({"silent": None}))])
        place = Place(uuid.uuid4(), number, uuid.uuid4(), 0, None, bytes(16))
        twin += make_leaf(view(person), place, decision=None, details=digest, sealed=None, software="0")
    assert guessed(twin) == hidden


def test_an_unsalted_twin_gives_its_leaf_away_by_the_hash_alone(erased):
    """Hash tiles are public. Whoever knows all of an entry but one word finds it by trial, where there is no salt."""
    words = ["police", "probation", "health", "barnet_housing"]
    with erased.session() as session:
        query = select(ENTRY.c.leaf, SEQUENCE.c.leaf_hash).join_from(
            SEQUENCE, ENTRY, ENTRY.c.entry_id == SEQUENCE.c.entry_id
        )
        leaf, hashed = session.connection().execute(query.order_by(SEQUENCE.c.index).limit(1)).one()
    told = json.loads(leaf)

    def tried(salt, goal):
        return [w for w in words if sha(b"\x00" + jcs(told | {"agency": w, "salt": salt}).encode()) == goal]

    unsalted = sha(b"\x00" + jcs(told | {"salt": ""}).encode())
    assert tried("", unsalted) == ["police"]
    assert tried("", hashed) == []
    assert tried(told["salt"], hashed) == ["police"], "with the salt it would be found: the salt is what hides it"


def test_the_bytes_of_keys_and_details_are_gone_from_the_file(build, tmp_path):
    world = build("sqlite")
    at(world, 2026)
    world.append(view(ANN))
    world.drain()
    detail = world.sql("SELECT sealed, silent, subject_tag FROM audit_detail")[0]
    key = world.sql("SELECT wrapped, wrapped_silent FROM audit_person_key")[0]
    goal = [bytes(each) for each in (*detail, *key)]

    def there():
        files = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.name.startswith("log0.sqlite3"))
        return [each in files for each in goal]

    assert all(there())
    erase(world, 2033, KEPT)
    assert erasing.scrub(world.engine)
    world.engine.dispose()
    assert not any(there())
