"""Parts of a page that are logged together: one commit, an entry each, and nothing opened before."""

import pytest
from sqlalchemy import func, select, text

from portal.audit.tables import ENTRY
from portal.errors import LogUnavailable
from portal.sharing import said
from portal.sharing.looks import Look, log, logged, nothing
from tests.installation import World


class Parts:
    """Parts of a page, and which of them were opened."""

    def __init__(self, world: World) -> None:
        self.opened: list[str] = []
        self._actor = world.actor("police", "practitioner")

    def look(self, name: str) -> Look[str]:
        def opens() -> str:
            self.opened.append(name)
            return name

        return Look(said.entry("list", self._actor), opens)


def entries(world: World) -> int:
    world.session.rollback()
    return world.session.execute(select(func.count()).select_from(ENTRY)).scalar_one()


def test_each_part_has_an_entry_and_all_of_them_one_commit(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = Parts(world)
    looks, before, commits = [parts.look("one"), parts.look("two")], entries(world), list[int]()
    monkeypatch.setattr(world.doors.log, "woken", lambda: commits.append(1))
    log(world.session, world.doors, looks[0], nothing("none"), looks[1])
    assert entries(world) == before + 2
    assert commits == [1]
    references = {look.receipt.reference for look in looks if look.receipt}
    assert len(references) == 2
    assert parts.opened == []
    assert [look.shown() for look in looks] == parts.opened == ["one", "two"]


def test_nothing_is_opened_that_was_not_logged(world: World) -> None:
    parts = Parts(world)
    with pytest.raises(RuntimeError, match="before it was logged"):
        parts.look("one").shown()
    assert parts.opened == []


def test_where_the_log_fails_no_part_is_opened(world: World) -> None:
    parts = Parts(world)
    looks = [parts.look("one"), parts.look("two")]
    full = "CREATE TRIGGER full BEFORE INSERT ON audit_pending WHEN NEW.n % 2 = 1 BEGIN SELECT RAISE(ABORT, 'no'); END"
    world.session.execute(text(full))
    world.session.commit()
    before = entries(world)
    with pytest.raises(LogUnavailable):
        log(world.session, world.doors, *looks)
    for look in looks:
        with pytest.raises(RuntimeError):
            look.shown()
    assert parts.opened == []
    assert entries(world) == before, "the first entry went with the second"


def test_where_nobody_is_shown_nothing_is_logged(world: World) -> None:
    before = entries(world)
    assert logged(world.session, world.doors, nothing("none")) == "none"
    assert entries(world) == before
