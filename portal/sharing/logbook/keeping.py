"""How long details of the log are kept, as the agreements in service say (clause 9.31)."""

from portal.audit.erasing import Kept, Period
from portal.sharing.book import Book


def kept(book: Book) -> Kept:
    """The period of each agreement in service, by its id."""
    return {a.id: None if a.log is None else Period(a.reference, a.log.years, a.log.clause) for a in book.all()}


def periods(book: Book) -> dict[str, int]:
    """How many years each text in service keeps details, by `id@version#digest`: verification holds erasures to it."""
    return {a.reference: a.log.years for a in book.all() if a.log is not None}
