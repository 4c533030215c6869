"""A second, naive implementation of docs/access-log-format.md, written from the document. Shares no code with portal.

`python -m tests.conformance.vectors > docs/formats/vectors/access-log.json` writes the worked vectors.
"""

import base64
import hashlib
import json
import uuid

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
SHORT = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}


def sha(data):
    return hashlib.sha256(data).digest()


def jcs(value):
    """RFC 8785 by hand: text in, text out."""
    if value is None:
        return "null"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return '"' + "".join(SHORT.get(ord(c)) or (f"\\u{ord(c):04x}" if ord(c) < 32 else c) for c in value) + '"'
    if isinstance(value, list):
        return "[" + ",".join(jcs(v) for v in value) + "]"
    members = sorted(value.items(), key=lambda kv: kv[0].encode("utf-16-be"))
    return "{" + ",".join(jcs(k) + ":" + jcs(v) for k, v in members) + "}"


def mth(leaves):
    """MTH of RFC 9162 section 2.1.1, over entry bytes."""
    n = len(leaves)
    if n == 0:
        return sha(b"")
    if n == 1:
        return sha(b"\x00" + leaves[0])
    k = split(n)
    return sha(b"\x01" + mth(leaves[:k]) + mth(leaves[k:]))


def split(n):
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def path(m, leaves):
    """PATH of RFC 9162 section 2.1.3.1."""
    n = len(leaves)
    if n == 1:
        return []
    k = split(n)
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def proof(m, leaves, whole=True):
    """SUBPROOF of RFC 9162 section 2.1.4.1."""
    n = len(leaves)
    if m == n:
        return [] if whole else [mth(leaves)]
    k = split(n)
    if m <= k:
        return [*proof(m, leaves[:k], whole), mth(leaves[k:])]
    return [*proof(m - k, leaves[k:], False), mth(leaves[:k])]


def reference(entry):
    bits = bin(uuid.UUID(entry).int)[-30:]
    text = "".join(LETTERS[int(bits[i : i + 5], 2)] for i in range(0, 30, 5))
    return text[:4] + "-" + text[4:]


def detail(sealed, silent):
    return sha(len(sealed).to_bytes(4, "big") + sealed + len(silent).to_bytes(4, "big") + silent)


def verifier_key(name, public):
    key_id = sha(name.encode() + b"\n\x01" + public)[:4]
    return f"{name}+{key_id.hex()}+{base64.b64encode(bytes([1]) + public).decode()}", key_id


def checkpoint(name, seed, leaves):
    key = Ed25519PrivateKey.from_private_bytes(seed)
    vkey, key_id = verifier_key(name, key.public_key().public_bytes_raw())
    body = f"{name}\n{len(leaves)}\n{base64.b64encode(mth(leaves)).decode()}\n"
    return vkey, body + f"\n\u2014 {name} {base64.b64encode(key_id + key.sign(body.encode())).decode()}\n"


def filler(label, count):
    """Reproducible bytes that stand for random or sealed ones."""
    return b"".join(sha(f"{label}/{i}".encode()) for i in range((count + 31) // 32))[:count]


def three_leaves(decision, details, sealed):
    """The chain of one writer: a case view, a refused search, the writer's end."""
    base = {
        "v": 1, "actor": "01890a5d-ac96-774b-bcce-b302099a8057", "agency": "police", "role": "offender-manager",
        "session": "s-4f1c", "writer": "9f0c2f4e-3c52-4d0e-8f7a-6a1f2b3c4d5e", "agreement": "barnet-iom@4#" + "ab" * 32,
        "purpose": "manage", "decision": None, "details": None, "sealed": None, "source": filler("source", 16).hex(),
        "correlation": None, "software": "0.1.0", "outcome": "permitted",
    }  # fmt: skip
    nobody = {"actor": None, "agency": None, "role": None, "session": None, "agreement": None, "purpose": None}
    steps = [
        {"operation": "alteration", "decision": decision, "details": details, "sealed": sealed},
        {
            "operation": "search",
            "outcome": "refused",
            "purpose": 'caf\u00e9 "\u0001\n\U0001f600',
            "correlation": "\u007f",
        },
        {"operation": "log-closed", "source": None, **nobody},
    ]
    leaves, prev = [], None
    for n, step in enumerate(steps):
        entry = str(uuid.UUID(int=0x019AA1B2C3D470008000000000000000 + n * 0x1234567))
        own = {"entry": entry, "n": n, "prev": prev, "salt": filler(f"salt{n}", 16).hex()}
        leaf = jcs({**base, "time": 1_790_000_000_123_456 + n, **own, **step}).encode()
        leaves.append(leaf)
        prev = sha(b"\x00" + leaf).hex()
    return leaves


def vectors():
    outcome = {
        "v": 1,
        "permitted": [["person.surname", "police", "7.1", ["cda98-s115", "omA21"]]],
        "withheld": [["update.text@health", "health", "9.2", None], ["update.text@housing", "housing", "9.3", "8.1"]],
    }
    content = jcs(outcome)
    blobs = [(filler("sealed0", 295), filler("silent0", 295)), (filler("sealed1", 551), filler("silent1", 295))]
    digests = [detail(a, b) for a, b in blobs]
    written = [filler("written0", 32), filler("written1", 32)]
    decision, details = sha(content.encode()).hex(), sha(b"".join(digests)).hex()
    sealed = sha(b"".join(written)).hex()
    leaves = three_leaves(decision, details, sealed)
    seed = filler("seed", 32)
    vkey, note = checkpoint("log.example/iom", seed, leaves)
    many = [f"entry {i}".encode() for i in range(257)]
    return {
        "outcome": {"content": content, "digest": decision},
        "details": {
            "blobs": [{"sealed": a.hex(), "silent": b.hex()} for a, b in blobs],
            "digests": [d.hex() for d in digests],
            "details": details,
        },
        "sealed": {"written": [w.hex() for w in written], "digest": sealed},
        "leaves": [
            {"leaf": x.decode(), "hash": sha(b"\x00" + x).hex(), "reference": reference(json.loads(x)["entry"])}
            for x in leaves
        ],
        "checkpoint": {"seed": seed.hex(), "verifier_key": vkey, "note": note},
        "tree": {
            "leaf": "the ASCII text `entry <i>`",
            "roots": {str(n): mth(many[:n]).hex() for n in (0, 1, 2, 3, 7, 8, 255, 256, 257)},
            "inclusion": [
                {"index": i, "size": n, "proof": [h.hex() for h in path(i, many[:n])]}
                for i, n in [(0, 1), (2, 7), (6, 7), (255, 256), (256, 257)]
            ],
            "consistency": [
                {"old": m, "size": n, "proof": [h.hex() for h in proof(m, many[:n])]}
                for m, n in [(1, 8), (3, 7), (6, 8), (255, 257), (256, 257)]
            ],
        },
    }
