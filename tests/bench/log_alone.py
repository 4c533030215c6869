"""A bare page that also appends the entries of ours: what such a log costs alone, before anything is decided or sealed.

No portal that writes these entries before it answers can cost less; docs/bench.md reads the aims beside it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from unittest.mock import patch

from portal.audit.entry import Entry
from portal.audit.log import Receipt, Transaction
from tests.bench.places import Place

Call = Callable[[], object]


@contextmanager
def noted() -> Iterator[dict[int, list[Entry]]]:
    """While it lasts, what is appended is noted too: the entries of each transaction."""
    found: dict[int, list[Entry]] = {}
    kept: list[Transaction] = []  # an id is of its own only as long as its object lives
    append = Transaction.append

    def noting(tx: Transaction, entry: Entry) -> Receipt:
        kept.append(tx)
        found.setdefault(id(tx), []).append(entry)
        return append(tx, entry)

    with patch.object(Transaction, "append", noting):
        yield found


def with_entries(place: Place, ours: Call, bare: Call) -> tuple[Call, Call]:
    """The bare call with the entries that one call of ours appends, in as many transactions; and the bare call."""
    with noted() as found:
        ours()
    transactions = list(found.values())
    assert transactions, "a page without an entry"

    def logged() -> None:
        bare()
        for entries in transactions:
            with place.doors.log.transaction(place.session) as tx:
                for entry in entries:
                    tx.append(replace(entry))

    return logged, bare
