"""A second, naive reader of bundles and proof files, from docs/access-log-format.md, sharing no code with portal.

It holds everything in memory and says only yes or no: `check` returns or raises `Wrong`.
"""

import base64
import json
import tomllib
import uuid
import zipfile
from datetime import UTC, datetime
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tests.conformance.naive_log import checkpoint, detail, jcs, mth, path, proof, sha


class Wrong(Exception):
    """Something does not fit."""


def need(fits, what):
    if not fits:
        raise Wrong(what)


def members(file):
    """Everything in a bundle, by name."""
    with zipfile.ZipFile(file) as opened:
        need(len(set(opened.namelist())) == len(opened.namelist()), "a name twice")
        return {name: opened.read(name) for name in opened.namelist()}


def lines(content):
    need(content == b"" or content.endswith(b"\n"), "cut")
    return content.split(b"\n")[:-1]


def opened(note, vkey):
    """(origin, size, root) of a checkpoint that the key signed."""
    name, _, key = vkey.split("+", 2)
    public = base64.b64decode(key)[1:]
    key_id = sha(name.encode() + b"\n\x01" + public)[:4]
    body, _, tail = note.rpartition("\n\n")
    for line in tail.splitlines():
        dash, signer, payload = line.split(" ")
        value = base64.b64decode(payload)
        if (dash, signer, value[:4]) == ("\u2014", name, key_id):
            try:
                Ed25519PublicKey.from_public_bytes(public).verify(value[4:], (body + "\n").encode())
            except InvalidSignature:
                raise Wrong("signature") from None
            origin, size, root = body.split("\n")
            need(origin == name, "another log")
            return origin, int(size), base64.b64decode(root)
    raise Wrong("not signed")


def root_from(edge, start, hashes):
    """The root over a tree whose first `start` leaves are given by complete subtrees, and the rest by leaf hashes."""

    def over(first, end):
        count = end - first
        if end <= start and first in known and known[first][0] == count:
            return known[first][1]
        if count == 1:
            return hashes[first - start]
        k = 1
        while k * 2 < count:
            k *= 2
        return sha(b"\x01" + over(first, first + k) + over(first + k, end))

    known, place = {}, 0
    for bit, value in zip([b for b in range(62, -1, -1) if start >> b & 1], edge, strict=True):
        known[place] = (1 << bit, value)
        place += 1 << bit
    return over(0, start + len(hashes)) if start + len(hashes) else sha(b"")


def consistent(m, n, old, new, hashes):
    """RFC 9162 section 2.1.4.2."""
    if m in (0, n):
        return not hashes and (old == new if m == n else old == sha(b""))
    hashes = ([old] if m & (m - 1) == 0 else []) + list(hashes)
    if not hashes:
        return False
    fn, sn = m - 1, n - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = hashes[0]
    for c in hashes[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = sha(b"\x01" + c + fr), sha(b"\x01" + c + sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = sha(b"\x01" + sr + c)
        fn, sn = fn >> 1, sn >> 1
    return (fr, sr, sn) == (old, new, 0)


def check(held, vkey):
    """Return if the members of a bundle fit together and to the key, else raise `Wrong`."""
    told = json.loads(held["bundle.json"])
    first, end, edge = told["first"], told["end"], [bytes.fromhex(h) for h in told["edge"]]
    leaves = lines(held["entries.jsonl"])
    need(len(leaves) == end - first and told["format"] == "accord-log-bundle@v1", "size")
    hashes = [sha(b"\x00" + leaf) for leaf in leaves]
    roots = {size: root_from(edge, first, hashes[: size - first]) for size in range(first, end + 1)}
    links = {(x["old"], x["new"]): [bytes.fromhex(h) for h in x["hashes"]] for x in told["links"]}
    notes = [opened(json.loads(line)["note"], vkey) for line in lines(held["checkpoints.jsonl"])]
    need(notes and [n[1] for n in notes] == sorted(n[1] for n in notes), "checkpoints")
    for origin, size, root in notes:
        need(origin == told["origin"], "origin")
        if size <= end:
            need(size in roots and roots[size] == root, "root")
        else:
            need(consistent(end, size, roots[end], root, links[end, size]), "link")
    outcomes = {sha256(line).hexdigest() for line in lines(held["outcomes.jsonl"])}
    texts = {}
    for name, content in held.items():
        if name.startswith("agreements/"):
            text = tomllib.loads(content.decode())
            texts[f"{text['id']}@{text['version']}"] = sha256(jcs(text).encode()).hexdigest()
    details = [json.loads(line) for line in lines(held["details.jsonl"])]
    chains = {}
    for index, leaf in enumerate(leaves, first):
        entry(index, leaf, [d for d in details if d["index"] == index], outcomes, texts, chains, first)
    need(all(first <= d["index"] < end for d in details), "details")
    if first == 0:
        erased([json.loads(leaf) for leaf in leaves], details)


def erased(told, details):
    """Of a whole log: the details that are gone are just those that entries say."""
    named = {d.get("erasure") for d in details} - {None}
    need(all(d.get("erasure") for d in details if d["sealed"] is None), "gone without an entry")
    for x in named:
        mine = [d for d in details if d.get("erasure") == x]
        by = [leaf for leaf in told if leaf["entry"] == x and leaf["operation"] == "details-erased"]
        need(by or all(d["sealed"] for d in mine), "gone by no entry")
        if by:
            ids = [uuid.UUID(told[d["index"]]["entry"]).bytes for d in mine]
            records = [
                i + d["position"].to_bytes(4, "big") + bytes.fromhex(d["digest"])
                for i, d in zip(ids, mine, strict=True)
            ]
            years = {datetime.fromtimestamp(told[d["index"]]["time"] // 10**6, UTC).year for d in mine}
            content = {"details": len(mine), "root": mth(records).hex(), "v": 1, "year": min(years)}
            need(by[0]["sealed"] == sha(sha(jcs(content).encode())).hex() and len(years) == 1, "another set")


def entry(index, leaf, details, outcomes, texts, chains, first):
    """One entry against its chain and everything that it names."""
    told = json.loads(leaf)
    need(jcs(told).encode() == leaf and told["v"] == 1, "canonical")
    last = chains.get(told["writer"])
    if last is not None:
        need((told["n"], told["prev"]) == (last[0] + 1, last[1]), "chain")
    else:
        need((told["n"] == 0) == (told["prev"] is None) and (first or told["n"] == 0), "chain begins")
    chains[told["writer"]] = told["n"], sha(b"\x00" + leaf).hex()
    need(told["decision"] is None or told["decision"] in outcomes, "decision")
    name, _, digest = (told["agreement"] or "").partition("#")
    need(texts.get(name, digest) == digest, "agreement")
    need([d["position"] for d in details] == list(range(len(details))), "positions")
    for d in details:
        if d["sealed"] is not None or d["silent"] is not None:
            need(detail(bytes.fromhex(d["sealed"]), bytes.fromhex(d["silent"])).hex() == d["digest"], "blobs")
    digests = b"".join(bytes.fromhex(d["digest"]) for d in details)
    need(told["details"] == (sha(digests).hex() if details else None), "details")


def inclusion_file(index, leaves, note):
    """The file that proves one entry."""
    hashes = "".join(base64.b64encode(h).decode() + "\n" for h in path(index, leaves))
    extra = base64.b64encode(leaves[index]).decode()
    return f"c2sp.org/tlog-proof@v1\nextra {extra}\nindex {index}\n{hashes}\n{note}"


def consistency_file(old, leaves, note):
    """The file that proves that a checkpoint over all leaves extends one over the first `old`."""
    return f"old {old}\n" + "".join(base64.b64encode(h).decode() + "\n" for h in proof(old, leaves)) + f"\n{note}"


def bundle(name, seed, leaves, details, outcome, *, first=0):
    """The members of a bundle over the leaves from `first` on; checkpoints over `first` + 1 and over all of them."""
    edge, place = [], 0
    for bit in range(62, -1, -1):
        if first >> bit & 1:
            edge.append(mth(leaves[place : place + (1 << bit)]).hex())
            place += 1 << bit
    notes = [checkpoint(name, seed, leaves[:size])[1] for size in (first + 1, len(leaves))]
    told = {"format": "accord-log-bundle@v1", "origin": name, "former": [], "first": first, "end": len(leaves)}
    told |= {"edge": edge, "links": [], "made": 0, "asked": "an example", "reference": "2222-22"}
    return {
        "bundle.json": json.dumps(told),
        "log-key.txt": checkpoint(name, seed, leaves)[0] + "\n",
        "entries.jsonl": "".join(leaf.decode() + "\n" for leaf in leaves[first:]),
        "details.jsonl": "".join(json.dumps(d) + "\n" for d in details if d["index"] >= first),
        "outcomes.jsonl": outcome + "\n",
        "checkpoints.jsonl": "".join(json.dumps({"note": n}) + "\n" for n in notes),
    }


def vectors(leaves, details, outcome, name, seed):
    """Worked examples over the three leaves of `naive_log.vectors`."""
    note = checkpoint(name, seed, leaves)[1]
    return {
        "inclusion": inclusion_file(1, leaves, note),
        "consistency": {"earlier": checkpoint(name, seed, leaves[:2])[1], "file": consistency_file(2, leaves, note)},
        "bundles": [bundle(name, seed, leaves, details, outcome, first=first) for first in (0, 1)],
    }
