"""An entry's row in the database beside its leaf: the columns that people filter by must say what the leaf says.

`take` answers for nearly every entry, by putting the leaf together anew; `examine` names what is wrong with the rest.
"""

import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from struct import Struct
from typing import Any, Final, NamedTuple

from sqlalchemy import bindparam, select

from portal.audit import erasures, holds
from portal.audit.entry import (
    LARGEST_NUMBER,
    LENGTH,
    PAIRS,
    canonical,
    detail_digest,
    id_text,
    reference_of,
)
from portal.audit.erasures import Detail
from portal.audit.run import CLOSED, ROTATED, Head, LogBroken, Run, Stored
from portal.audit.tables import DETAIL, ENTRY, SEQUENCE
from portal.db import id_of
from portal.query import Query

MOST: Final = 4_096
"""How many texts and pieces of leaves are remembered at a time."""
LONGEST: Final = 1_000
"""Characters of those that are: what somebody made longer is not kept in memory."""
Raw = tuple[Any, ...]
"""A row as the driver gives it, in the order of `Row`."""
_OWN: Final = (ENTRY.c.leaf, ENTRY.c.at, ENTRY.c.details, ENTRY.c.writer, ENTRY.c.n, ENTRY.c.reference, ENTRY.c.session)
_SHARED: Final = (
    *(ENTRY.c.actor, ENTRY.c.agency, ENTRY.c.role, ENTRY.c.operation),
    *(ENTRY.c.purpose, ENTRY.c.outcome, ENTRY.c.agreement, ENTRY.c.decision),
)
"""What many entries have in common, together."""
_RANGE: Final = (SEQUENCE.c.index >= bindparam("start")) & (SEQUENCE.c.index < bindparam("end"))
PLACES: Final = Query(
    select(SEQUENCE.c.index, SEQUENCE.c.entry_id, SEQUENCE.c.leaf_hash, *_OWN, *_SHARED)
    .outerjoin_from(SEQUENCE, ENTRY, ENTRY.c.entry_id == SEQUENCE.c.entry_id)
    .where(_RANGE)
    .order_by(SEQUENCE.c.index),
    raw=True,
)
"""Entries `start` to `end` − 1 in order, as `Raw`."""
DETAILS: Final = Query(
    select(
        SEQUENCE.c.index,
        DETAIL.c.position,
        DETAIL.c.digest,
        DETAIL.c.sealed,
        DETAIL.c.silent,
        DETAIL.c.erasure,
        DETAIL.c.subject_tag,
    )
    .join_from(SEQUENCE, DETAIL, DETAIL.c.entry_id == SEQUENCE.c.entry_id)
    .where(_RANGE)
    .order_by(SEQUENCE.c.index, DETAIL.c.position),
    raw=True,
)
"""Their sealed details: place, position, digest, the two blobs, the entry that erased them, whom they are about."""
_COPIES: Final = ("actor", "agency", "role", "session", "operation", "purpose", "outcome", "agreement", "n")
_LAST_BITS: Final = Struct(">12xI")
_PLAIN: Final = r'"[ !#-\[\]-~]*"'  # a string that stands in canonical JSON as it is
_AFTER_SALT: Final = re.compile(
    rf'","sealed":(?:null|{_PLAIN}),"session":(null|{_PLAIN}),"software":{_PLAIN},"source":(?:null|{_PLAIN})'
)


_LOOKED_AT: Final = frozenset({erasures.OPERATION, holds.PLACED, holds.LIFTED, ROTATED})
"""Operations whose entries say something of other rows: they are always examined."""


class Row(NamedTuple):
    """A row of `PLACES` with ids as UUIDs."""

    place: int
    entry_id: uuid.UUID
    leaf_hash: Any
    leaf: Any
    at: Any
    details: Any
    writer: uuid.UUID | None
    n: Any
    reference: Any
    session: Any
    actor: uuid.UUID | None
    agency: Any
    role: Any
    operation: Any
    purpose: Any
    outcome: Any
    agreement: Any
    decision: Any


def read(raw: Raw) -> Row:
    """The row with its ids read. Raises whatever a hostile row makes Python raise."""
    cells = list(raw)
    for place in (1, 6, 10):
        cells[place] = None if cells[place] is None else id_of(bytes(cells[place]))
    return Row(*cells)


class Words(dict[tuple[Any, ...], tuple[str, str, str, str]]):
    """The columns that many entries have in common → the four pieces of a leaf in which they stand, canonical.

    Made for one verification: `decisions` are the digests of outcomes that are there. Raises `TypeError`, `ValueError`
    or `KeyError` for what cannot stand in a leaf.
    """

    def __init__(self, decisions: Iterable[bytes]) -> None:
        self._decisions = {None: "null"} | {digest: f'"{digest.hex()}"' for digest in decisions}
        self.doubted = False
        """Whether a salt was met that is none: from then on each is looked at by itself, so that none costs a batch."""

    def __contains__(self, decision: object) -> bool:
        """Whether there is an outcome by field with this digest."""
        return decision in self._decisions

    def __missing__(self, told: tuple[Any, ...]) -> tuple[str, str, str, str]:
        actor, agency, role, operation, purpose, outcome, agreement, decision = told
        who = "null" if actor is None else f'"{id_text(actor)}"'
        made = (
            f'{{"actor":{who},"agency":{_text(agency)},"agreement":{_text(agreement)},"correlation":',
            f',"decision":{self._decisions[decision]},"details":',
            f'"operation":{_word(operation)},"outcome":{_word(outcome)},"prev":',
            f'"purpose":{_text(purpose)},"role":{_text(role)},"salt":"',
        )
        if len(self) > MOST:
            self.clear()
        if sum(map(len, made)) <= LONGEST:
            self[told] = made
        return made


@dataclass(frozen=True, slots=True)
class Taken:
    """Entries in which everything is right: their leaf hashes in order, and the heads their writers have then (None for
    one that has closed); and how many writers began."""

    digests: list[bytes]
    heads: dict[str, Head | None]
    begun: int


def take(
    rows: Sequence[Raw], first: int, details: Mapping[int, Sequence[Raw]], heads: Mapping[str, Head], words: Words
) -> Taken:
    """The entries at the beginning of `rows`, from index `first` on, in which everything is right: their leaves are
    exactly the canonical leaves that the columns lead to, each as its writer's next entry (`heads`), with their leaf
    hash, reference and sealed details, and with an outcome that is there.

    Whatever stands after them says nothing but that `examine` has to look at it.
    """
    digests: list[bytes] = []
    salts: list[str] = []
    moved: dict[str, Head | None] = {}
    begun, doubted = 0, words.doubted
    try:
        for index, raw in enumerate(rows, first):
            who, n, operation = _writer(raw[6]), raw[7], raw[13]
            head = moved[who] if who in moved else heads.get(who)
            due, prev = (0, "null") if head is None else (head[0] + 1, f'"{head[1]}"')
            digest = sha256(b"\0" + raw[3]).digest()
            if raw[0] != index or raw[2] != digest or n != due or operation in _LOOKED_AT:
                break
            salt = _salt(raw, who, due, prev, words)
            if salt is None or not _are_there(details.get(index, ()), raw[5]) or (doubted and not _are_hex(salt)):
                break
            salts.append(salt)
            digests.append(digest)
            begun += head is None
            moved[who] = None if operation == CLOSED else (due, digest.hex(), index, raw[1], raw[4])
    except Exception:  # noqa: S110 - whatever a hostile row makes Python raise: the long way names it
        pass
    if not _are_hex("".join(salts)):
        words.doubted = True
        return take(rows, first, details, heads, words)
    return Taken(digests, moved, begun)


def _salt(raw: Raw, who: str, n: int, prev: str, words: Words) -> str | None:
    """The salt of a leaf that is its own columns, its place in the chain, and five texts that only it holds, put
    together; None for any other. That the salt is hexadecimal is left to the caller, who knows many at once.

    Each piece is canonical JSON, in the order of RFC 8785: where they make the leaf, nothing else can be in it.
    """
    _, entry, _, leaf, at, details, _, _, reference, session = raw[:10]
    (bits,) = _LAST_BITS.unpack(entry)  # of exactly 16 bytes
    if reference != f"{PAIRS[bits >> 20 & 1023]}{PAIRS[bits >> 10 & 1023]}-{PAIRS[bits & 1023]}":
        return None
    if type(at) is not int or not 0 <= at <= LARGEST_NUMBER or n > LARGEST_NUMBER:
        return None
    start, decision, operation, purpose = words[raw[10:]]
    text, fours, at_correlation = leaf.decode("ascii"), entry.hex("-", 2), len(start)
    correlation = "null"
    if text[at_correlation] == '"':
        correlation = text[at_correlation : text.find('"', at_correlation + 1) + 1]
        if not correlation.isprintable() or "\\" in correlation:
            return None
    about = "null" if details is None else f'"{details.hex()}"'
    middle = (
        f'{correlation}{decision}{about},"entry":"{fours[:4]}{fours[5:29]}{fours[30:34]}{fours[35:]}","n":{n},'
        f"{operation}{prev},{purpose}"
    )
    end = f',"time":{at},"v":1,"writer":"{who}"}}'
    at_salt = at_correlation + len(middle)
    salt, rest = text[at_salt : at_salt + 32], text[at_salt + 32 : -len(end)]
    return salt if text == f"{start}{middle}{salt}{rest}{end}" and _tells(rest, session) else None


def _are_hex(salts: str) -> bool:
    try:
        return bytes.fromhex(salts).hex() == salts
    except ValueError:
        return False


def examine(raw: Raw, run: Run, words: Words) -> Mapping[str, Any]:
    """Look at one entry the long way, as the next of `run`; answers the members of its leaf. Its details come after.

    Raises `LogBroken` naming the first thing that is wrong with it, and whatever a hostile row makes Python raise.
    """
    row = read(raw)
    if row.leaf is None and row.place == run.edge.size:
        raise LogBroken("this entry was deleted", row.place, reference_of(row.entry_id))
    return examine_row(row, row.place, run, words)


def examine_row(row: Any, index: int, run: Run, words: Words) -> Mapping[str, Any]:
    """As `examine`, of any row with the columns of an entry and `leaf_hash`."""
    reference = reference_of(row.entry_id)
    try:
        members, digest = run.add(Stored(index, row.leaf))
    except LogBroken as error:
        if error.index == index and error.reference is None:
            error.reference = reference
        raise
    if digest != row.leaf_hash:
        raise LogBroken("its stored bytes were changed", index, reference)
    _compare(row, members, index, reference)
    if row.decision not in words:
        raise LogBroken("its outcome by field was removed", index, reference)
    return members


def _compare(row: Any, members: Mapping[str, Any], index: int, reference: str) -> None:
    columns = {name: getattr(row, name) for name in _COPIES} | {"time": row.at, "writer": row.writer}
    columns["entry"] = row.entry_id
    columns["decision"] = row.decision and row.decision.hex()
    columns["details"] = row.details and row.details.hex()
    for name, value in columns.items():
        said = str(value) if isinstance(value, uuid.UUID) else value
        if said != members[name]:
            raise LogBroken(f"its column for {name} was changed", index, reference)
    if row.reference != reference:
        raise LogBroken("its reference was changed", index, reference)


def detail(raw: Raw) -> Detail:
    """A row of `DETAILS`."""
    _, position, digest, sealed, silent, erasure, _ = raw
    return Detail(position, digest, sealed, silent, None if erasure is None else str(id_of(bytes(erasure))))


def _are_there(details: Sequence[Raw], digest: bytes | None) -> bool:
    """Whether none of an entry's sealed details (rows of `DETAILS`) was erased, and all are what the `digest` of its
    leaf says."""
    if len(details) == 1:  # nearly every entry, so without a loop
        _, position, one, sealed, silent, erasure, _ = details[0]
        if erasure is not None or position != 0 or sha256(one).digest() != digest:
            return False
        framed = b"".join((LENGTH(len(sealed)), sealed, LENGTH(len(silent)), silent))  # as in `detail_digest`
        return bool(sha256(framed).digest() == one)
    if (sha256(b"".join([each[2] for each in details])).digest() if details else None) != digest:
        return False
    return all(
        position == place and erasure is None and detail_digest(sealed, silent) == one
        for place, (_, position, one, sealed, silent, erasure, _) in enumerate(details)
    )


def _word(value: object) -> str:
    if type(value) is not str:
        raise TypeError("a text is needed")
    return canonical(value).decode()


def _text(value: object) -> str:
    return "null" if value is None else _word(value)


@lru_cache(maxsize=MOST)
def _tells(piece: str, of: object) -> bool:
    """Whether what stands between salt and time is canonical and tells of this session: `of`. Raises for what is no
    text, or too long to be remembered."""
    if len(piece) > LONGEST:
        raise ValueError("longer than is remembered")
    found = _AFTER_SALT.fullmatch(piece)
    return found is not None and found[1] == _text(of)


@lru_cache(maxsize=MOST)
def _writer(writer: bytes) -> str:
    return id_text(writer)
