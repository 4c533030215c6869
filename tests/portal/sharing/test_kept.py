"""What is kept of lost forms: pages and clocks are tried in tests/portal/pages/test_kept.py; here, two at once."""

import uuid
from contextlib import suppress
from threading import Barrier, BrokenBarrierError, Thread

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db import now_micros, put
from portal.sharing import kept, visits
from portal.sharing.tables import KeptForm
from tests.installation import World


def test_two_kept_at_once_are_no_more_than_five(either: World, monkeypatch: pytest.MonkeyPatch) -> None:
    officer = either.actor("police", "practitioner")
    case = either.case(assigned=[officer])
    visit = visits.begin(either.session, either.doors, officer, case, "risk", "", now_micros())

    def keep(session: Session, number: int) -> None:
        kept.keep(session, either.doors, officer, visit, f"record/{uuid.UUID(int=number)}/edit", {"text": "x"})

    for number in range(kept.MOST - 1):
        keep(either.session, number)
    both = Barrier(2)

    def together(*given: object) -> None:
        with suppress(BrokenBarrierError):  # the other waits for this one to commit
            both.wait(timeout=2)
        put(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(kept, "put", together)

    def alone(number: int) -> None:
        with Session(either.engine, expire_on_commit=False) as session:
            keep(session, number)

    threads = [Thread(target=alone, args=(number,)) for number in (10, 11)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    either.session.rollback()
    assert len(either.session.scalars(select(KeptForm.then)).all()) == kept.MOST
