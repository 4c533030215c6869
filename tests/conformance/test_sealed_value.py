"""The document's vectors: the naive implementation made them, the portal must agree byte for byte."""

import base64
import json
import os
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portal.errors import SealBroken
from portal.keys import deks, index_tags, opening, sealing, secrets
from portal.keys.encoding import commitment
from portal.keys.local_file import LocalFile
from tests.conformance import naive_seal

PATH = Path(__file__).parents[2] / "docs" / "formats" / "vectors" / "sealed-value.json"
VECTORS = json.loads(PATH.read_text("utf-8"))


def h(text: str) -> bytes:
    return bytes.fromhex(text)


def test_vectors_are_what_the_naive_implementation_makes():
    assert naive_seal.vectors() == VECTORS


def test_the_naive_implementation_knows_a_published_answer():
    """NIST's GCM test case 14 (AES-256, one block of zeros) and FIPS 197 appendix C.3."""
    assert naive_seal.aes256(bytes(range(32)), h("00112233445566778899aabbccddeeff")) == h(
        "8ea2b7ca516745bfeafc49904b496089"
    )
    assert naive_seal.gcm(bytes(32), bytes(12), bytes(16), b"") == h(
        "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"
    )


@pytest.mark.parametrize("v", VECTORS["sealed_values"])
def test_sealed_values(v, monkeypatch):
    context = sealing.Context(
        v["kind"], UUID(v["record"]), v["field"], UUID(v["person"]), v["owner"], v["category"], v["version"]
    )
    dek = sealing.Dek(h(v["dek_id"]), AESGCM(h(v["dek"])), UUID(v["person"]), v["owner"], "c1")
    assert opening.open_value(dek, context, h(v["sealed"])) == h(v["plaintext"])
    with pytest.raises(SealBroken):
        opening.open_value(dek, context._replace(version=v["version"] + 1), h(v["sealed"]))
    monkeypatch.setattr(os, "urandom", lambda count: h(v["nonce"]))
    assert sealing.seal(dek, context, h(v["plaintext"]), v["pad_to"]).hex() == v["sealed"]


@pytest.mark.parametrize("v", VECTORS["wrapped_keys"])
def test_wrapped_keys(v, tmp_path, monkeypatch):
    tmp_path.chmod(0o700)
    path = tmp_path / f"{v['root']}.json"
    row = {
        "version": v["root_version"],
        "state": "active",
        "created": 0,
        "commitment": commitment(h(v["root_key"])).hex(),
        "key": base64.b64encode(h(v["root_key"])).decode(),
    }
    path.touch(0o600)
    path.write_text(json.dumps({"format": 1, "root": v["root"], "versions": [row]}))
    root = LocalFile(path)
    if "dek_row" in v:
        d = v["dek_row"]
        aad = deks.dek_aad(h(d["dek_id"]), UUID(d["person"]), d["owner"], d["seal_class"], d["version"], d["suite"])
    else:
        aad = secrets.secret_aad(v["root"], v["secret"], v["version"])
    assert aad.hex() == v["aad"]
    assert root.unwrap(h(v["wrapped"]), aad) == h(v["key"])
    assert commitment(h(v["key"])).hex() == v["commitment"]
    monkeypatch.setattr(os, "urandom", lambda count: h(v["nonce"]))
    assert root.wrap(h(v["key"]), aad).hex() == v["wrapped"]


@pytest.mark.parametrize("v", VECTORS["search_tags"])
def test_search_tags(v):
    assert index_tags.Tagger(h(v["secret"])).tag(v["label"], v["normalised"]).hex() == v["tag"]
    assert v["normaliser"] == index_tags.VERSION
