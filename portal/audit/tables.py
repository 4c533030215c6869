"""Tables of the access log. Only `portal.audit` touches them; the exact bytes are in docs/access-log-format.md.

Append-only (by trigger, see `triggers`): entry, sequence, node, checkpoint, cosignature, outcome, outcome_field, hold,
hold_lift. The sequencer empties `audit_pending` and moves `audit_head`; `audit_detail` and `audit_person_key` are
erased at the end of their period, and not before an entry says so (see `guards`).
"""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint

from portal.db import Base, Id, Micros

_Number = BigInteger().with_variant(Integer, "sqlite")  # SQLite makes only INTEGER keys an alias of the row id
_metadata = Base.metadata

ENTRY: Final = Table(
    "audit_entry",
    _metadata,
    Column("entry_id", Id, primary_key=True),
    Column("leaf", LargeBinary, nullable=False),
    Column("at", Micros, nullable=False),
    Column("actor", Id),
    Column("agency", String(64)),
    Column("role", String(64)),
    Column("session", String(64)),
    Column("operation", String(32), nullable=False),
    Column("purpose", String(64)),
    Column("outcome", String(16), nullable=False),
    Column("agreement", String(200)),
    Column("decision", LargeBinary(32)),
    Column("details", LargeBinary(32)),
    Column("writer", Id, nullable=False),
    Column("n", _Number, nullable=False),
    Column("reference", String(7), nullable=False),
    UniqueConstraint("writer", "n"),
    Index("ix_audit_entry_at", "at", "entry_id"),
    Index("ix_audit_entry_actor_at", "actor", "at"),
    Index("ix_audit_entry_reference", "reference"),
)
"""One row an entry: its leaf, and copies of what the officer filters by (verification compares them)."""

PENDING: Final = Table(
    "audit_pending",
    _metadata,
    Column("writer", Id, primary_key=True),
    Column("n", _Number, primary_key=True, autoincrement=False),
    Column("entry_id", Id, nullable=False),
    Column("at", Micros, nullable=False),
    Column("leaf_hash", LargeBinary(32), nullable=False),
    sqlite_with_rowid=False,
)
"""Committed entries that have no index yet."""

SEQUENCE: Final = Table(
    "audit_sequence",
    _metadata,
    Column("index", _Number, primary_key=True, autoincrement=False),
    Column("entry_id", Id, nullable=False, unique=True),
    Column("leaf_hash", LargeBinary(32), nullable=False),
)
"""The log's order: 0, 1, 2 … without a hole. Also the lowest row of hash tiles."""

NODE: Final = Table(
    "audit_node",
    _metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("index", _Number, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary(32), nullable=False),
)
"""Roots of complete subtrees of 256^level leaves, level ≥ 1: the hash tiles above the lowest row."""

HEAD: Final = Table(
    "audit_head",
    _metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("size", _Number, nullable=False),
    Column("edge", LargeBinary, nullable=False),
)
"""One row (id 1): how many entries are sequenced, and the right edge of the tree, 32 bytes a hash."""

CHECKPOINT: Final = Table(
    "audit_checkpoint",
    _metadata,
    Column("size", _Number, primary_key=True, autoincrement=False),
    Column("at", Micros, nullable=False),
    Column("note", Text, nullable=False),
)
"""Signed checkpoints, at most one for each size."""

COSIGNATURE: Final = Table(
    "audit_cosignature",
    _metadata,
    Column("size", _Number, primary_key=True, autoincrement=False),
    Column("witness", String(200), primary_key=True),
    Column("key_id", LargeBinary(4), primary_key=True),
    Column("at", _Number, nullable=False),
    Column("line", Text, nullable=False),
    Index("ix_audit_cosignature_witness", "witness", "key_id", "size"),
)
"""What witnesses signed, once each for a checkpoint of that size: name and id of the key, their time in seconds since
1970, and the signature line as it stands under the checkpoint."""

OUTCOME: Final = Table(
    "audit_outcome",
    _metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("content", LargeBinary, nullable=False),
)
"""Distinct outcomes by field, once each, as canonical JSON."""

OUTCOME_FIELD: Final = Table(
    "audit_outcome_field",
    _metadata,
    Column("field", String(128), primary_key=True),
    Column("owner", String(64), primary_key=True),
    Column("permitted", Boolean, primary_key=True),
    Column("digest", LargeBinary(32), primary_key=True),
    Index("ix_audit_outcome_field_digest", "digest"),
)
"""Which outcomes name a field, for the officer's filters; follows from `audit_outcome`."""

DETAIL: Final = Table(
    "audit_detail",
    _metadata,
    Column("entry_id", Id, primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("digest", LargeBinary(32), nullable=False),
    Column("subject_tag", LargeBinary(16)),
    Column("sealed", LargeBinary),
    Column("silent", LargeBinary),
    Column("erasure", Id),
    Index("ix_audit_detail_subject_tag", "subject_tag", "entry_id"),
    sqlite_with_rowid=False,
)
"""One row a subject. `erasure` names the entry that says it is erased; then tag and blobs are emptied. The digest
stays, so that every proof does."""
Index(
    "ix_audit_detail_erasure",
    DETAIL.c.erasure,
    DETAIL.c.subject_tag,
    sqlite_where=DETAIL.c.erasure.is_not(None),
    postgresql_where=DETAIL.c.erasure.is_not(None),
)

PERSON_KEY: Final = Table(
    "audit_person_key",
    _metadata,
    Column("subject_tag", LargeBinary(16), primary_key=True),
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("key_id", LargeBinary(8), nullable=False, unique=True),
    Column("wrapped", LargeBinary, nullable=False),
    Column("commitment", LargeBinary(32), nullable=False),
    Column("wrapped_silent", LargeBinary, nullable=False),
    Column("commitment_silent", LargeBinary(32), nullable=False),
)
"""Keys of the details, for each subject and year (UTC), wrapped apart for open and silent parts. Erasable."""

HOLD: Final = Table(
    "audit_hold",
    _metadata,
    Column("id", Id, primary_key=True),
    Column("entry_id", Id, nullable=False, unique=True),
    Column("at", Micros, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("party", String(64), nullable=False),
    Column("agreement", String(64), nullable=False),
    Column("subject", LargeBinary(32)),
    Column("first_year", Integer, nullable=False),
    Column("last_year", Integer, nullable=False),
    Column("asked_by", String(200), nullable=False),
    Column("matter", String(100), nullable=False),
)
"""Details that are kept longer: all under an agreement, or one person's. `subject` is SHA-256(salt ‖ tag), None for
all; `party` placed it. The leaf of the entry fixes the row."""

HOLD_SUBJECT: Final = Table(
    "audit_hold_subject",
    _metadata,
    Column("hold", Id, primary_key=True),
    Column("salt", LargeBinary(16), nullable=False),
    Column("subject_tag", LargeBinary(16), nullable=False),
)
"""Whose details a hold keeps. Removed when it is lifted, so that nothing of the person outlives it."""

HOLD_LIFT: Final = Table(
    "audit_hold_lift",
    _metadata,
    Column("hold", Id, primary_key=True),
    Column("entry_id", Id, nullable=False, unique=True),
    Column("at", Micros, nullable=False),
)
"""Holds that have ended."""

FIRST_APPEND_ONLY: Final = (ENTRY, SEQUENCE, NODE, CHECKPOINT, OUTCOME, OUTCOME_FIELD)
"""Those of the first migration."""

HOLDS_APPEND_ONLY: Final = (HOLD, HOLD_LIFT)

APPEND_ONLY: Final = (*FIRST_APPEND_ONLY, COSIGNATURE, *HOLDS_APPEND_ONLY)
