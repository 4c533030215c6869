"""The embedded provider: what is peculiar to a file (the rest is test_provider_contract.py)."""

import base64
import json
import os
import threading
import time
from pathlib import Path

import pytest

from portal.errors import KeysUnavailable, Misconfigured, SealBroken
from portal.keys import catalogue, local_file
from portal.keys.encoding import commitment
from portal.keys.local_file import LocalFile, create
from portal.keys.provider import State
from tests.portal.keys import frames


@pytest.fixture
def path(tmp_path: Path) -> Path:
    create(tmp_path / "roots" / "records.json")
    return tmp_path / "roots" / "records.json"


def test_catalogue_makes_each_root_once_and_opens_it(tmp_path):
    for root in catalogue.ROOTS:
        made = catalogue.create_root(tmp_path / "k", root)
        assert catalogue.open_root(tmp_path / "k", root).unwrap(made.wrap(b"x" * 32, b""), b"") == b"x" * 32
        with pytest.raises(Misconfigured, match="already"):
            catalogue.create_root(tmp_path / "k", root)
    with pytest.raises(Misconfigured, match="no key provider"):
        catalogue.open_root(tmp_path / "k", "records", "abacus")


def test_files_are_made_for_their_owner_alone(path):
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o666])
def test_a_file_open_to_others_is_refused_at_start_and_while_running(path, mode):
    running = LocalFile(path)
    path.chmod(mode)
    with pytest.raises(Misconfigured, match="0600"):
        LocalFile(path)
    with pytest.raises(Misconfigured, match="0600"):
        running.wrap(b"x" * 32, b"")


def test_a_folder_open_to_others_is_refused(path, tmp_path):
    path.parent.chmod(0o750)
    with pytest.raises(Misconfigured, match="0700"):
        LocalFile(path)
    (tmp_path / "wide").mkdir(mode=0o755)
    with pytest.raises(Misconfigured, match="0700"):
        create(tmp_path / "wide" / "records.json")


def test_a_link_to_a_key_file_is_refused(path):
    other = path.with_name("other.json")
    path.rename(other)
    path.symlink_to(other)
    with pytest.raises(Misconfigured):
        LocalFile(path)


def test_a_missing_file_is_never_made_anew(path):
    running = LocalFile(path)
    path.unlink()
    for refused in (lambda: LocalFile(path), lambda: running.wrap(b"x" * 32, b""), running.state):
        with pytest.raises(KeysUnavailable):
            refused()
    assert not path.exists()


def altered(path: Path, change) -> None:
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.update(format=2),
        lambda d: d.update(root="log"),
        lambda d: d.pop("versions"),
        lambda d: d["versions"][0].update(key=base64.b64encode(b"z" * 32).decode()),
        lambda d: d["versions"][0].update(key=base64.b64encode(b"z" * 16).decode()),
        lambda d: d["versions"][0].update(commitment=commitment(b"z" * 32).hex()),
        lambda d: d["versions"][0].update(key=None),
        lambda d: d["versions"][0].update(state="pending"),
        lambda d: d["versions"][0].update(state="sleepy"),
        lambda d: d["versions"].append({**d["versions"][0], "version": 2}),
    ],
)
def test_an_altered_file_is_refused_without_showing_the_key(path, change):
    key = json.loads(path.read_text())["versions"][0]["key"]
    altered(path, change)
    with pytest.raises(Misconfigured, match="altered") as caught:
        LocalFile(path)
    text = frames.shown(caught.value)
    assert "_load" in text
    assert key not in text
    assert repr(base64.b64decode(key))[2:20] not in text


def test_a_file_under_another_name_is_another_root(path):
    path.rename(path.with_name("log.json"))
    with pytest.raises(Misconfigured):
        LocalFile(path.with_name("log.json"))


def test_the_name_of_the_root_is_bound_even_where_the_key_is_the_same(path):
    """A key file copied under another root's name, and told so, still opens nothing of the first."""
    root = LocalFile(path)
    blob = root.wrap(b"x" * 32, b"place")
    log = path.with_name("log.json")
    log.write_bytes(path.read_bytes())
    log.chmod(0o600)
    altered(log, lambda d: d.update(root="log"))
    with pytest.raises(SealBroken):
        LocalFile(log).unwrap(blob, b"place")


def test_a_crash_between_making_and_using_a_version_leaves_it_pending(path, monkeypatch):
    root, genuine, calls = LocalFile(path), local_file._write, []

    def dies_second(*given):
        calls.append(given)
        if len(calls) == 2:
            raise KeyboardInterrupt
        genuine(*given)

    monkeypatch.setattr(local_file, "_write", dies_second)
    with pytest.raises(KeyboardInterrupt):
        root.rotate()
    monkeypatch.undo()
    again = LocalFile(path)
    assert [v.state for v in again.state()] == [State.ACTIVE, State.PENDING]
    assert again.rotate() == "2"
    assert [v.state for v in again.state()] == [State.DECRYPT_ONLY, State.ACTIVE]


def test_a_destroyed_key_is_not_in_the_file(path):
    root = LocalFile(path)
    key = json.loads(path.read_text())["versions"][0]["key"]
    root.rotate()
    root.retire("1")
    assert key in path.read_text()
    root.destroy("1")
    assert not any(key in each.read_text() for each in path.parent.iterdir())


def test_rotations_at_once_lose_none(path):
    threads = [threading.Thread(target=lambda: LocalFile(path).rotate()) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    states = [v.state for v in LocalFile(path).state()]
    assert len(states) == 9
    assert states.count(State.ACTIVE) == 1


def test_makers_at_once_make_one_root(tmp_path, monkeypatch):
    made: list[bool] = []
    genuine = local_file._write

    def slowly(*given):
        time.sleep(0.05)
        genuine(*given)

    monkeypatch.setattr(local_file, "_write", slowly)

    def make() -> None:
        try:
            create(tmp_path / "k" / "records.json")
            made.append(True)
        except Misconfigured:
            made.append(False)

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [False] * 7 + [True]


def test_a_worker_before_and_after_a_fork_uses_one_root(path):
    root = LocalFile(path)
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.write(writer, root.wrap(b"x" * 32, b"place"))
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        assert root.unwrap(pipe.read(), b"place") == b"x" * 32
    os.wait()
