"""Tables of wrapped keys. Nothing in them opens anything without the root."""

from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Insert, LargeBinary, String, Table, UniqueConstraint, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from portal.db import Base, Id, Micros


class KeyDek(Base):
    """A data key: one for each person, owner and seal class, wrapped; older versions open what they sealed."""

    __tablename__ = "key_dek"
    __table_args__ = (
        UniqueConstraint("person", "owner", "seal_class", "version"),
        Index(
            "uq_key_dek_active",
            "person",
            "owner",
            "seal_class",
            unique=True,
            sqlite_where=text("state = 'active'"),
            postgresql_where=text("state = 'active'"),
        ),
        CheckConstraint("state IN ('active', 'decrypt-only')", name="state"),
    )

    id: Mapped[bytes] = mapped_column(LargeBinary(8), primary_key=True)
    person: Mapped[UUID] = mapped_column(Id)
    owner: Mapped[str] = mapped_column(String(64))
    seal_class: Mapped[str] = mapped_column(String(64))
    version: Mapped[int]
    suite: Mapped[int]
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    commitment: Mapped[bytes] = mapped_column(LargeBinary(32))
    state: Mapped[str] = mapped_column(String(16))
    created: Mapped[int] = mapped_column(Micros)


class KeySecret(Base):
    """A named secret of 32 bytes (such as the one behind search tags), wrapped under the root named."""

    __tablename__ = "key_secret"
    __table_args__ = (UniqueConstraint("name", "version"),)

    id: Mapped[bytes] = mapped_column(LargeBinary(8), primary_key=True)
    root: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(64))
    version: Mapped[int]
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    commitment: Mapped[bytes] = mapped_column(LargeBinary(32))
    created: Mapped[int] = mapped_column(Micros)


class KeyGeneration(Base):
    """One row (id 1): a counter that every worker compares before it trusts its cache of keys."""

    __tablename__ = "key_generation"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    value: Mapped[int] = mapped_column(Micros)


DEK: Table = KeyDek.__table__  # type: ignore[assignment]
SECRET: Table = KeySecret.__table__  # type: ignore[assignment]
GENERATION: Table = KeyGeneration.__table__  # type: ignore[assignment]


def insert_unless_there(session: Session, table: Table) -> Insert:
    """An insert that leaves a row already there alone (waiting, on PostgreSQL, for whoever is just adding it)."""
    made: Any = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    statement: Insert = made.insert(table).on_conflict_do_nothing()
    return statement
