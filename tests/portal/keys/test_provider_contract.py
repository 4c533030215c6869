"""What every key provider must do: a line in the catalogue is enough to be held to it."""

import os
from pathlib import Path

import pytest

from portal.errors import Misconfigured, SealBroken
from portal.keys import catalogue
from portal.keys.encoding import commitment
from portal.keys.provider import KeyProvider, State
from tests.portal.keys import frames


@pytest.fixture(params=sorted(catalogue.OPEN))
def name(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


@pytest.fixture
def root(name: str, tmp_path: Path) -> KeyProvider:
    return catalogue.create_root(tmp_path / "roots", "records", name)


@pytest.fixture
def twin(root: KeyProvider, name: str, tmp_path: Path) -> KeyProvider:
    """A second instance of the same root, as another worker has it."""
    return catalogue.open_root(tmp_path / "roots", "records", name)


@pytest.fixture
def stranger(name: str, tmp_path: Path) -> KeyProvider:
    """Another root that has the same name elsewhere."""
    return catalogue.create_root(tmp_path / "others", "records", name)


@pytest.fixture
def neighbour(root: KeyProvider, name: str, tmp_path: Path) -> KeyProvider:
    """Another root of the same installation."""
    return catalogue.create_root(tmp_path / "roots", "log", name)


def test_unwraps_what_it_wrapped_and_hides_it(root, twin):
    key = os.urandom(32)
    blob = root.wrap(key, b"place")
    assert key not in blob
    assert root.wrap(key, b"place") != blob
    assert root.unwrap(blob, b"place") == twin.unwrap(blob, b"place") == key


def test_other_data_or_another_root_is_refused(root, stranger, neighbour):
    blob = root.wrap(os.urandom(32), b"place")
    for provider, aad in ((root, b"elsewhere"), (root, b""), (stranger, b"place"), (neighbour, b"place")):
        with pytest.raises(SealBroken):
            provider.unwrap(blob, aad)


def test_every_changed_byte_and_length_is_refused(root):
    blob = root.wrap(os.urandom(32), b"place")
    for place in range(len(blob)):
        with pytest.raises(SealBroken):
            root.unwrap(blob[:place] + bytes([blob[place] ^ 1]) + blob[place + 1 :], b"place")
    for wrong in (b"", blob[:-1], blob[:20], blob + b"\x00", os.urandom(len(blob))):
        with pytest.raises(SealBroken):
            root.unwrap(wrong, b"place")


def test_rotation_keeps_the_old_readable_and_other_workers_notice(root, twin):
    old = root.wrap(b"k" * 32, b"place")
    before = root.prefix()
    version = root.rotate()
    assert twin.wrap(b"k" * 32, b"place").startswith(root.prefix(version))
    assert twin.unwrap(old, b"place") == b"k" * 32
    assert old.startswith(before)
    assert not old.startswith(root.prefix())
    assert [v.state for v in twin.state()] == [State.DECRYPT_ONLY, State.ACTIVE]


def test_states_go_one_way(root, twin):
    old = root.wrap(b"k" * 32, b"place")
    first = root.state()[0].version
    for refused in (root.retire, root.destroy):
        with pytest.raises(Misconfigured):
            refused(first)  # active
    root.rotate()
    with pytest.raises(Misconfigured):
        root.destroy(first)  # decrypt-only
    root.retire(first)
    with pytest.raises(SealBroken):
        twin.unwrap(old, b"place")
    with pytest.raises(Misconfigured):
        root.retire(first)
    receipt = root.destroy(first)
    assert (receipt.root, receipt.version) == (root.root, first)
    assert len(receipt.commitment) == len(commitment(b"x" * 32))
    assert receipt.statement
    assert [v.state for v in twin.state()] == [State.DESTROYED, State.ACTIVE]
    with pytest.raises(Misconfigured):
        root.destroy(first)
    with pytest.raises(SealBroken):
        root.unwrap(old, b"place")


def test_neither_repr_nor_traceback_shows_a_key(root):
    key = os.urandom(32)
    blob = root.wrap(key, b"place")
    with pytest.raises(SealBroken) as caught:
        root.unwrap(blob, b"elsewhere")
    text = repr(root) + str(root) + frames.shown(caught.value)
    assert "unwrap" in text
    assert repr(key)[2:20] not in text
    assert key.hex() not in text
