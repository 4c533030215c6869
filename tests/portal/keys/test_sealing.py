"""The E1 value against everything a database administrator could try with it."""

import json
import os
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from portal.errors import SealBroken
from portal.keys import opening, sealing
from portal.keys.encoding import commitment
from portal.keys.sealing import Context, Dek
from tests.portal.keys import frames

PERSON, OTHER = uuid4(), uuid4()
HERE = Context("person", uuid4(), "person.surname", PERSON, "police", "identity", 3)
VECTORS = Path(__file__).parents[3] / ".." / "shared" / "vectors" / "own" / "gcm_two_keys.json"


def a_dek(person: UUID | None = PERSON, owner: str | None = "police") -> Dek:
    return Dek(os.urandom(8), AESGCM(AESGCM.generate_key(256)), person, owner, "c1")


DEK = a_dek()
FREE = a_dek(None, None)  # bound to no person by itself, so that only the value's own binding is tried


def test_opens_in_its_place_and_looks_as_documented():
    sealed = sealing.seal(DEK, HERE, b"Nowak")
    assert sealed[:3] == b"\xe1\x01\x01"
    assert sealed[3:11] == DEK.id == sealing.dek_id(sealed)
    assert len(sealed) == 39 + 16
    assert b"Nowak" not in sealed
    assert opening.open_value(DEK, HERE, sealed) == b"Nowak"
    assert opening.open_with({DEK.id: DEK}, HERE, sealed) == b"Nowak"


@pytest.mark.parametrize("text", [b"", b"\x80", b"\x00", b"a\x80\x00\x00", b"x" * 15, b"x" * 16, b"x" * 5000])
@pytest.mark.parametrize("pad_to", [16, 32])
def test_any_plaintext_comes_back_whole(text, pad_to):
    sealed = sealing.seal(DEK, HERE, text, pad_to)
    assert (len(sealed) - 39) % pad_to == 0
    assert opening.open_value(DEK, HERE, sealed) == text


def test_length_does_not_tell_choices_apart():
    assert (
        len({len(sealing.seal(DEK, HERE, c, sealing.CHOICE)) for c in (b"low", b"medium", b"very_high_imminent")}) == 1
    )


def test_the_same_value_never_looks_the_same():
    assert len({sealing.seal(DEK, HERE, b"HIGH") for _ in range(100)}) == 100


@pytest.mark.parametrize(
    "elsewhere",
    [
        HERE._replace(kind="case"),
        HERE._replace(record=uuid4()),
        HERE._replace(field="person.forenames"),
        HERE._replace(person=OTHER),
        HERE._replace(owner="probation"),
        HERE._replace(category="health"),
        HERE._replace(version=2),
        HERE._replace(version=4),
    ],
    ids=["kind", "row", "column", "person", "owner", "category", "older value", "newer value"],
)
def test_a_value_moved_or_relabelled_stays_shut(elsewhere):
    sealed = sealing.seal(FREE, HERE, b"Nowak")
    assert opening.open_value(FREE, HERE, sealed) == b"Nowak"
    with pytest.raises(SealBroken):
        opening.open_value(FREE, elsewhere, sealed)


def test_a_key_of_another_person_or_owner_neither_seals_nor_opens():
    for dek in (a_dek(person=OTHER), a_dek(owner="probation")):
        with pytest.raises(SealBroken):
            sealing.seal(dek, HERE, b"Nowak")
        free = Dek(dek.id, dek.aead)
        with pytest.raises(SealBroken):
            opening.open_value(dek, HERE, sealing.seal(free, HERE, b"Nowak"))


def test_every_flipped_bit_is_noticed():
    sealed = sealing.seal(DEK, HERE, b"Nowak")
    for place in range(len(sealed)):
        for bit in range(8):
            broken = bytearray(sealed)
            broken[place] ^= 1 << bit
            with pytest.raises(SealBroken):
                opening.open_value(DEK, HERE, bytes(broken))


@pytest.mark.parametrize(
    "make",
    [
        lambda sealed: sealed[:-1],
        lambda sealed: sealed[:-12],
        lambda sealed: sealed[:39],
        lambda sealed: sealed[:23],
        lambda sealed: sealed[:11],
        lambda sealed: b"",
        lambda sealed: sealed + b"\x00",
        lambda sealed: b"Nowak",
        lambda sealed: b"Nowak".ljust(80),
        lambda sealed: sealed[:11] + b"Nowak".ljust(44),
        lambda sealed: b"\xe1\x02\x01" + sealed[3:],
        lambda sealed: b"\xe1\x01\x02" + sealed[3:],
        lambda sealed: b"\xe2\x01\x01" + sealed[3:],
    ],
)
def test_nothing_but_an_exact_value_is_read(make):
    wrong = make(sealing.seal(DEK, HERE, b"Nowak"))
    with pytest.raises(SealBroken):
        opening.open_value(DEK, HERE, wrong)
    with pytest.raises(SealBroken):
        opening.open_with({DEK.id: DEK}, HERE, wrong)


def test_a_value_whose_key_is_gone_stays_shut():
    with pytest.raises(SealBroken):
        opening.open_with({}, HERE, sealing.seal(DEK, HERE, b"Nowak"))


def test_wrong_padding_inside_a_genuine_seal_is_refused():
    header, nonce = sealing.MAGIC + DEK.id, os.urandom(12)
    for inside in (bytes(16), b"no padding here!"):
        sealed = header + nonce + DEK.aead.encrypt(nonce, inside, sealing.associated(header, HERE))
        with pytest.raises(SealBroken, match="padding"):
            opening.open_value(DEK, HERE, sealed)


WORDS = st.text(alphabet="ab.@\x00", max_size=3)
CONTEXTS = st.builds(
    Context, WORDS, st.sampled_from([PERSON, OTHER]), WORDS, st.sampled_from([PERSON, OTHER]), WORDS, WORDS,
    st.integers(0, 3),
)  # fmt: skip


@given(CONTEXTS, CONTEXTS)
def test_different_contexts_never_give_the_same_bytes(one, two):
    header = sealing.MAGIC + DEK.id
    assert (sealing.associated(header, one) == sealing.associated(header, two)) == (one == two)


def test_parts_that_run_together_are_kept_apart():
    """The pair that a bare concatenation would confuse: premise first."""
    one = HERE._replace(owner="police", category="health")
    two = HERE._replace(owner="policeh", category="ealth")
    assert one.owner + one.category == two.owner + two.category
    assert sealing.associated(b"", one) != sealing.associated(b"", two)


@pytest.mark.parametrize("version", [-1, 2**64])
def test_a_version_that_does_not_fit_is_refused(version):
    with pytest.raises(OverflowError):
        sealing.seal(DEK, HERE._replace(version=version), b"Nowak")


def test_two_key_ciphertext_is_told_apart_by_commitment():
    if not VECTORS.exists():
        pytest.skip("../shared/vectors is not there")
    vector = {name: bytes.fromhex(text) for name, text in json.loads(VECTORS.read_text()).items() if name != "note"}
    for n in "12":  # the premise: plain AES-GCM opens it under both
        opened = AESGCM(vector[f"key{n}"]).decrypt(vector["nonce"], vector["ct_tag"], vector["aad"])
        assert opened == vector[f"pt{n}"]
    assert commitment(vector["key1"]) != commitment(vector["key2"])


def seals_without_repeat(count: int) -> None:
    assert len({sealing.seal(DEK, HERE, b"x")[11:23] for _ in range(count)}) == count


def test_nonces_differ_over_many_seals():
    seals_without_repeat(100_000)


@pytest.mark.long
def test_nonces_differ_over_a_million_seals():
    seals_without_repeat(1_000_000)


def test_nonces_differ_after_a_fork():
    """Parent and children go on from the same memory; each must still draw its own nonces."""
    readers = []
    for _ in range(2):
        reader, writer = os.pipe()
        if os.fork() == 0:
            os.write(writer, b"".join(sealing.seal(DEK, HERE, b"x")[11:23] for _ in range(100)))
            os._exit(0)
        os.close(writer)
        readers.append(reader)
    drawn = [sealing.seal(DEK, HERE, b"x")[11:23] for _ in range(100)]
    for reader in readers:
        with os.fdopen(reader, "rb") as pipe:
            data = pipe.read()
        os.wait()
        drawn += [data[at : at + 12] for at in range(0, len(data), 12)]
    assert len(drawn) == len(set(drawn)) == 300


def test_neither_key_nor_value_shows_in_repr_or_traceback():
    key = os.urandom(32)
    dek = Dek(b"12345678", AESGCM(key), PERSON, "police", "c1")
    sealed = bytearray(sealing.seal(dek, HERE, b"Nowak"))
    sealed[-1] ^= 1
    header, nonce = sealing.MAGIC + dek.id, os.urandom(12)
    unpadded = header + nonce + dek.aead.encrypt(nonce, b"Nowak-Nowak-Nowa", sealing.associated(header, HERE))
    text = repr(dek) + str(dek)
    for wrong in (bytes(sealed), unpadded):
        with pytest.raises(SealBroken) as caught:
            opening.open_value(dek, HERE, wrong)
        text += frames.shown(caught.value)
    with pytest.raises(SealBroken) as caught:
        sealing.seal(dek, HERE._replace(person=OTHER), b"Nowak")
    text += frames.shown(caught.value)
    for looked_at in ("open_value:", "seal:", "wrong padding"):
        assert looked_at in text
    assert "Nowak" not in text
    assert repr(key)[2:20] not in text
    assert key.hex() not in text
