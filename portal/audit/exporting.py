"""Write a bundle: an excerpt of the log, with what an auditor needs to verify it alone and offline.

The caller logs the export first. Everything is read in one snapshot, in order, a batch at a time, and nothing opened:
sealed details stay sealed. A damaged log is exported as it is: evidence, which the verifier will name.
"""

import json
import os
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from portal.audit import bundle, exporting_erased, notes
from portal.audit.bundle import Manifest
from portal.audit.note import NoteInvalid, Verifier, open_checkpoint
from portal.audit.policy import Policy
from portal.audit.sequencer import LOOK, node_at
from portal.audit.tables import CHECKPOINT, DETAIL, ENTRY, OUTCOME, SEQUENCE
from portal.audit.tree import NodeAt, ProofInvalid, edge_of, prove_consistency
from portal.db import now_micros, to_micros
from portal.errors import NotFound, PortalError

BATCH: Final = 1_000
README: Final = """An excerpt of the access log of an Accord portal
================================================

It holds who did what and when, without a name of anybody whose data were used: those are in the sealed
details, which only the portal can open. Treat it as OFFICIAL-SENSITIVE all the same.

To verify it you need Python 3.11 or later, the package `cryptography`, the verifier and the log's key:

    python verify.py {name} --key KEY

Take the verifier and the key from somebody whom you believe, not from who gave you this file, and not out
of it: a false bundle could bring a false verifier. The file verify.py is made by `portal audit verifier`.

bundle.json        what this excerpt is
entries.jsonl      one entry a line, in the order of the log: its exact bytes
details.jsonl      the sealed details of these entries
outcomes.jsonl     what was permitted and withheld, by field and clause; entries name it by its SHA-256
checkpoints.jsonl  the signed checkpoints
erasures.jsonl     where details were erased: what shows that the log says so
log-key.txt        the log's public key, as this portal says it is
policy.txt         the witnesses, where there are any
agreements/        the texts that entries were decided under, as far as the portal still has them
"""


class CutOff(PortalError):
    """A checkpoint that somebody kept covers more entries than the log has now."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to export: entries dated from `since` on and before `until` (aware; None: no bound), and all between them.

    `key` and `former` are the log's, the former replaced, or under names that have ended. `held`: signed checkpoints
    that the reader kept, towards which proofs are put in. `agreements`: texts by `id@version`.
    `asked` and `reference` stand in the bundle: the days in words, and the entry that tells of this export. `settled`:
    all entries from before are under a checkpoint; those beyond the newest are of this very moment, and left out.
    """

    key: Verifier
    since: datetime | None = None
    until: datetime | None = None
    held: Sequence[str] = ()
    agreements: Mapping[str, bytes] = field(default_factory=dict)
    policy: Policy | None = None
    former: Sequence[Verifier] = ()
    asked: str = "everything"
    reference: str = ""
    settled: bool = False


def export(
    session: Session, path: Path, wanted: Wanted, progress: Callable[[int, int], None] | None = None
) -> Manifest:
    """Write the bundle to `path`, which must not exist; it appears there only when it is complete.

    Raises `NotFound` where no entry is dated so, `CutOff` for a held checkpoint that knows of more, `NoteInvalid` for
    one that the key did not sign, `OSError` where the file cannot be written.
    """
    kept = [open_checkpoint(note, wanted.key, *wanted.former).size for note in wanted.held]
    session.rollback()
    options = {} if session.get_bind().dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
    try:
        connection = session.connection(execution_options=options)
        work = _Export(connection, wanted, kept)
        beside = path.with_name(path.name + ".part")
        beside.unlink(missing_ok=True)  # of an export that broke off, or a link that somebody laid there
        try:
            with os.fdopen(os.open(beside, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "w+b") as file:
                with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as into:
                    work.write(into, path.name, progress)
                file.flush()
                os.fsync(file.fileno())
            os.link(beside, path)  # refuses to replace another file
        finally:
            beside.unlink(missing_ok=True)
        return work.manifest
    finally:
        session.rollback()


class _Export:
    def __init__(self, connection: Connection, wanted: Wanted, kept: Sequence[int]) -> None:
        self.connection, self.wanted = connection, wanted
        newest = connection.execute(select(func.max(SEQUENCE.c.index))).scalar()
        self.total = 0 if newest is None else newest + 1
        if any(size > self.total for size in kept):
            raise CutOff(
                f"a checkpoint that was kept covers {max(kept):,} entries and the log has {self.total:,} now:"
                " its end was cut off"
            )
        self.upto = self._signed() if wanted.settled else self.total
        first, end = self._range()
        node = node_at(connection)
        least = wanted.policy.least() if wanted.policy else 1
        there = select(func.max(CHECKPOINT.c.size)).where(CHECKPOINT.c.size <= self.total)
        self.newest = max(connection.execute(there).scalar() or 0, end)  # a row that says more proves nothing
        self.beyond = sorted(size for size in {*notes.over(connection, end, least), self.newest} if size > end)
        outside = {size for size in (*self.beyond, *kept) if not first <= size <= end}
        ends = [(size, first) if size < first else (end, size) for size in sorted(outside)]
        links = {(old, new): _hashes(node, old, new) for old, new in ends}
        edge = _edge(node, first)
        names = tuple(dict.fromkeys(key.name for key in wanted.former if key.name != wanted.key.name))
        said = (now_micros(), wanted.asked, wanted.reference, names)
        self.manifest = Manifest(wanted.key.name, first, end, edge, links, *said)

    def _range(self) -> tuple[int, int]:
        """From the first entry dated within to the last one: none between them is left out."""
        if self.wanted.since is None and self.wanted.until is None:
            return 0, self.upto
        query = select(func.min(SEQUENCE.c.index), func.max(SEQUENCE.c.index)).join_from(
            SEQUENCE, ENTRY, ENTRY.c.entry_id == SEQUENCE.c.entry_id
        )
        if self.wanted.since is not None:
            query = query.where(ENTRY.c.at >= to_micros(self.wanted.since))
        if self.wanted.until is not None:
            query = query.where(ENTRY.c.at < to_micros(self.wanted.until))
        first, last = self.connection.execute(query).one()
        if first is None or first >= self.upto:
            raise NotFound
        return first, min(last + 1, self.upto)

    def _signed(self) -> int:
        """How many entries the newest checkpoint covers; all there are, where none is genuine: that is evidence."""
        query = select(CHECKPOINT.c.size, CHECKPOINT.c.note).where(CHECKPOINT.c.size <= self.total)
        for row in self.connection.execute(query.order_by(CHECKPOINT.c.size.desc()).limit(LOOK)):
            with suppress(NoteInvalid):
                if open_checkpoint(row.note, self.wanted.key, *self.wanted.former).size == row.size:
                    return int(row.size)
        return self.total

    def write(self, into: zipfile.ZipFile, name: str, progress: Callable[[int, int], None] | None) -> None:
        """Every member, the manifest first."""
        wanted = self.wanted
        _put(into, bundle.README, README.format(name=name).encode())
        _put(into, bundle.MANIFEST, self.manifest.text().encode())
        _put(into, bundle.KEY, "".join(f"{key}\n" for key in (*wanted.former, wanted.key)).encode())
        if wanted.policy is not None:
            _put(into, bundle.POLICY, wanted.policy.text())
        for reference, text in sorted(wanted.agreements.items()):
            _put(into, f"{bundle.AGREEMENTS}{reference}.toml", text)
        _stream(into, bundle.CHECKPOINTS, (json.dumps({"note": str(note)}).encode() for note in self._notes()))
        _stream(into, bundle.OUTCOMES, self._outcomes())
        _stream(into, bundle.ENTRIES, self._entries(progress))
        _stream(into, bundle.DETAILS, self._details())
        erased = exporting_erased.lines(self.connection, self.manifest.first, self.manifest.end, self.newest)
        if brought := [json.dumps(told).encode() for told in erased]:
            _stream(into, bundle.ERASURES, brought)

    def _batches(self) -> Iterator[tuple[int, int]]:
        for start in range(self.manifest.first, self.manifest.end, BATCH):
            yield start, min(start + BATCH, self.manifest.end)

    def _entries(self, progress: Callable[[int, int], None] | None) -> Iterator[bytes]:
        """Each leaf as it is stored; an empty line where there is none."""
        for start, end in self._batches():
            query = (
                select(SEQUENCE.c.index.label("place"), ENTRY.c.leaf)
                .outerjoin_from(SEQUENCE, ENTRY, ENTRY.c.entry_id == SEQUENCE.c.entry_id)
                .where(SEQUENCE.c.index >= start, SEQUENCE.c.index < end)
            )
            leaves = {row.place: row.leaf for row in self.connection.execute(query)}
            for index in range(start, end):
                leaf = leaves.get(index)
                yield bytes(leaf) if isinstance(leaf, bytes | memoryview) else b""
            if progress is not None:
                progress(end - self.manifest.first, self.manifest.end - self.manifest.first)

    def _details(self) -> Iterator[bytes]:
        for start, end in self._batches():
            query = (
                select(SEQUENCE.c.index.label("place"), DETAIL)
                .join_from(SEQUENCE, DETAIL, DETAIL.c.entry_id == SEQUENCE.c.entry_id)
                .where(SEQUENCE.c.index >= start, SEQUENCE.c.index < end)
                .order_by(SEQUENCE.c.index, DETAIL.c.position)
            )
            for row in self.connection.execute(query):
                told = {"index": row.place, "position": row.position, "digest": _hex(row.digest)}
                told |= {"sealed": _hex(row.sealed), "silent": _hex(row.silent)}
                yield json.dumps(told | {"erasure": str(row.erasure) if row.erasure else None}).encode()

    def _outcomes(self) -> Iterator[bytes]:
        for digest in self.connection.execute(select(OUTCOME.c.digest).order_by(OUTCOME.c.digest)).scalars():
            yield self.connection.execute(select(OUTCOME.c.content).where(OUTCOME.c.digest == digest)).scalar_one()

    def _notes(self) -> Iterator[str]:
        """Every checkpoint over an end within the excerpt, and those beyond it, in order of size."""
        yield from (note for _, note in notes.between(self.connection, self.manifest.first, self.manifest.end))
        for size in self.beyond:
            yield from (note for _, note in notes.between(self.connection, size, size))


def _edge(node: NodeAt, size: int) -> tuple[bytes, ...]:
    try:
        return tuple(edge_of(node, size).hashes)
    except LookupError as error:
        raise PortalError("hashes over the entries before these days are missing: export from the beginning") from error


def _hashes(node: NodeAt, old: int, new: int) -> tuple[bytes, ...]:
    """A consistency proof; an empty one from a damaged tree, which the verifier will name."""
    try:
        return tuple(prove_consistency(node, old, new))
    except (LookupError, ProofInvalid):
        return ()


def _hex(value: Any) -> str | None:
    return bytes(value).hex() if isinstance(value, bytes | memoryview) else None


def _put(into: zipfile.ZipFile, name: str, content: bytes) -> None:
    into.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)


def _stream(into: zipfile.ZipFile, name: str, lines: Iterable[bytes]) -> None:
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED
    with into.open(info, "w", force_zip64=True) as member:
        for line in lines:
            member.write(line + b"\n")
