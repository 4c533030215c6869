"""Mailboxes of teams: who set one when. The address is sealed elsewhere, under the row's id."""

import uuid

from sqlalchemy import Boolean, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Id, Micros


class TeamMailbox(Base):
    """One setting of a party's mailbox. Never changed: a later one takes its place, and `current` is the last."""

    __tablename__ = "team_mailbox"

    id: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    party: Mapped[str] = mapped_column(String(40))
    number: Mapped[int] = mapped_column(Integer)  # 1 is the party's first
    none: Mapped[bool] = mapped_column(Boolean)  # it was taken away
    set_at: Mapped[int] = mapped_column(Micros)
    set_by: Mapped[uuid.UUID] = mapped_column(Id)
    current: Mapped[bool] = mapped_column(Boolean)

    __table_args__ = (UniqueConstraint("party", "number"),)
