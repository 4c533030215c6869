"""Mails of the morning: who wants one, and until when they have been told. No word of what they were told."""

import uuid

from sqlalchemy import Boolean, Integer
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Id, Micros


class MorningMail(Base):
    """One person. `tried_on` (a day's number) is written before a mail goes, `told_until` once the server has it."""

    __tablename__ = "morning_mail"

    user: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    wanted: Mapped[bool] = mapped_column(Boolean)
    tried_on: Mapped[int] = mapped_column(Integer)
    told_until: Mapped[int | None] = mapped_column(Micros)
