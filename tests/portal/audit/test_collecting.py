"""Three witnesses in processes of their own: an honest log gets its quorum, a tampered one is refused and stopped.

Each attack is made with the database owner's rights and the log's key, and first shown to go unseen without witnesses.
"""

import socket
import threading
import time
import uuid
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlalchemy import delete, event, func, select, update
from sqlalchemy.exc import DBAPIError

from portal.audit import collecting, note, standing, witness
from portal.audit.collecting import Collector
from portal.audit.log import AccessLog
from portal.audit.note import Checkpoint, Cosigner
from portal.audit.policy import Policy
from portal.audit.sequencer import Sequencer, drain
from portal.audit.stopping import BEHIND, FORKED, Stop
from portal.audit.tables import CHECKPOINT, COSIGNATURE, DETAIL, ENTRY, HEAD, NODE, PENDING, SEQUENCE
from portal.audit.tree import CompactRange
from portal.db import MINUTE, SECOND, begin_write, now_micros
from portal.errors import LogStopped
from tests import witnesses
from tests.portal.audit.conftest import view

NAMES = ("police", "probation", "barnet")


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    """The witnesses; which logs they know is added by each test."""
    with witnesses.running(tmp_path_factory.mktemp("witnesses"), *NAMES, logs=()) as processes:
        yield processes


class Watched:
    """A log with witnesses: an origin of its own, the policy, the stop, and the collector of one process."""

    def __init__(self, world, folder, urls, keys=None):
        self.world = world
        self.edges: dict[int, bytes] = {}
        self.origin = f"log.example/{uuid.uuid4()}"
        self.stop = Stop(folder)
        with world.session() as session:
            self.key = world.log.signer(session, self.origin).verifier
        lines = [f"witness {name} {key} {url}" for name, (key, url) in urls.items()]
        lines += (
            [f"group enough 2 {' '.join(urls)}", "quorum enough"] if len(urls) > 1 else [f"quorum {next(iter(urls))}"]
        )
        self.policy = Policy.parse("".join(f"{line}\n" for line in lines).encode())
        self.collector = Collector(
            world.engine, self.policy, lambda s: world.log.signer(s, self.origin), self.stop, folder, patience=0.7
        )
        world.log = AccessLog(world.provider, stop=self.stop)

    def grow(self, count=1):
        self.world.append(*[view() for _ in range(count)])
        with self.world.session() as session:
            drain(session, self.world.log.signer(session, self.origin))

    def check(self):
        from portal.audit import checking

        with self.world.session() as session:
            return checking.check(session, self.key)

    def published(self):
        with self.world.session() as session:
            return standing.published(session, self.policy, self.key)

    def standing(self, later=0):
        with self.world.session() as session:
            return standing.standing(session, self.policy, self.key, now_micros() + later)

    def cut(self, size):
        """As the owner: everything after the first `size` entries is gone, and nothing in the database tells."""
        from portal.audit import triggers

        with self.world.engine.begin() as connection:
            for statement in triggers.drop_statements(connection.dialect.name):
                connection.exec_driver_sql(statement)
            gone = select(SEQUENCE.c.entry_id).where(SEQUENCE.c.index >= size)
            connection.execute(delete(DETAIL).where(DETAIL.c.entry_id.in_(gone)))
            connection.execute(delete(ENTRY).where(ENTRY.c.entry_id.in_(gone)))
            connection.execute(delete(PENDING))
            connection.execute(delete(SEQUENCE).where(SEQUENCE.c.index >= size))
            connection.execute(delete(NODE))
            connection.execute(delete(CHECKPOINT).where(CHECKPOINT.c.size > size))
            connection.execute(delete(COSIGNATURE).where(COSIGNATURE.c.size > size))
            connection.execute(update(HEAD).values(size=size, edge=self.edges[size]))
            triggers.install(connection)
        self.world.log = AccessLog(self.world.provider, stop=self.stop)

    def remember(self):
        with self.world.session() as session:
            row = session.connection().execute(select(HEAD)).one()
        self.edges[row.size] = row.edge


@pytest.fixture
def watched(world, three, tmp_path):
    made = Watched(world, tmp_path, {name: (each.key, each.url) for name, each in zip(NAMES, three, strict=True)})
    for each in three:
        witness.add_log(each.home, made.key)
    return made


def test_three_witnesses_vouch_for_an_honest_log(watched):
    for count in (3, 1, 300):
        watched.grow(count)
        assert watched.standing().published in (None, watched.standing().size - count)
        watched.collector.check()
        assert watched.standing().published == watched.standing().size
    found = watched.published()
    seen = watched.policy.witnessed(found.note, watched.key)
    assert set(seen.by) == set(NAMES)
    assert seen.quorum
    assert abs(seen.since - time.time()) < 60
    watched.collector.check()  # asked again, they sign again; once a checkpoint is kept
    with watched.world.session() as session:
        counted = select(COSIGNATURE.c.size, func.count()).group_by(COSIGNATURE.c.size)
        assert {n for _, n in session.connection().execute(counted)} == {3}
    assert not watched.stop
    assert watched.check().whole


def test_a_cosignature_that_was_lost_on_its_way_is_made_good(watched):
    """The witness signed, and the portal was killed before it knew: a conflict names the size to go on from."""
    watched.grow(3)
    watched.collector.check()
    watched.world.attack("DELETE FROM audit_cosignature")
    assert watched.standing().published is None
    watched.collector.check()
    assert watched.standing().published == 3
    watched.world.attack("DELETE FROM audit_cosignature")
    watched.grow(2)
    watched.collector.check()
    assert watched.standing().published == 5
    assert not watched.stop


def test_what_witnesses_signed_is_not_changed_or_taken_back(watched):
    watched.grow(3)
    watched.collector.check()
    for statement in (
        "UPDATE audit_cosignature SET at = 1",
        "DELETE FROM audit_cosignature",
        "INSERT INTO audit_cosignature SELECT * FROM audit_cosignature"
        if not watched.world.sqlite
        else "INSERT OR REPLACE INTO audit_cosignature SELECT size, witness, key_id, 1, line FROM audit_cosignature",
    ):
        with pytest.raises(DBAPIError):
            watched.world.sql(statement)
    assert watched.standing().published == 3


def test_a_damaged_tree_makes_no_proof_and_keeps_nobody_from_starting(watched):
    watched.grow(3)
    watched.collector.check()
    watched.world.attack('DELETE FROM audit_sequence WHERE "index" = 0')
    watched.grow(2)
    watched.collector.check()
    assert watched.standing().published == 3
    assert not watched.check().whole


def test_a_truncated_tail_is_refused_and_stops_the_log(watched):
    watched.grow(3)
    watched.remember()
    watched.grow(2)
    watched.collector.check()
    watched.cut(3)
    assert watched.check().whole, "the attack shows in the database itself"
    watched.collector.check()
    reason = watched.stop.reason()
    assert (reason.kind, reason.theirs, reason.ours) == (BEHIND, 5, 3)
    assert "has signed for 5 entries of the access log, and the database holds 3" in watched.stop.sentence()
    with pytest.raises(LogStopped, match="The end of the log is gone"):
        watched.grow()
    before = watched.standing()
    assert (before.size, before.published) == (3, None)


@pytest.mark.parametrize("unprotected", [True, False])
def test_a_false_checkpoint_keeps_nobody_from_asking_or_signing(build, three, tmp_path, monkeypatch, unprotected):
    """One row, which the portal's own role may add, says that there is more: nothing was signed or asked any more."""
    watched = Watched(build("sqlite"), tmp_path, {"police": (three[0].key, three[0].url)})
    witness.add_log(three[0].home, watched.key)
    watched.grow(3)
    watched.remember()
    watched.grow(2)
    watched.collector.check()
    watched.cut(3)  # an older database is put back
    with watched.world.session() as session, begin_write(session):
        row = {"size": 2**62, "at": now_micros() + 10**15, "note": "false"}
        session.execute(CHECKPOINT.insert().values(**row))
    if unprotected:
        monkeypatch.setattr(collecting, "head", lambda session: CompactRange(2**62, [bytes(32)]))
        monkeypatch.setattr(collecting, "LOOK", 1)
        watched.collector.check()
        assert not watched.stop, "as it was: nobody is asked, and the log goes on"
        return
    watched.grow(1)
    stand = watched.standing(later=6 * MINUTE)
    assert (stand.size, stand.late is not None) == (4, True), "it goes on being signed, and people are told"
    watched.collector.check()
    assert watched.stop.reason().kind == BEHIND


def test_what_is_published_costs_the_same_however_old_the_log_is(build, tmp_path):
    """What a former name was cosigned for, or waits for a witness that is away, is not gone through at each asking."""
    signers = [Cosigner(f"{name}.example", bytes([n]) * 32) for n, name in enumerate(NAMES)]
    watched = Watched(
        build("sqlite"), tmp_path, {n: (str(s.key), "http://x") for n, s in zip(NAMES, signers, strict=True)}
    )
    watched.policy = Policy.parse(watched.policy.text().replace(b"group enough 2", b"group enough all"))
    first = note.Signer("former.example", bytes(32))
    with watched.world.session() as session:
        present = watched.world.log.signer(session, watched.origin)
    with watched.world.session() as session, begin_write(session):
        for size in range(1, 301):
            signer = first if size < 150 else present
            text = signer.sign(Checkpoint(signer.verifier.name, size, bytes(32)).body())
            session.execute(CHECKPOINT.insert().values(size=size, at=size, note=text))
            for each in signers if size < 150 or size == 200 else signers[1:]:
                made = each.cosign(note.split_note(text)[0], 5)
                place = {"size": size, "witness": each.key.name, "key_id": each.key.key_id}
                session.execute(COSIGNATURE.insert().values(**place, at=5, line=made.line))
    asked = []
    event.listen(watched.world.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    with watched.world.session() as session:
        found = standing.published(session, watched.policy, watched.key, 149)
        assert (found.checkpoint.size, len(asked) < 10) == (200, True), asked
        asked.clear()
        assert standing.published(session, watched.policy, watched.key, 200) is None
        assert len(asked) < 10


def test_a_nested_quorum_that_misses_is_not_looked_for_row_by_row(build, tmp_path):
    """Two of one group sign, and nobody of the other, again and again: enough cosignatures, and no quorum."""
    signers = {name: Cosigner(f"{name}.example", bytes([n]) * 32) for n, name in enumerate(NAMES)}
    watched = Watched(build("sqlite"), tmp_path, {n: (str(s.key), "http://x") for n, s in signers.items()})
    witnesses = "".join(f"witness {name} {each.key}\n" for name, each in signers.items())
    groups = "group justice any police probation\ngroup town any barnet\ngroup both all justice town\nquorum both\n"
    watched.policy = Policy.parse((witnesses + groups).encode())
    with watched.world.session() as session:
        present = watched.world.log.signer(session, watched.origin)
    with watched.world.session() as session, begin_write(session):
        for size in range(1, 301):
            text = present.sign(Checkpoint(watched.origin, size, bytes(32)).body())
            session.execute(CHECKPOINT.insert().values(size=size, at=size, note=text))
            who = {5: ("police", "barnet"), 290: ("barnet",)}.get(size, ("police", "probation"))
            for each in (signers[name] for name in who):
                made = each.cosign(note.split_note(text)[0], 5)
                place = {"size": size, "witness": each.key.name, "key_id": each.key.key_id}
                session.execute(COSIGNATURE.insert().values(**place, at=5, line=made.line))
    asked = []
    event.listen(watched.world.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    with watched.world.session() as session:
        found = standing.published(session, watched.policy, watched.key)
    assert (found.checkpoint.size, len(asked) < 10) == (5, True), asked


def test_a_cut_log_that_went_on_is_refused_as_another_history(watched):
    watched.grow(3)
    watched.remember()
    watched.grow(2)
    watched.collector.check()
    watched.cut(3)
    watched.grow(4)
    assert watched.check().whole, "the attack shows in the database itself"
    watched.collector.check()
    assert watched.stop.reason().kind == FORKED
    assert "another history of the access log" in watched.stop.sentence()
    with pytest.raises(LogStopped):
        watched.grow()


def test_a_fork_of_the_same_size_is_refused(watched):
    watched.grow(3)
    watched.remember()
    watched.grow(2)
    watched.collector.check()
    watched.cut(3)
    watched.grow(2)
    assert watched.check().whole
    watched.collector.check()
    assert watched.stop.reason().kind == FORKED


def test_nothing_is_signed_and_nobody_asked_while_the_log_is_stopped(watched):
    watched.grow(3)
    watched.world.append(view())
    watched.stop.set(BEHIND, "police", 9, 3, watched.origin, "")
    quick = Sequencer(watched.world.engine, lambda s: watched.world.log.signer(s, watched.origin), 0.0, watched.stop)
    quick.start()
    quick.stop()
    watched.collector.check()
    stand = watched.standing()
    assert (stand.size, stand.published) == (3, None)


def test_it_happens_by_itself_soon_after_an_entry(watched):
    world, done = watched.world, threading.Event()

    def signer(session):
        return world.log.signer(session, watched.origin)

    quick = Sequencer(world.engine, signer, 0.05, watched.stop, watched.collector.wake)
    world.log.woken = quick.wake
    try:
        world.append(view(), view())
        for _ in range(200):
            stand = watched.standing()
            if stand.size == 2 and all(each.newest for each in stand.witnesses):
                done.set()
                break
            time.sleep(0.05)
        assert done.is_set()
    finally:
        quick.stop()
        watched.collector.stop()


# --- witnesses that are away, slow, or lie ---


class Scripted:
    """A witness that answers whatever a test says. `answer(body)` gives status and body."""

    def __init__(self, answer):
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                status, said = answer(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(status)
                self.send_header("Content-Length", str(len(said)))
                self.send_header("Location", "http://127.0.0.1:1/")
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/prefix/"


@contextmanager
def scripted(answer):
    made = Scripted(answer)
    thread = threading.Thread(target=made.server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield made.url
    finally:
        made.server.shutdown()
        thread.join()
        made.server.server_close()


LIAR = Cosigner("liar.example", b"\x01" * 32)
OTHER = Cosigner("other.example", b"\x02" * 32)


def test_one_that_is_away_and_one_that_is_silent_stop_nobody(world, three, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        urls = {
            "police": (three[0].key, three[0].url),
            "probation": (three[1].key, three[1].url),
            "silent": (LIAR.key, f"http://127.0.0.1:{silent.getsockname()[1]}"),
            "away": (OTHER.key, "http://127.0.0.1:1"),
        }
        watched = Watched(world, tmp_path, urls)
        for each in three[:2]:
            witness.add_log(each.home, watched.key)
        watched.grow(2)
        began = time.monotonic()
        watched.collector.check()
        assert time.monotonic() - began < 4
        stand = watched.standing(later=6 * MINUTE)
    assert (stand.published, stand.late) == (2, None)
    assert [(each.name, each.size, each.late) for each in stand.witnesses] == [
        ("police", 2, False),
        ("probation", 2, False),
        ("silent", None, True),
        ("away", None, True),
    ]
    assert not watched.stop


def _cosigned(by, at=None, body=None):
    """An answer with a cosignature over the checkpoint sent, or over another text."""

    def answer(request):
        sent = request.decode().partition("\n\n")[2]
        line = by.cosign(body or note.split_note(sent)[0], int(time.time()) if at is None else at).line
        return 200, f"{line}\n".encode()

    return answer


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: (200, b""),
        lambda _: (200, b"\xff"),
        lambda _: (200, b"thank you\n"),
        lambda _: (200, b"x" * 100_000),
        _cosigned(OTHER),
        _cosigned(LIAR, body=Checkpoint("log.example", 1, bytes(32)).body()),
        _cosigned(LIAR, at=1_700_000_000),
        _cosigned(LIAR, at=2**63 - 1),
        lambda _: (409, b"many\n"),
        lambda _: (409, b"-1\n"),
        lambda _: (409, b"1\n"),  # asked again from there, it says the same
        lambda _: (409, b"9" * 30),
        lambda _: (302, b""),
        lambda _: (400, b""),
        lambda _: (403, b""),
        lambda _: (404, b""),
        lambda _: (500, b""),
    ],
)
def test_an_answer_that_is_no_cosignature_counts_for_nothing(build, tmp_path, answer):
    with scripted(answer) as url:
        watched = Watched(build("sqlite"), tmp_path, {"liar": (LIAR.key, url)})
        watched.grow(2)
        watched.collector.check()
        stand = watched.standing(later=6 * MINUTE)
    assert stand.published is None
    assert (stand.witnesses[0].size, stand.witnesses[0].late) == (None, True)
    assert now_micros() - stand.late < MINUTE
    assert not watched.stop


def test_an_honest_answer_counts(build, tmp_path):
    with scripted(_cosigned(LIAR)) as url:
        watched = Watched(build("sqlite"), tmp_path, {"honest": (LIAR.key, url)})
        watched.grow(2)
        watched.collector.check()
    assert watched.standing().published == 2
    assert abs(watched.standing().witnesses[0].at - now_micros() // SECOND) < 60


def test_what_another_process_of_ours_published_meanwhile_is_no_break(build, tmp_path):
    logs = []

    def ahead(_):
        if logs[0].standing().size == 2:
            logs[0].grow(3)
        return 409, b"5\n"

    with scripted(ahead) as url:
        logs.append(Watched(build("sqlite"), tmp_path, {"ahead": (LIAR.key, url)}))
        logs[0].grow(2)
        logs[0].collector.check()
        assert not logs[0].stop
        logs[0].collector.check()  # now it claims to have all of it, and is asked from there
    assert logs[0].stop.reason().kind == FORKED
