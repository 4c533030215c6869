"""A second, naive implementation of docs/formats/sealed-value.md: slow, plain, standard library only.

It shares no code with the portal and no cryptographic library, so that the two agreeing means the document is right.
`python -m tests.conformance.naive_seal` prints the worked vectors.
"""

import hashlib
import hmac
import json
from typing import Any


def _times(a: int, b: int) -> int:
    """Multiplication in AES's field (FIPS 197 section 4.2)."""
    out = 0
    while b:
        if b & 1:
            out ^= a
        a = (a << 1) ^ (0x11B if a & 0x80 else 0)
        b >>= 1
    return out


def _box() -> list[int]:
    box = []
    for value in range(256):
        inverse = next((x for x in range(256) if _times(value, x) == 1), 0)
        turned = 0x63
        for turn in range(5):
            turned ^= (inverse << turn | inverse >> (8 - turn)) & 0xFF
        box.append(turned)
    return box


BOX = _box()


def _round_keys(key: bytes) -> list[bytes]:
    words = [key[at : at + 4] for at in range(0, 32, 4)]
    constant = 1
    for n in range(8, 60):
        word = words[-1]
        if n % 8 == 0:
            word = bytes(BOX[x] for x in word[1:] + word[:1])
            word = bytes([word[0] ^ constant]) + word[1:]
            constant = _times(constant, 2)
        elif n % 8 == 4:
            word = bytes(BOX[x] for x in word)
        words.append(bytes(x ^ y for x, y in zip(words[-8], word, strict=True)))
    return [b"".join(words[at : at + 4]) for at in range(0, 60, 4)]


def aes256(key: bytes, block: bytes) -> bytes:
    """One block of AES-256 (FIPS 197 section 5.1)."""
    keys = _round_keys(key)
    state = [x ^ y for x, y in zip(block, keys[0], strict=True)]
    for number in range(1, 15):
        state = [BOX[state[(at + 4 * (at % 4)) % 16]] for at in range(16)]
        if number < 14:
            mixed = []
            for column in range(0, 16, 4):
                a = state[column : column + 4]
                for row in range(4):
                    mixed.append(_times(a[row], 2) ^ _times(a[(row + 1) % 4], 3) ^ a[(row + 2) % 4] ^ a[(row + 3) % 4])
            state = mixed
        state = [x ^ y for x, y in zip(state, keys[number], strict=True)]
    return bytes(state)


def _ghash(h: int, data: bytes) -> int:
    y = 0
    for at in range(0, len(data), 16):
        x, v, z = y ^ int.from_bytes(data[at : at + 16], "big"), h, 0
        for bit in range(127, -1, -1):
            if x >> bit & 1:
                z ^= v
            v = v >> 1 ^ (0xE1 << 120 if v & 1 else 0)
        y = z
    return y


def gcm(key: bytes, nonce: bytes, plaintext: bytes, aad: bytes) -> bytes:
    """AES-256-GCM with a 12-byte nonce: ciphertext and 16-byte tag (NIST SP 800-38D section 7.1)."""
    out = b""
    for n in range(0, len(plaintext), 16):
        stream = aes256(key, nonce + (n // 16 + 2).to_bytes(4, "big"))
        out += bytes(x ^ y for x, y in zip(plaintext[n : n + 16], stream, strict=False))
    padded = aad + bytes(-len(aad) % 16) + out + bytes(-len(out) % 16)
    lengths = (len(aad) * 8).to_bytes(8, "big") + (len(out) * 8).to_bytes(8, "big")
    s = _ghash(int.from_bytes(aes256(key, bytes(16)), "big"), padded + lengths)
    return out + (s ^ int.from_bytes(aes256(key, nonce + b"\x00\x00\x00\x01"), "big")).to_bytes(16, "big")


def commit(key: bytes) -> bytes:
    """HKDF-SHA256 (RFC 5869) of a key: no salt, info "commit", 32 bytes (a single expansion)."""
    extracted = hmac.new(bytes(32), key, hashlib.sha256).digest()
    return hmac.new(extracted, b"commit\x01", hashlib.sha256).digest()


def part(data: bytes) -> bytes:
    """Length as four bytes, then the data."""
    return len(data).to_bytes(4, "big") + data


def seal(v: dict[str, Any]) -> bytes:
    """The sealed value of a vector."""
    header = b"\xe1\x01\x01" + bytes.fromhex(v["dek_id"])
    aad = header
    for given in (
        v["kind"].encode(),
        bytes.fromhex(v["record"]),
        v["field"].encode(),
        bytes.fromhex(v["person"]),
        v["owner"].encode(),
        v["category"].encode(),
        v["version"].to_bytes(8, "big"),
    ):
        aad += part(given)
    padded = bytes.fromhex(v["plaintext"]) + b"\x80"
    while len(padded) % v["pad_to"]:
        padded += b"\x00"
    nonce = bytes.fromhex(v["nonce"])
    return header + nonce + gcm(bytes.fromhex(v["dek"]), nonce, padded, aad)


def wrap(v: dict[str, Any]) -> bytes:
    """The wrapped key of a vector, under its version of the local-file root."""
    header: bytes = b"\xe2\x01\x01" + v["root_version"].to_bytes(4, "big")
    aad = header + part(v["root"].encode()) + bytes.fromhex(v["aad"])
    nonce = bytes.fromhex(v["nonce"])
    return header + nonce + gcm(bytes.fromhex(v["root_key"]), nonce, bytes.fromhex(v["key"]), aad)


def dek_aad(v: dict[str, Any]) -> bytes:
    """What a data key's wrapping is bound to."""
    return (
        part(bytes.fromhex(v["dek_id"]))
        + part(bytes.fromhex(v["person"]))
        + part(v["owner"].encode())
        + part(v["seal_class"].encode())
        + part(v["version"].to_bytes(8, "big"))
        + part(v["suite"].to_bytes(8, "big"))
    )


def tag(v: dict[str, Any]) -> bytes:
    """A search tag."""
    message = part(v["label"].encode()) + part(v["normaliser"].to_bytes(8, "big")) + part(v["normalised"].encode())
    return hmac.new(bytes.fromhex(v["secret"]), message, hashlib.sha256).digest()[:16]


def _some(name: str, length: int) -> str:
    return hashlib.shake_256(name.encode()).hexdigest(length)


def vectors() -> dict[str, Any]:
    """Worked vectors of every format, all of invented keys."""
    person, dek_id, key = _some("person", 16), _some("dek id", 8), _some("dek", 32)
    values: list[dict[str, Any]] = []
    for n, (name, text, pad_to) in enumerate(
        [
            ("person.surname", "Nowak", 16),
            ("person.surname", "", 16),
            ("scores.ogrs3_band", "high", 32),
            ("update.text@housing", "fifteen bytes …", 16),
            ("update.text@housing", "Zoë rang: tenancy starts Monday, keys from the office at Colindale.", 16),
        ]
    ):
        value = {
            "dek_id": dek_id,
            "dek": key,
            "kind": name.partition(".")[0],
            "record": _some(f"record {n}", 16),
            "field": name,
            "person": person,
            "owner": "police",
            "category": "identity",
            "version": n,
            "plaintext": text.encode().hex(),
            "pad_to": pad_to,
            "nonce": _some(f"nonce {n}", 12),
        }
        values.append({**value, "sealed": seal(value).hex()})
    dek = {"dek_id": dek_id, "person": person, "owner": "police", "seal_class": "c1", "version": 1, "suite": 1}
    secret_aad = part(b"records") + part(b"log-index") + part((1).to_bytes(8, "big"))
    wrapped: list[dict[str, Any]] = []
    for what, aad in (({"dek_row": dek}, dek_aad(dek)), ({"secret": "log-index", "version": 1}, secret_aad)):
        row = {
            **what,
            "root": "records",
            "root_version": 1,
            "root_key": _some("root", 32),
            "key": key,
            "aad": aad.hex(),
            "nonce": _some("wrap nonce", 12),
        }
        wrapped.append({**row, "wrapped": wrap(row).hex(), "commitment": commit(bytes.fromhex(key)).hex()})
    tags: list[dict[str, Any]] = []
    for label, normalised in (("pnc", "2001/0000001Q"), ("crn", "X123456"), ("surname+dob", "smithjones|2001-02-03")):
        row = {"secret": _some("index", 32), "label": label, "normaliser": 1, "normalised": normalised}
        tags.append({**row, "tag": tag(row).hex()})
    return {"sealed_values": values, "wrapped_keys": wrapped, "search_tags": tags}


if __name__ == "__main__":
    print(json.dumps(vectors(), indent=1))
