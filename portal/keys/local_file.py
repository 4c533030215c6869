"""The embedded key provider: one root, one JSON file, readable by its owner alone.

A change of the file (by rotation in another process) is noticed at the next call, by one `stat`.
"""

import base64
import fcntl
import json
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portal.db import now_micros
from portal.errors import KeysUnavailable, Misconfigured, SealBroken
from portal.keys.encoding import commitment, text_part
from portal.keys.provider import Receipt, State, Version

MAGIC = b"\xe2\x01\x01"  # wrapped key, format 1, suite 1 (AES-256-GCM); docs/formats/sealed-value.md
NONCE = 12
TAG = 16
HEADER = len(MAGIC) + 4


@dataclass(frozen=True, repr=False)
class _Held:
    """A version as the file has it; `key` is None once destroyed."""

    version: int
    state: State
    created: int
    commitment: bytes
    key: bytes | None
    aead: AESGCM | None

    def __repr__(self) -> str:
        return f"_Held({self.version}, {self.state})"


@dataclass(frozen=True)
class _File:
    """What the file held when it looked as `seen` says."""

    versions: dict[int, _Held]
    active: _Held
    seen: tuple[int, ...]


class LocalFile:
    """A root key in a file of mode 0600 in a folder of mode 0700, both owned by the user the portal runs as.

    Raises `Misconfigured` if the file is missing, unreadable, malformed or open to others: a root that is not
    there is never made anew by accident, see `create`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._root = path.stem
        self._file = _load(path, self._stat())

    def __repr__(self) -> str:
        return f"LocalFile({self._root!r})"

    @property
    def root(self) -> str:
        """Name of the root: the file's name without its ending."""
        return self._root

    def wrap(self, key: bytes, aad: bytes) -> bytes:
        """See `KeyProvider.wrap`."""
        active = self._current().active
        assert active.aead is not None
        header = _header(active.version)
        nonce = os.urandom(NONCE)
        return header + nonce + active.aead.encrypt(nonce, key, header + text_part(self._root) + aad)

    def unwrap(self, blob: bytes, aad: bytes) -> bytes:
        """See `KeyProvider.unwrap`."""
        held = self._current().versions
        if len(blob) < HEADER + NONCE + TAG or blob[: len(MAGIC)] != MAGIC:
            raise SealBroken("wrapped key: not a registered format")
        header = blob[:HEADER]
        version = held.get(int.from_bytes(header[len(MAGIC) :], "big"))
        if version is None or version.aead is None or version.state not in (State.ACTIVE, State.DECRYPT_ONLY):
            raise SealBroken(f"wrapped key: root {self._root} has no such version in use")
        nonce = blob[HEADER : HEADER + NONCE]
        try:
            return version.aead.decrypt(nonce, blob[HEADER + NONCE :], header + text_part(self._root) + aad)
        except InvalidTag:
            raise SealBroken("wrapped key: does not verify") from None

    def prefix(self, version: str | None = None) -> bytes:
        """See `KeyProvider.prefix`."""
        return _header(self._current().active.version if version is None else int(version))

    def rotate(self) -> str:
        """See `KeyProvider.rotate`. A version left pending by a crash is taken up, not doubled.

        The new key is durable and has been read back before anything is wrapped under it.
        """
        with self._changing() as held:
            pending = [v for v in held.values() if v.state is State.PENDING]
            fresh = pending[0] if pending else _fresh(max(held) + 1, State.PENDING)
            self._save({**held, fresh.version: fresh})
            stored = self._file.versions[fresh.version]
            old = replace(self._file.active, state=State.DECRYPT_ONLY)
            self._save({**self._file.versions, old.version: old, stored.version: replace(stored, state=State.ACTIVE)})
            return str(stored.version)

    def retire(self, version: str) -> None:
        """See `KeyProvider.retire`."""
        with self._changing() as held:
            old = self._expect(held, version, State.DECRYPT_ONLY)
            self._save({**held, old.version: replace(old, state=State.RETIRED)})

    def destroy(self, version: str) -> Receipt:
        """See `KeyProvider.destroy`. The receipt says what a file cannot prove."""
        with self._changing() as held:
            old = self._expect(held, version, State.RETIRED)
            self._save({**held, old.version: replace(old, state=State.DESTROYED, key=None, aead=None)})
        statement = (
            "The key was removed from the file of this root and the file was written anew. Copies of the file, and "
            "blocks the disk has not yet overwritten, are outside what this provider can vouch for."
        )
        return Receipt("local-file", self._root, version, old.commitment, now_micros(), statement)

    def state(self) -> Sequence[Version]:
        """See `KeyProvider.state`."""
        held = self._current().versions
        return tuple(Version(str(v.version), v.state, v.created) for _, v in sorted(held.items()))

    def _expect(self, held: dict[int, _Held], version: str, state: State) -> _Held:
        found = held.get(int(version))
        if found is None or found.state is not state:
            raise Misconfigured(f"root {self._root}: version {version} is not {state}")
        return found

    def _stat(self) -> os.stat_result:
        try:
            return os.stat(self._path, follow_symlinks=False)
        except OSError:
            raise KeysUnavailable(f"root {self._root}: its key file cannot be read") from None

    def _current(self) -> _File:
        found = self._stat()
        if _signature(found) != self._file.seen:
            self._file = _load(self._path, found)
        return self._file

    @contextmanager
    def _changing(self) -> Iterator[dict[int, _Held]]:
        """The versions as they are now, with every other process kept from changing them meanwhile."""
        with _locked(self._path):
            self._file = _load(self._path, self._stat())
            yield dict(self._file.versions)

    def _save(self, versions: dict[int, _Held]) -> None:
        _write(self._path, self._root, versions)
        self._file = _load(self._path, self._stat())


def create(path: Path) -> LocalFile:
    """A new root in a new file (mode 0600, in a folder made with mode 0700 if missing).

    Raises `Misconfigured` if the file is already there: a root is never replaced.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _refuse_open(path.parent.stat(), f"folder of the key file {path.name}", 0o700)
    with _locked(path):
        if path.exists():
            raise Misconfigured(f"key file {path.name} is already there")
        _write(path, path.stem, {1: _fresh(1, State.ACTIVE)})
    return LocalFile(path)


def _load(path: Path, found: os.stat_result) -> _File:
    _refuse_open(path.parent.stat(), f"folder of the key file {path.name}", 0o700)
    _refuse_open(found, f"key file {path.name}", 0o600)
    if not stat.S_ISREG(found.st_mode):
        raise Misconfigured(f"key file {path.name} is not a plain file")
    versions = _parse(path)
    active = [v for v in versions.values() if v.state is State.ACTIVE]
    if len(active) != 1:
        raise Misconfigured(f"key file {path.name} is malformed, altered, or of another root")
    return _File(versions, active[0], _signature(found))


def _parse(path: Path) -> dict[int, _Held]:
    """The versions in the file; none if anything about it is wrong (no error is raised while keys are in sight)."""
    try:
        document = json.loads(path.read_bytes())
        rows = {int(row["version"]): _from_row(row) for row in document["versions"]}
        good = document["format"] == 1 and document["root"] == path.stem and len(rows) == len(document["versions"])
        return rows if good else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    handle = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _write(path: Path, root: str, versions: dict[int, _Held]) -> None:
    """Replace the file in one step that survives loss of power: write beside it, sync, rename, sync the folder."""
    rows = [_to_row(v) for _, v in sorted(versions.items())]
    beside = path.with_suffix(".new")
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        json.dump({"format": 1, "root": root, "versions": rows}, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _header(version: int) -> bytes:
    return MAGIC + version.to_bytes(4, "big")


def _fresh(version: int, state: State) -> _Held:
    key = AESGCM.generate_key(256)
    return _Held(version, state, now_micros(), commitment(key), key, AESGCM(key))


def _to_row(held: _Held) -> dict[str, Any]:
    return {
        "version": held.version,
        "state": held.state.value,
        "created": held.created,
        "commitment": held.commitment.hex(),
        "key": None if held.key is None else base64.b64encode(held.key).decode(),
    }


def _from_row(row: dict[str, Any]) -> _Held:
    """A version from the file. Raises `ValueError` or `KeyError` unless it is whole and key and commitment agree."""
    state, stated = State(row["state"]), bytes.fromhex(row["commitment"])
    if row["key"] is None:
        if state is not State.DESTROYED:
            raise ValueError("key missing")
        return _Held(int(row["version"]), state, int(row["created"]), stated, None, None)
    key = base64.b64decode(row["key"], validate=True)
    if len(key) != 32 or commitment(key) != stated:
        raise ValueError("key and commitment disagree")
    return _Held(int(row["version"]), state, int(row["created"]), stated, key, AESGCM(key))


def _signature(found: os.stat_result) -> tuple[int, ...]:
    return (found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_mode, found.st_uid)


def _refuse_open(found: os.stat_result, what: str, mode: int) -> None:
    if found.st_uid != os.geteuid():
        raise Misconfigured(f"{what} belongs to another user")
    if found.st_mode & 0o077:
        raise Misconfigured(f"{what} is open to others; set its mode to {mode:04o}")
