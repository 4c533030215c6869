"""Signed notes: what is malformed is refused, strangers' signatures are ignored, a known key that fails is fatal."""

import base64
import hashlib
import struct

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from portal.audit import note
from portal.audit.note import Checkpoint, Cosigner, NoteInvalid, Signer, Verifier, WitnessKey

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


WITNESS = Cosigner("police.example/witness", b"\x05" * 32)
COSIGNED = note.with_lines(GOOD, [WITNESS.cosign(BODY, 1_700_000_000).line])


def test_a_cosignature_tells_who_and_when_and_the_log_still_opens_its_note():
    found = note.cosignatures(COSIGNED, [WITNESS.key])
    assert [(each.key, each.at) for each in found] == [(WITNESS.key, 1_700_000_000)]
    assert note.with_lines(GOOD, [found[0].line]) == COSIGNED
    assert note.open_checkpoint(COSIGNED, OURS.verifier).size == 5
    assert note.cosignatures(GOOD, [WITNESS.key]) == []


def test_what_is_signed_is_what_the_specification_says():
    """Header, time, body; the payload is u64be time and 64 bytes; the key id counts type 4."""
    key = Ed25519PrivateKey.from_private_bytes(b"\x05" * 32)
    signature = key.sign(b"cosignature/v1\ntime 1700000000\n" + BODY.encode())
    raw = key.public_key().public_bytes_raw()
    key_id = hashlib.sha256(b"police.example/witness\n\x04" + raw).digest()[:4]
    payload = key_id + struct.pack(">Q", 1_700_000_000) + signature
    line = f"— police.example/witness {base64.b64encode(payload).decode()}"
    assert WITNESS.cosign(BODY, 1_700_000_000).line == line
    encoded = base64.b64encode(b"\x04" + raw).decode()
    assert str(WITNESS.key) == f"police.example/witness+{key_id.hex()}+{encoded}"
    assert WitnessKey.parse(str(WITNESS.key)) == WITNESS.key


def test_of_two_cosignatures_of_one_witness_the_later_counts():
    lines = [WITNESS.cosign(BODY, at).line for at in (7, 9, 8)]
    assert [each.at for each in note.cosignatures(note.with_lines(GOOD, lines), [WITNESS.key])] == [9]


def _cosigned_at(at: int) -> str:
    key = Ed25519PrivateKey.from_private_bytes(b"\x05" * 32)
    payload = WITNESS.key.key_id + at.to_bytes(8) + key.sign(f"cosignature/v1\ntime {at}\n{BODY}".encode())
    return f"— police.example/witness {base64.b64encode(payload).decode()}"


def test_a_time_outside_63_bits_is_refused_though_it_is_signed():
    assert note.cosignatures(note.with_lines(GOOD, [_cosigned_at(2**63 - 1)]), [WITNESS.key])[0].at == 2**63 - 1
    with pytest.raises(NoteInvalid, match="no possible time"):
        note.cosignatures(note.with_lines(GOOD, [_cosigned_at(2**63)]), [WITNESS.key])


def test_every_bit_of_a_cosignature_counts():
    line = WITNESS.cosign(BODY, 5).line
    payload = base64.b64decode(line.split(" ")[2])
    for bit in range(32, 8 * len(payload)):
        changed = bytearray(payload)
        changed[bit // 8] ^= 1 << bit % 8
        wrong = f"— police.example/witness {base64.b64encode(changed).decode()}"
        with pytest.raises(NoteInvalid):
            note.cosignatures(note.with_lines(GOOD, [wrong]), [WITNESS.key])
    for length in (71, 73):
        wrong = f"— police.example/witness {base64.b64encode((payload + bytes(9))[: 4 + length]).decode()}"
        with pytest.raises(NoteInvalid, match="right length"):
            note.cosignatures(note.with_lines(GOOD, [wrong]), [WITNESS.key])


def test_a_cosignature_is_bound_to_its_checkpoint_and_a_log_key_is_no_witness():
    other = Checkpoint("log.example/iom", 6, bytes(32)).body()
    moved = note.with_lines(OURS.sign(other), [WITNESS.cosign(BODY, 5).line])
    with pytest.raises(NoteInvalid, match="does not fit"):
        note.cosignatures(moved, [WITNESS.key])
    with pytest.raises(NoteInvalid, match="type 4"):
        WitnessKey.parse(str(OURS.verifier))
    with pytest.raises(NoteInvalid, match="type 1"):
        Verifier.parse(str(WITNESS.key))
    same = WitnessKey(OURS.verifier.name, OURS.verifier.public)
    assert len({same, OURS.verifier}) == 2
    assert same.key_id != OURS.verifier.key_id


def test_lines_that_are_no_signatures_are_not_put_under_a_note():
    for line in ("", "— x", "\n— x AAAAAAAA", "text\n\n" + WITNESS.cosign(BODY, 5).line):
        with pytest.raises(NoteInvalid):
            note.with_lines(GOOD, [line])


def test_the_cosigner_does_not_tell_its_key():
    assert repr(WITNESS) == "Cosigner('police.example/witness')"
