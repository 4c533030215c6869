"""The book of agreements: what was signed binds at the next look, whoever looks at once."""

from threading import Barrier, Thread

import pytest
from sqlalchemy.orm import Session

from isa.agreement import Agreement
from isa.decision import Engine
from portal.sharing import book
from portal.sharing.book import Book
from tests.installation import World


def test_threads_that_look_at_once_share_one_set_of_engines(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    made, looked = Book(world.doors.book.all()), Barrier(4)
    engines: list[Engine] = []

    def engine(agreement: Agreement, signed: frozenset[str] | None = None) -> Engine:
        engines.append(Engine(agreement, signed))
        return engines[-1]

    monkeypatch.setattr(book, "Engine", engine)

    def look() -> None:
        with Session(world.engine) as session:
            looked.wait()
            made.refresh(session)

    threads = [Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [made.engine(a.id) for a in made.all()] == engines
