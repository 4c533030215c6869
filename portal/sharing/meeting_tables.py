"""Meetings: when, which cases, who attends. Ids, dates and states alone; what is decided is a record of its case."""

import uuid

from sqlalchemy import Boolean, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Id, Micros


class Meeting(Base):
    """One meeting of a panel under one agreement: planned until it is opened, over when it is closed or at `ends`.

    `held_on` is the first instant of its day in London.
    """

    __tablename__ = "meeting"

    id: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    agreement: Mapped[str] = mapped_column(String(60))
    party: Mapped[str] = mapped_column(String(40))
    held_on: Mapped[int] = mapped_column(Micros)
    created_at: Mapped[int] = mapped_column(Micros)
    created_by: Mapped[uuid.UUID] = mapped_column(Id)
    opened_at: Mapped[int | None] = mapped_column(Micros)
    opened_by: Mapped[uuid.UUID | None] = mapped_column(Id)  # who is in the chair
    ends: Mapped[int | None] = mapped_column(Micros)
    closed_at: Mapped[int | None] = mapped_column(Micros)

    __table_args__ = (Index("ix_meeting_agreement_held_on", "agreement", "held_on"),)


class AgendaItem(Base):
    """One case on an agenda, in its place, and the record of what was decided about it."""

    __tablename__ = "agenda_item"

    meeting: Mapped[uuid.UUID] = mapped_column(Id, ForeignKey("meeting.id"), primary_key=True)
    case: Mapped[uuid.UUID] = mapped_column(Id, ForeignKey("case_file.id"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer)
    why: Mapped[str] = mapped_column(String(20))  # referral, review, added
    decided_at: Mapped[int | None] = mapped_column(Micros)
    decision: Mapped[uuid.UUID | None] = mapped_column(Id, ForeignKey("record.id"))
    settled: Mapped[bool | None] = mapped_column(Boolean)  # False: the panel put it off

    __table_args__ = (Index("ix_agenda_item_case", "case"),)


class Attendance(Base):
    """Who is asked to a meeting, in which capacity; since when, and in which session, they attend."""

    __tablename__ = "attendance"

    meeting: Mapped[uuid.UUID] = mapped_column(Id, ForeignKey("meeting.id"), primary_key=True)
    capacity: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    user: Mapped[uuid.UUID] = mapped_column(Id)
    party: Mapped[str] = mapped_column(String(40))
    joined_at: Mapped[int | None] = mapped_column(Micros)
    session: Mapped[str] = mapped_column(String(40))  # "" until they attend

    __table_args__ = (Index("ix_attendance_capacity", "capacity"),)
