"""The bundle: an excerpt of the access log in one zip file, read as a stream and with suspicion.

Bytes: docs/access-log-format.md. No database and no web: the offline verifier imports this module.
"""

import hashlib
import io
import json
import tomllib
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, Self

from portal.audit.note import LONGEST_NOTE, NoteInvalid, Verifier
from portal.audit.tree import CompactRange, ProofInvalid

FORMAT: Final = "accord-log-bundle@v1"
MANIFEST: Final = "bundle.json"
ENTRIES: Final = "entries.jsonl"
DETAILS: Final = "details.jsonl"
CHECKPOINTS: Final = "checkpoints.jsonl"
OUTCOMES: Final = "outcomes.jsonl"
KEY: Final = "log-key.txt"
POLICY: Final = "policy.txt"
ERASURES: Final = "erasures.jsonl"
README: Final = "README.txt"
AGREEMENTS: Final = "agreements/"
REQUIRED: Final = frozenset({MANIFEST, ENTRIES, DETAILS, CHECKPOINTS, OUTCOMES, KEY})
LONGEST_LINE: Final = 16 << 20
"""Bytes of one line of any member, and of any member that is read whole: a hostile bundle must not fill the memory."""


class BundleInvalid(ValueError):
    """The file is no bundle, or one that cannot be read. Says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the excerpt is: entries `first` to `end` − 1 of the log `origin`, which had the names `former` before.

    `edge`: the right edge of the tree before them. `links`: consistency proofs (old size, new size) → hashes, between
    the excerpt's own ends and checkpoints outside it. `made` is in microseconds UTC, `asked` says the days asked for,
    `reference` names the entry of the log that tells of this export.
    """

    origin: str
    first: int
    end: int
    edge: tuple[bytes, ...]
    links: Mapping[tuple[int, int], tuple[bytes, ...]]
    made: int
    asked: str
    reference: str
    former: tuple[str, ...] = ()

    def text(self) -> str:
        """The manifest as it stands in the bundle."""
        links = [
            {"old": old, "new": new, "hashes": [h.hex() for h in hashes]} for (old, new), hashes in self.links.items()
        ]
        told = {"format": FORMAT, "origin": self.origin, "former": self.former, "first": self.first, "end": self.end}
        told |= {"edge": [h.hex() for h in self.edge], "links": links}
        told |= {"made": self.made, "asked": self.asked, "reference": self.reference}
        return json.dumps(told, indent=1) + "\n"

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a manifest. Raises `BundleInvalid`."""
        try:
            told = json.loads(data)
            if told["format"] != FORMAT:
                raise BundleInvalid(f"{MANIFEST} has a format that this verifier does not know")
            links = {
                (_whole(link["old"]), _whole(link["new"])): tuple(map(unhex, link["hashes"])) for link in told["links"]
            }
            first, end = _whole(told["first"]), _whole(told["end"])
            edge = tuple(map(unhex, told["edge"]))
            CompactRange(first, edge)
            words = [told[name] for name in ("origin", "asked", "reference")]
            former = tuple(told["former"])
            if not all(isinstance(text, str) for text in (*words, *former)) or first > end:
                raise ValueError
            return cls(words[0], first, end, edge, links, _whole(told["made"]), words[1], words[2], former)
        except (KeyError, TypeError, AttributeError, RecursionError, ProofInvalid) as error:
            raise BundleInvalid(f"{MANIFEST} is malformed") from error
        except BundleInvalid:
            raise
        except ValueError as error:
            raise BundleInvalid(f"{MANIFEST} is malformed") from error


class Bundle:
    """An open bundle. A context manager; every reading streams. Raises `BundleInvalid` for whatever is malformed."""

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise BundleInvalid(f"{path.name} is not a bundle ({error})") from error
        self._opened: list[BinaryIO] = []
        try:
            self._stored_or_deflated()
            self._names = self._known()
            self.manifest = Manifest.parse(self.read(MANIFEST))
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file, and every reading of it that did not come to its end."""
        for member in self._opened:
            member.close()
        self._zip.close()

    def read(self, name: str) -> bytes:
        """A small member in full; empty where it is not there."""
        return b"".join(self._chunks(name)) if name in self._names else b""

    def lines(self, name: str) -> Iterator[bytes]:
        """The lines of a member in order, each without its line feed; none of a member that is not there."""
        if name not in self._names:
            return
        with self._open(name) as member:
            while line := self._line(member, name):
                if not line.endswith(b"\n"):
                    raise BundleInvalid(f"{name} breaks off, or has a line of more than {LONGEST_LINE:,} bytes")
                yield line[:-1]

    def objects(self, name: str) -> Iterator[dict[str, Any]]:
        """The lines of a member as JSON objects."""
        for line in self.lines(name):
            try:
                told = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise BundleInvalid(f"a line of {name} is not JSON") from error
            if not isinstance(told, dict):
                raise BundleInvalid(f"a line of {name} is not a JSON object")
            yield told

    def checkpoints(self) -> Iterator[str]:
        """The signed checkpoints as text, in the order of the bundle."""
        for told in self.objects(CHECKPOINTS):
            note = told.get("note")
            if not isinstance(note, str) or len(note) > LONGEST_NOTE:
                raise BundleInvalid(f"a line of {CHECKPOINTS} is malformed")
            yield note

    def periods(self) -> dict[str, int]:
        """`id@version#digest` → how many years details of the log are kept, of each text here that says so."""
        texts = [self.read(name) for name in sorted(self._names) if _is_agreement(name)]
        return {"#".join(agreement_digest(text)): years for text in texts if (years := kept_years(text)) is not None}

    def keys(self) -> list[Verifier]:
        """The keys that the bundle says are the log's. Nobody believes them: an entry may tell of one."""
        found = []
        for text in self.read(KEY).decode("utf-8", "replace").split():
            with suppress(NoteInvalid):
                found.append(Verifier.parse(text))
        return found

    def edge(self) -> CompactRange:
        """The right edge of the tree before the excerpt."""
        return CompactRange(self.manifest.first, self.manifest.edge)

    def agreements(self) -> dict[str, str]:
        """`id@version` → digest of each agreement whose text is in the bundle, recomputed from the text."""
        found: dict[str, str] = {}
        for name in sorted(self._names):
            if _is_agreement(name):
                reference, digest = agreement_digest(self.read(name))
                if reference in found:
                    raise BundleInvalid(f"it holds two texts of agreement {reference}")
                found[reference] = digest
        return found

    def _open(self, name: str) -> BinaryIO:
        try:
            member: Any = self._zip.open(name)
        except (OSError, ValueError, RuntimeError, NotImplementedError, zipfile.BadZipFile) as error:
            raise BundleInvalid(f"{name} cannot be read ({error})") from error
        self._opened.append(io.BufferedReader(member, 1 << 16))  # far quicker at short lines
        return self._opened[-1]

    def _known(self) -> frozenset[str]:
        """The names of the members, all of which belong to a bundle and none of which is there twice."""
        names = self._zip.namelist()
        known = REQUIRED | {POLICY, README, ERASURES}
        odd = [name for name in names if name not in known and not _is_agreement(name)]
        absent = sorted(REQUIRED - set(names))
        if len(set(names)) != len(names):
            raise BundleInvalid("it holds one file twice, so that two readers could see two things")
        if odd:
            raise BundleInvalid(f"it holds a file that does not belong there: {odd[0]!r}")
        if absent:
            raise BundleInvalid(f"{absent[0]} is missing in it")
        return frozenset(names)

    def _stored_or_deflated(self) -> None:
        """Other ways to pack a member fail in ways of their own, and no bundle of ours has them."""
        for member in self._zip.infolist():
            if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise BundleInvalid(f"{member.filename} is packed in a way that does not belong to a bundle")

    def _line(self, member: BinaryIO, name: str) -> bytes:
        try:
            return member.readline(LONGEST_LINE)
        except (OSError, EOFError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
            raise BundleInvalid(f"{name} is damaged ({error})") from error

    def _chunks(self, name: str) -> Iterator[bytes]:
        size = 0
        with self._open(name) as member:
            while line := self._line(member, name):
                size += len(line)
                if size > LONGEST_LINE:
                    raise BundleInvalid(f"{name} is longer than {LONGEST_LINE:,} bytes")
                yield line


class Details:
    """The sealed details beside the entries: both streams are in order of index. `ahead` is what comes next."""

    def __init__(self, objects: Iterator[dict[str, Any]]) -> None:
        self._objects = objects
        self.ahead = next(objects, None)

    def of(self, index: int) -> Iterator[dict[str, Any]]:
        """The details of an entry, in order. Ask in order of index."""
        while self.ahead is not None and self.ahead.get("index") == index:
            told, self.ahead = self.ahead, next(self._objects, None)
            yield told


def unhex(text: str) -> bytes:
    """The bytes of lower-case hex digits, and of no other spelling. Raises `ValueError`, `TypeError`."""
    value = bytes.fromhex(text)
    if value.hex() != text:
        raise ValueError("hex digits are lower-case")
    return value


def agreement_digest(text: bytes) -> tuple[str, str]:
    """(`id@version`, hex digest) of an agreement file, as docs/formats/agreement.md has it. Raises `BundleInvalid`."""
    try:
        told = tomllib.loads(text.decode())
        reference = f"{told['id']}@{told['version']}"
        canonical = json.dumps(_sorted(told), ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BundleInvalid("the text of an agreement cannot be read") from error
    return reference, hashlib.sha256(canonical).hexdigest()


def kept_years(text: bytes) -> int | None:
    """How many years the text of an agreement keeps details of the log; None where it does not say."""
    told = tomllib.loads(text.decode())
    try:
        period = told["log"]["retention"]["period"]
        return int(period[1:-1]) if period[0] == "P" and period[-1] == "Y" else None
    except (KeyError, TypeError, ValueError, IndexError):
        return None


def _sorted(value: Any) -> Any:
    """Keys in the order of RFC 8785 section 3.2.3. A float or a date has no place in an agreement."""
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value, key=lambda key: key.encode("utf-16-be"))}
    if isinstance(value, list):
        return [_sorted(each) for each in value]
    if not isinstance(value, str | int):
        raise TypeError(type(value).__name__)
    return value


def _is_agreement(name: str) -> bool:
    return name.startswith(AGREEMENTS) and name.endswith(".toml") and "/" not in name.removeprefix(AGREEMENTS)


def _whole(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 1 << 63:
        raise ValueError(value)
    return value
