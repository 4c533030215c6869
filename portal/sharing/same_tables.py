"""What was said of two persons: of one, or of two. Ids, a state and times alone; rows are added, never changed."""

import uuid

from sqlalchemy import Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Id, Micros


class SamePerson(Base):
    """One word about a pair under one agreement; the highest number is in force.

    `first` is the smaller of the two ids, so that a pair is one whichever way round. Why is the `same_person` record
    on each case. No record points here and none is moved: without these rows both are as they were.
    """

    __tablename__ = "same_person"

    id: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    agreement: Mapped[str] = mapped_column(String(60))
    first: Mapped[uuid.UUID] = mapped_column(Id)
    second: Mapped[uuid.UUID] = mapped_column(Id)
    number: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(20))  # same, two
    said_at: Mapped[int] = mapped_column(Micros)
    said_by: Mapped[uuid.UUID] = mapped_column(Id)

    __table_args__ = (
        UniqueConstraint("agreement", "first", "second", "number"),
        Index("ix_same_person_first", "first"),
        Index("ix_same_person_second", "second"),
    )
