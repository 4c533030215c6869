"""Signed notes: what is malformed is refused, strangers' signatures are ignored, a known key that fails is fatal."""

import base64

import pytest

from portal.audit import note
from portal.audit.note import Checkpoint, NoteInvalid, Signer, Verifier

OURS = Signer("log.example/iom", bytes(range(32)))
OTHER = Signer("witness.example", bytes(32))
BODY = Checkpoint("log.example/iom", 5, bytes(32)).body()


def test_sign_and_open():
    signed = OURS.sign(BODY)
    assert note.open_note(signed, [OURS.verifier]) == BODY
    assert note.open_note(signed.encode(), [OTHER.verifier, OURS.verifier]) == BODY
    assert note.open_checkpoint(signed, OURS.verifier) == Checkpoint("log.example/iom", 5, bytes(32))


def test_sixteen_and_more_signatures_of_strangers_are_ignored():
    strangers = [Signer(f"s{i}", bytes([i]) * 32).sign(BODY).rpartition("\n\n")[2] for i in range(20)]
    signed = OURS.sign(BODY) + "".join(strangers)
    assert note.open_note(signed, [OURS.verifier]) == BODY
    with pytest.raises(NoteInvalid, match="no signature of a known key"):
        note.open_note(signed, [OTHER.verifier])


def test_a_known_key_that_fails_rejects_the_whole_note():
    line = OTHER.sign("something else\n").rpartition("\n\n")[2]
    with pytest.raises(NoteInvalid, match="does not fit"):
        note.open_note(OURS.sign(BODY) + line, [OURS.verifier, OTHER.verifier])


def test_a_key_of_the_same_name_and_another_id_is_a_stranger():
    impostor = Signer("log.example/iom", b"\x07" * 32)
    with pytest.raises(NoteInvalid, match="no signature of a known key"):
        note.open_note(impostor.sign(BODY), [OURS.verifier])


def test_split_at_the_last_blank_line():
    body = "first\n\nsecond\n"
    assert note.open_note(OURS.sign(body), [OURS.verifier]) == body


GOOD = OURS.sign(BODY)
LINE = GOOD.rpartition("\n\n")[2]


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "\n",
        BODY,
        BODY + "\n",
        GOOD[:-1],
        GOOD + "\n",
        GOOD.replace("\n", "\r\n"),
        GOOD.replace("5", "5\t"),
        GOOD.replace("— ", "- "),
        GOOD.replace("— ", "—"),
        GOOD.replace("log.example/iom ", "log.example/iom  "),
        GOOD[:-2] + "\n",
        GOOD[:-3] + "!=\n",
        BODY + "\n" + LINE.replace(LINE.split(" ")[2], "AAAA\n"),
        BODY + "\n— log+x AAAAAAAAAAAA\n",
        BODY + "\n— log\u00a0x AAAAAAAAAAAA\n",
        BODY + "\n" + LINE * 65,
        GOOD + "x" * (1 << 20),
        b"\xff" + GOOD.encode(),
        "\ud800" + GOOD,
    ],
)
def test_malformed_notes(wrong):
    with pytest.raises(NoteInvalid):
        note.open_note(wrong, [OURS.verifier])


ROOT = base64.b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    "wrong",
    [
        f"log\n05\n{ROOT}\n",
        f"log\n+5\n{ROOT}\n",
        f"log\n-1\n{ROOT}\n",
        f"log\n٥\n{ROOT}\n",
        f"log\n\n{ROOT}\n",
        f"log\n{2**63}\n{ROOT}\n",
        f"log\n{'9' * 5000}\n{ROOT}\n",
        f"\n5\n{ROOT}\n",
        f"log\n5\n{ROOT}\nextension\n",
        f"log\n5\n{ROOT}",
        "log\n5\nAAAA\n",
        f"log\n5\n{ROOT[:-2]}B=\n",
    ],
)
def test_malformed_checkpoints(wrong):
    with pytest.raises(NoteInvalid):
        Checkpoint.parse(wrong)


def test_a_checkpoint_of_another_log_is_refused():
    body = Checkpoint("another.example", 5, bytes(32)).body()
    with pytest.raises(NoteInvalid, match="another log"):
        note.open_checkpoint(OURS.sign(body), OURS.verifier)


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "log",
        "log+00000000",
        str(OURS.verifier).replace("+", "+0", 1),
        "x" + str(OURS.verifier),
        str(OURS.verifier)[:-4],
        f"log+00000000+{base64.b64encode(bytes([4]) + bytes(32)).decode()}",
    ],
)
def test_malformed_verifier_keys(wrong):
    with pytest.raises(NoteInvalid):
        Verifier.parse(wrong)


def test_the_signer_does_not_tell_its_key():
    assert repr(OURS) == "Signer('log.example/iom')"


def test_text_that_cannot_be_signed():
    for text in ("no newline", "tab\t\n", "\ud800\n"):
        with pytest.raises(NoteInvalid):
            OURS.sign(text)
