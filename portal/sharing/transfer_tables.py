"""What was offered to another borough: ids, a state and a time alone. The words are records on each of the cases."""

import uuid

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Id, Micros


class TransferRow(Base):
    """One offer: the referral that it is under the other agreement, the case that it comes from, its record there."""

    __tablename__ = "transfer"

    referral: Mapped[uuid.UUID] = mapped_column(Id, ForeignKey("referral.id"), primary_key=True)
    case: Mapped[uuid.UUID] = mapped_column(Id, ForeignKey("case_file.id"), index=True)
    record: Mapped[uuid.UUID] = mapped_column(Id, ForeignKey("record.id"))
    state: Mapped[str] = mapped_column(String(20))  # offered, then taken, declined, back or ended
    since: Mapped[int] = mapped_column(Micros)  # when it came into this state
