"""What somebody asked an owner to let them see. Ids, parties, dates, states and names of fields alone."""

import uuid

from sqlalchemy import ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Id, Micros


class AskRow(Base):
    """One field of one owner that one person asked to see on one case, in one capacity; and what became of it.

    Why they need it is the `request` record, why not the `reply`. `post`: what lets them work on the case, where that
    is theirs: it ends with it. `ends`: the first instant at which what was granted is over.
    """

    __tablename__ = "ask"

    id: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    request: Mapped[uuid.UUID] = mapped_column(Id, ForeignKey("record.id"), index=True)
    case: Mapped[uuid.UUID] = mapped_column(Id, ForeignKey("case_file.id"), index=True)
    owner: Mapped[str] = mapped_column(String(40))
    field: Mapped[str] = mapped_column(String(60))
    party: Mapped[str] = mapped_column(String(40))
    user: Mapped[uuid.UUID] = mapped_column(Id)
    capacity: Mapped[uuid.UUID] = mapped_column(Id)
    post: Mapped[uuid.UUID | None] = mapped_column(Id, ForeignKey("assignment.id"))
    days: Mapped[int] = mapped_column(Integer)  # for how long it is asked
    state: Mapped[str] = mapped_column(String(20))  # waiting, granted, refused, revoked, ended
    asked_at: Mapped[int] = mapped_column(Micros)
    answered_at: Mapped[int | None] = mapped_column(Micros)
    answered_by: Mapped[uuid.UUID | None] = mapped_column(Id)
    ends: Mapped[int | None] = mapped_column(Micros)
    reply: Mapped[uuid.UUID | None] = mapped_column(Id, ForeignKey("record.id"))

    __table_args__ = (
        Index("ix_ask_capacity_state", "capacity", "state"),
        Index("ix_ask_owner_state", "owner", "state"),
    )
