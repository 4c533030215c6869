"""Parts of one page that are decided apart and logged together: one durable commit, however many parts it has."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from sqlalchemy.orm import Session

from portal.audit.entry import Entry
from portal.sharing import said
from portal.sharing.disclosure import Receipt
from portal.sharing.doors import Doors

Shown = TypeVar("Shown")


class Look(Generic[Shown]):
    """A part that was decided and fetched sealed: its entry, and what opens it once that entry is durable."""

    def __init__(self, entry: Entry | None, opens: Callable[[], Shown]) -> None:
        self.entry = entry
        self.receipt: Receipt | None = None
        self._opens = opens

    def shown(self) -> Shown:
        """The part, opened. Raises `RuntimeError` before its entry is durable: nothing may be shown then."""
        if self.entry is not None and self.receipt is None:
            raise RuntimeError("opened before it was logged")
        return self._opens()


def nothing(shown: Shown) -> Look[Shown]:
    """A part in which nobody is shown: nothing to log."""
    return Look(None, lambda: shown)


def log(session: Session, doors: Doors, *looks: Look[Any]) -> None:
    """Make the entries of all these parts durable, in one transaction; none where nobody is shown. Raises
    `LogUnavailable`: then none of them may be shown."""
    some = [look for look in looks if look.entry is not None]
    if not some:
        return
    with doors.log.transaction(session) as tx:
        receipts = [said.receipt(tx.append(look.entry)) for look in some if look.entry is not None]
    for look, receipt in zip(some, receipts, strict=True):
        look.receipt = receipt


def logged(session: Session, doors: Doors, look: Look[Shown]) -> Shown:
    """A part that is a page of its own: logged, then opened. Raises `LogUnavailable`."""
    log(session, doors, look)
    return look.shown()
