"""Questions of a data-protection officer about entries of the log. The words are sealed elsewhere."""

import uuid

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Id, Micros


class OfficerQuestion(Base):
    """About one entry of the log, to whoever made it; answered once. `read_at`: an officer has read the answer."""

    __tablename__ = "officer_question"

    id: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    entry: Mapped[uuid.UUID] = mapped_column(Id, index=True)
    party: Mapped[str] = mapped_column(String(40), index=True)
    to_user: Mapped[uuid.UUID] = mapped_column(Id, index=True)
    asked_by: Mapped[uuid.UUID] = mapped_column(Id)
    asked_at: Mapped[int] = mapped_column(Micros)
    answered_at: Mapped[int | None] = mapped_column(Micros)
    read_at: Mapped[int | None] = mapped_column(Micros)
