"""What is said on an update, who is asked, who confirmed to have read it. Ids, parties and times alone."""

import uuid

from sqlalchemy import ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Id, Micros


class CommentRow(Base):
    """Which update a comment stands under. Its words are the `comment` record of the same id."""

    __tablename__ = "comment"

    record: Mapped[uuid.UUID] = mapped_column(Id, ForeignKey("record.id"), primary_key=True)
    about: Mapped[uuid.UUID] = mapped_column(Id, ForeignKey("record.id"))
    case: Mapped[uuid.UUID] = mapped_column(Id, ForeignKey("case_file.id"), index=True)


class Mention(Base):
    """Somebody who is asked by name in a comment. `opened_at`: when the comment was first shown to them; `covers`: the
    colleague who is asked, where this row only says that it was shown to whoever covers them."""

    __tablename__ = "mention"

    comment: Mapped[uuid.UUID] = mapped_column(Id, ForeignKey("comment.record"), primary_key=True)
    user: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    party: Mapped[str] = mapped_column(String(40))
    asked_at: Mapped[int] = mapped_column(Micros)
    opened_at: Mapped[int | None] = mapped_column(Micros)
    covers: Mapped[uuid.UUID | None] = mapped_column(Id)

    __table_args__ = (Index("ix_mention_user_party", "user", "party"),)


class ReadingAsk(Base):
    """An update that one party's people on the case are to confirm; `party` "": those of every party."""

    __tablename__ = "reading_ask"

    record: Mapped[uuid.UUID] = mapped_column(Id, ForeignKey("record.id"), primary_key=True)
    party: Mapped[str] = mapped_column(String(40), primary_key=True)
    case: Mapped[uuid.UUID] = mapped_column(Id, ForeignKey("case_file.id"), index=True)
    by: Mapped[uuid.UUID] = mapped_column(Id)
    asked_at: Mapped[int] = mapped_column(Micros)


class Confirmation(Base):
    """Somebody has read one version of an update, and said so, for a party. A later version is confirmed anew."""

    __tablename__ = "confirmation"

    record: Mapped[uuid.UUID] = mapped_column(Id, ForeignKey("record.id"), primary_key=True)
    user: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    party: Mapped[str] = mapped_column(String(40), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    confirmed_at: Mapped[int] = mapped_column(Micros)
