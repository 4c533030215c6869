"""Notices: who wants them and how, until when they have been told, and what is on its way. No word of what it is."""

import uuid

from sqlalchemy import Boolean, Integer, String, false
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Id, Micros


class MorningMail(Base):
    """One person. `tried_on` (a day's number) is written before a mail goes, `told_until` once the server has it; for
    what is told at once, `at_once_tried` and `at_once_told`."""

    __tablename__ = "morning_mail"

    user: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    wanted: Mapped[bool] = mapped_column(Boolean)
    to_team: Mapped[bool] = mapped_column(Boolean, server_default=false())  # to their team's mailbox instead
    tried_on: Mapped[int] = mapped_column(Integer)
    told_until: Mapped[int | None] = mapped_column(Micros)
    at_once: Mapped[bool] = mapped_column(Boolean, server_default=false())  # besides the mail of the morning
    at_once_from: Mapped[int | None] = mapped_column(Micros)  # when it was chosen: what came before is for the morning
    at_once_tried: Mapped[int | None] = mapped_column(Micros)
    at_once_told: Mapped[int | None] = mapped_column(Micros)


class Notice(Base):
    """One mail, written down before it goes. Its id is the reference by which GOV.UK Notify is asked."""

    __tablename__ = "mail_notice"

    id: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    user: Mapped[uuid.UUID | None] = mapped_column(Id)  # None: to the mailbox of the party's team
    party: Mapped[str] = mapped_column(String(40))  # "" where it goes to the person
    day: Mapped[int] = mapped_column(Integer, index=True)
    until: Mapped[int] = mapped_column(Micros)  # the instant it tells of
    state: Mapped[str] = mapped_column(String(20))  # waiting, sent, ended
    tries: Mapped[int] = mapped_column(Integer)  # begun, the last one perhaps without an answer
    due: Mapped[int] = mapped_column(Micros)  # when it is tried again, if it still waits
    at_once: Mapped[bool] = mapped_column(Boolean, server_default=false())  # not the mail of the morning
