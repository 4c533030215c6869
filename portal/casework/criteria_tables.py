"""Criteria of a borough: one row for each version of a set. Nothing personal; rows are added, never changed."""

import uuid

from sqlalchemy import Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Id, Micros


class CriteriaSet(Base):
    """One version of the criteria of one agreement for adults or for people under 18, from its first day on.

    `rules` is the canonical JSON of `criteria.Rules`. The highest number whose first day has come is in force.
    """

    __tablename__ = "criteria_set"

    id: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    agreement: Mapped[str] = mapped_column(String(60))
    people: Mapped[str] = mapped_column(String(20))  # adults, youth
    number: Mapped[int] = mapped_column(Integer)
    starts: Mapped[int] = mapped_column(Micros)  # the first instant of its first day, in London
    rules: Mapped[str] = mapped_column(Text)
    made_at: Mapped[int] = mapped_column(Micros)
    made_by: Mapped[uuid.UUID] = mapped_column(Id)

    __table_args__ = (UniqueConstraint("agreement", "people", "number"),)
