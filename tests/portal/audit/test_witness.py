"""A witness answers as tlog-witness says, never cosigns two histories, and has written down what it cosigned."""

import base64
import http.client
import socket
import subprocess
import sys
import threading

import pytest

from portal.audit import note, witness
from portal.audit.note import Checkpoint, Cosigner, Signer, WitnessKey
from portal.audit.tree import EMPTY_ROOT, CompactRange, leaf_hash, node_hash, prove_consistency
from portal.audit.witness import Witness, WitnessBroken
from portal.audit.witness_server import WitnessServer
from tests import witnesses

LOG = Signer("log.example/iom", bytes(32))
STRANGER = Signer("stranger.example/iom", b"\x01" * 32)
NOW = 1_790_000_000


class Tree:
    """A log made of words: checkpoints over any of its sizes, proofs between them."""

    def __init__(self, words: str, signer: Signer = LOG) -> None:
        self.leaves = [leaf_hash(word.encode()) for word in words]
        self.signer = signer

    def checkpoint(self, size: int) -> str:
        return self.signer.sign(Checkpoint(self.signer.verifier.name, size, self._root(size)).body())

    def _root(self, size: int) -> bytes:
        edge = CompactRange()
        for leaf in self.leaves[:size]:
            edge.append(leaf)
        return edge.root()

    def _node(self, level: int, index: int) -> bytes:
        if level == 0:
            return self.leaves[index]
        return node_hash(self._node(level - 1, 2 * index), self._node(level - 1, 2 * index + 1))

    def request(self, old: int, size: int, checkpoint: str | None = None) -> bytes:
        proof = prove_consistency(self._node, old, size) if old <= size else []
        lines = "".join(f"{base64.b64encode(each).decode()}\n" for each in proof)
        return f"old {old}\n{lines}\n{checkpoint or self.checkpoint(size)}".encode()


TREE = Tree("abcdefghijkl")
FORK = Tree("abcXefghijkl")


@pytest.fixture
def home(tmp_path):
    witnesses.make(tmp_path / "w", "police.example/witness", LOG.verifier)
    return tmp_path / "w"


@pytest.fixture
def known(home):
    """A witness that has cosigned five entries of the log."""
    made = Witness(home, lambda: NOW + 0.9)
    assert made.add_checkpoint(TREE.request(0, 5)).status == 200
    return made


def test_what_it_answers_is_its_cosignature_with_the_time(known):
    answer = known.add_checkpoint(TREE.request(5, 9))
    assert (answer.status, answer.media) == (200, "text/plain; charset=utf-8")
    assert answer.body.startswith("— police.example/witness ")
    assert answer.body.endswith("\n")
    cosigned = TREE.checkpoint(9) + answer.body
    found = note.cosignatures(cosigned, [WitnessKey.parse(known.key)])
    assert [each.at for each in found] == [NOW]


def test_the_same_size_again_is_cosigned_afresh(known):
    assert known.add_checkpoint(TREE.request(5, 5)).status == 200


def test_the_empty_log_may_be_cosigned(home):
    assert Witness(home).add_checkpoint(TREE.request(0, 0)).status == 200
    assert Witness(home).add_checkpoint(TREE.request(0, 5)).status == 200


WRONG_EMPTY = LOG.sign(Checkpoint("log.example/iom", 0, bytes(32)).body())
IMPOSTOR = Tree("abcdefghijkl", Signer("log.example/iom", b"\x02" * 32))


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (Tree("abcdefg", STRANGER).request(0, 5), 404),
        (IMPOSTOR.request(5, 9), 403),
        (TREE.request(5, 9).replace(b"\n9\n", b"\n8\n"), 403),
        (TREE.request(9, 5), 400),
        (TREE.request(0, 9), 409),
        (TREE.request(4, 9), 409),
        (TREE.request(6, 9), 409),
        (TREE.request(4, 4), 409),  # a truncated tail
        (TREE.request(0, 4), 409),
        (FORK.request(5, 9), 422),
        (FORK.request(5, 5), 422),  # one size, two roots (C2SP pull request 280)
        (TREE.request(5, 9, FORK.checkpoint(9)), 422),
        (b"old 5\n\n" + TREE.checkpoint(9).encode(), 422),
        (TREE.request(5, 9).replace(b"\n\n", b"\n" + base64.b64encode(bytes(32)) + b"\n\n", 1), 422),
        (TREE.request(5, 5).replace(b"\n\n", b"\n" + base64.b64encode(bytes(32)) + b"\n\n", 1), 422),
        (b"", 400),
        (b"old 5\n", 400),
        (b"old 5\n\n", 400),
        (b"old 05" + TREE.request(5, 9)[5:], 400),
        (b"old -5" + TREE.request(5, 9)[5:], 400),
        (b"old  5" + TREE.request(5, 9)[5:], 400),
        (b"old " + b"9" * 5000 + TREE.request(5, 9)[5:], 400),
        (b"size 5" + TREE.request(5, 9)[5:], 400),
        (TREE.request(5, 9).replace(b"\n\n", b"\nAAAA\n\n", 1), 400),
        (TREE.request(5, 9).replace(b"\n\n", b"\n?\n\n", 1), 400),
        (TREE.request(5, 9).replace(b"\n\n", (b"\n" + base64.b64encode(bytes(32))) * 64 + b"\n\n", 1), 400),
        (TREE.request(5, 9).replace(b"\n", b"\r\n"), 400),
        (TREE.request(5, 9)[:-1], 400),
        (TREE.request(5, 9) + b"\xff\n", 400),
        (TREE.request(5, 9, LOG.sign("log.example/iom\n9\n")), 400),
    ],
)
def test_every_other_request_gets_its_status_and_moves_nothing(known, request_, status):
    answer = known.add_checkpoint(request_)
    assert answer.status == status
    assert "—" not in answer.body
    assert known.add_checkpoint(TREE.request(5, 6)).status == 200


def test_a_conflict_tells_the_size_it_has(known):
    answer = known.add_checkpoint(TREE.request(0, 9))
    assert (answer.status, answer.body, answer.media) == (409, "5\n", "text/x.tlog.size")
    assert known.add_checkpoint(TREE.request(int(answer.body), 9)).status == 200


def test_a_log_that_it_never_cosigned_begins_at_nothing(home):
    answer = Witness(home).add_checkpoint(TREE.request(5, 9))
    assert (answer.status, answer.body) == (409, "0\n")
    assert Witness(home).add_checkpoint(TREE.request(0, 0, WRONG_EMPTY)).status == 422


def test_a_forked_checkpoint_is_kept_as_evidence_and_a_stranger_cannot_fill_the_disk(known, home):
    for _ in range(3):
        known.add_checkpoint(FORK.request(5, 9))
        known.add_checkpoint(IMPOSTOR.request(5, 9))
    kept = [path.read_text() for path in (home / witness.EVIDENCE).iterdir()]
    assert kept == [FORK.checkpoint(9)]


def test_a_stranger_with_public_checkpoints_crowds_out_no_evidence(known, home, monkeypatch):
    """Anybody can send an honest checkpoint with a false proof, and write lines under it that make it another file."""
    monkeypatch.setattr(witness, "MOST_EVIDENCE", 2)
    junk = "— somebody " + base64.b64encode(b"\x00" * 68).decode() + "\n"
    false = b"\n" + base64.b64encode(bytes(32)) + b"\n\n"
    for size in (5, 6, 7, 8):
        for lines in range(3):
            sent = TREE.request(5, size, TREE.checkpoint(size) + junk * lines)
            assert known.add_checkpoint(sent.replace(b"\n\n", false, 1)).status == 422
    assert len(list((home / witness.EVIDENCE).iterdir())) == 2
    assert known.add_checkpoint(FORK.request(5, 9)).status == 422
    assert known.add_checkpoint(FORK.request(5, 5)).status == 422
    for size in (10, 11, 12):
        known.add_checkpoint(TREE.request(5, size).replace(b"\n\n", false, 1))
    kept = [path.read_text() for path in (home / witness.EVIDENCE).glob(f"{witness.PROVEN}*")]
    assert kept == [TREE.checkpoint(5) + "\n" + FORK.checkpoint(5)], "both halves of the proof, whatever comes after"
    assert known.add_checkpoint(TREE.request(5, 12)).status == 200


def test_a_key_in_rotation_is_trusted_beside_the_old_one(home):
    new = Signer("log.example/iom", b"\x03" * 32)
    assert witness.add_log(home, new.verifier)
    assert not witness.add_log(home, new.verifier)
    made = Witness(home)
    assert made.add_checkpoint(TREE.request(0, 5)).status == 200
    assert made.add_checkpoint(Tree("abcdefghijkl", new).request(5, 9)).status == 200


def test_extension_lines_of_another_log_are_cosigned_with_it(home):
    body = Checkpoint("log.example/iom", 0, EMPTY_ROOT).body() + "extension\n"
    made = Witness(home)
    answer = made.add_checkpoint(f"old 0\n\n{LOG.sign(body)}".encode())
    assert answer.status == 200
    assert note.cosignatures(LOG.sign(body) + answer.body, [WitnessKey.parse(made.key)])
    empty = LOG.sign(body + "\nmore\n")
    assert made.add_checkpoint(f"old 0\n\n{empty}".encode()).status == 400


def test_two_logs_do_not_touch_each_other(home):
    witness.add_log(home, STRANGER.verifier)
    made = Witness(home)
    assert made.add_checkpoint(TREE.request(0, 9)).status == 200
    assert made.add_checkpoint(Tree("abcdefg", STRANGER).request(0, 5)).status == 200
    assert made.add_checkpoint(TREE.request(9, 10)).status == 200


def test_it_does_not_begin_on_a_broken_footing(home, known):
    (home / witness.LOGS).write_text("log\n")
    with pytest.raises(WitnessBroken, match=r"logs\.txt, line 1"):
        known.add_checkpoint(TREE.request(5, 6))
    (home / witness.LOGS).write_text(f"log {LOG.verifier}\n")
    state = next((home / witness.STATE).iterdir())
    for wrong in (b"", Tree("abc", STRANGER).checkpoint(3).encode()):
        state.write_bytes(wrong)
        with pytest.raises(WitnessBroken, match="stored state"):
            known.add_checkpoint(TREE.request(5, 6))
    (home / witness.KEY).chmod(0o644)
    with pytest.raises(WitnessBroken, match="0600"):
        Witness(home)


def test_a_lost_state_folder_is_not_taken_for_a_new_log(known, home):
    state = next((home / witness.STATE).iterdir())
    state.unlink()
    (home / witness.STATE).rmdir()
    with pytest.raises(WitnessBroken, match="there is no state for the log"):
        known.add_checkpoint(TREE.request(0, 4))
    with pytest.raises(WitnessBroken, match="made anew"):
        Witness(home)


def test_one_deleted_state_is_noticed_at_start_and_at_the_next_request(known, home):
    """Whoever deletes one file of a witness would else have a forked log cosigned from its beginning."""
    (state,) = (home / witness.STATE).iterdir()
    state.unlink()
    for again in (lambda: Witness(home), lambda: known.add_checkpoint(FORK.request(0, 9))):
        with pytest.raises(WitnessBroken, match="there is no state for the log"):
            again()
    with pytest.raises(WitnessBroken, match="say so with --never-signed"):
        witness.add_log(home, LOG.verifier)
    witness.add_log(home, LOG.verifier, never_signed=True)
    assert Witness(home).add_checkpoint(FORK.request(0, 9)).status == 200, "the attack works on whoever says so falsely"


def test_one_key_under_two_names_is_refused_before_anything_is_written(known, home):
    before = (home / witness.LOGS).read_bytes()
    with pytest.raises(WitnessBroken, match="key is in the policy already"):
        witness.add_log(home, note.Verifier("other.example/log", LOG.verifier.public))
    assert (home / witness.LOGS).read_bytes() == before
    assert len(list((home / witness.STATE).iterdir())) == 1
    assert known.add_checkpoint(TREE.request(5, 6)).status == 200


def test_a_log_that_was_taken_off_the_list_goes_on_where_it_was(known, home):
    (home / witness.LOGS).write_text("")
    assert known.add_checkpoint(TREE.request(5, 6)).status == 404
    assert witness.add_log(home, LOG.verifier)
    assert known.add_checkpoint(FORK.request(5, 9)).status == 422
    assert known.add_checkpoint(TREE.request(5, 6)).status == 200


def test_making_it_again_does_not_make_it_forget(known, home):
    """Whoever loses the state and runs `init` again would else have a witness that cosigns any history from 0."""
    for kept in (home / witness.STATE).iterdir():
        kept.unlink()
    (home / witness.STATE).rmdir()
    with pytest.raises(WitnessBroken, match="made anew"):
        witness.create(home, "police.example/witness")
    with pytest.raises(WitnessBroken, match="made anew"):
        Witness(home)


def test_making_it_again_keeps_the_key_and_a_bad_name_makes_nothing(home, tmp_path):
    before = (home / witness.KEY).read_bytes()
    assert witness.create(home, "another.example") == Witness(home).key
    assert (home / witness.KEY).read_bytes() == before
    assert (home / witness.KEY).stat().st_mode & 0o777 == 0o600
    with pytest.raises(note.NoteInvalid):
        witness.create(tmp_path / "none", "a name")
    assert not (tmp_path / "none").exists()


def test_many_at_once_on_one_folder_never_cosign_two_histories(home):
    """Two witnesses on one folder, as two processes would be; of two histories only one is ever cosigned."""
    made, answers = [Witness(home), Witness(home)], []

    def ask(number: int) -> None:
        tree = TREE if number % 2 else FORK
        for size in range(4, 13):
            for old in range(size + 1):
                answers.append((tree, size, made[number % 4 // 2].add_checkpoint(tree.request(old, size)).status))

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cosigned = {tree for tree, _, status in answers if status == 200}
    assert len(cosigned) == 1
    assert {status for _, _, status in answers} <= {200, 409, 422}


# --- over the network ---


def test_a_process_of_its_own_answers_and_remembers_through_a_kill(tmp_path):
    with witnesses.running(tmp_path, "w1", logs=(LOG.verifier,)) as (first,):
        assert first.post(TREE.request(0, 5))[0] == 200
        assert first.post(TREE.request(0, 9)) == (409, "text/x.tlog.size", "5\n")
        assert first.post(FORK.request(5, 9))[0] == 422
        assert first.post(TREE.request(5, 9), "/elsewhere")[0] == 404
        assert first.post(b"x" * (witness.LONGEST_REQUEST + 1))[0] == 413
        status, media, line = first.post(TREE.request(5, 9))
        assert (status, media) == (200, "text/plain; charset=utf-8")
        assert note.cosignatures(TREE.checkpoint(9) + line, [WitnessKey.parse(first.key)])
        first.kill()
        again = witnesses.Process(tmp_path / "w1")
        try:
            assert again.key == first.key
            assert again.post(FORK.request(0, 9)) == (409, "text/x.tlog.size", "9\n")
            assert again.post(TREE.request(9, 10))[0] == 200
            _keeps_the_connection(again)
            _cuts_short_what_is_no_request(again)
        finally:
            again.end()
        log = (tmp_path / "w1" / "log.txt").read_text()
        assert "422 log.example/iom" in log
        assert "127.0.0.1" not in log


def _keeps_the_connection(process):
    connection = http.client.HTTPConnection("127.0.0.1", process.port, timeout=10)
    for _ in range(3):
        connection.request("POST", "/add-checkpoint", TREE.request(10, 10))
        answer = connection.getresponse()
        assert (answer.status, bool(answer.read())) == (200, True)
    connection.request("GET", "/add-checkpoint")
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Allow"]) == (405, "POST")
    connection.close()


def _cuts_short_what_is_no_request(process):
    for sent, status in (
        (b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\n\r\n", b" 411 "),
        (b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b" 411 "),
        (b"nonsense\r\n\r\n", b"400"),
    ):
        with socket.create_connection(("127.0.0.1", process.port), timeout=10) as stream:
            stream.sendall(sent)
            assert status in stream.recv(4096)


def test_a_stranger_who_sends_a_byte_now_and_then_holds_no_place_for_long(known):
    with WitnessServer(("127.0.0.1", 0), known) as server:
        server.longest = 0.5
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        with socket.create_connection(("127.0.0.1", server.server_port), timeout=10) as stream:
            stream.sendall(b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: 200000\r\n\r\n")
            sent, broke = 0, False
            while sent < 100 and not broke:
                try:
                    stream.sendall(b"x")
                    sent += 1
                    stream.settimeout(0.1)
                    broke = stream.recv(4096) is not None
                except TimeoutError:
                    continue
                except OSError:
                    broke = True
        assert broke, "it was let go on, far within the time-out of each reading"
        server.shutdown()


def test_it_needs_neither_database_nor_web_nor_the_portals_keys():
    text = "import sys, portal.cli.witness; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True).stdout.split()
    assert {"sqlalchemy", "flask", "portal.db", "portal.keys", "portal.config", "isa"} & set(modules) == set()


def test_the_command_line_makes_shows_and_refuses(tmp_path):
    def say(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*witnesses.COMMAND, *words], capture_output=True, text=True, check=False)

    made = say("init", "police.example/witness", "--home", str(tmp_path / "w"))
    assert made.returncode == 0
    assert WitnessKey.parse(made.stdout.strip()).name == "police.example/witness"
    assert say("key", "--home", str(tmp_path / "w")).stdout == made.stdout
    missing = say("key", "--home", str(tmp_path / "none"))
    assert (missing.returncode, missing.stderr) == (
        1,
        "Error: there is no key here; make one with `portal witness init`\n",
    )
    seed = (tmp_path / "w" / witness.KEY).read_text().splitlines()[1]
    assert seed not in made.stdout
    assert Cosigner("police.example/witness", base64.b64decode(seed)).key == WitnessKey.parse(made.stdout.strip())
