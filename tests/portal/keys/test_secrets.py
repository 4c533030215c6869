"""Named secrets: made once, bound to their name and root."""

import threading

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.db import begin_write
from portal.errors import SealBroken
from portal.keys import secrets
from portal.keys.encoding import commitment
from portal.keys.local_file import create
from portal.keys.tables import SECRET
from tests.portal.keys import frames


def test_made_once_and_the_same_ever_after(session, provider):
    assert secrets.find(session, provider, "log-index") is None
    with begin_write(session):
        made = secrets.named(session, provider, "log-index")
        other = secrets.named(session, provider, "source-address")
    assert len(made) == len(other) == 32
    assert made != other
    assert secrets.find(session, provider, "log-index") == secrets.named(session, provider, "log-index") == made
    stored = session.execute(select(SECRET).where(SECRET.c.name == "log-index")).one()
    assert made not in stored.wrapped


def test_another_root_does_not_open_it(session, provider, tmp_path):
    with begin_write(session):
        secrets.named(session, provider, "log-index")
    with pytest.raises(SealBroken, match="another root"):
        secrets.named(session, create(tmp_path / "others" / "log.json"), "log-index")


@pytest.mark.parametrize(
    "changed",
    [{"name": "b"}, {"version": 2}, {"commitment": commitment(b"other")}, {"wrapped": bytes(67)}, {"root": "log"}],
    ids=str,
)
def test_a_changed_row_is_refused_and_never_made_anew(session, provider, changed):
    with begin_write(session):
        made = secrets.named(session, provider, "a")
    with begin_write(session):
        session.connection().execute(update(SECRET).values(**changed))
    with pytest.raises(SealBroken) as caught:
        secrets.named(session, provider, changed.get("name", "a"))
    text = frames.shown(caught.value)
    assert "find" in text
    assert repr(made)[2:20] not in text


def test_makers_at_once_get_the_same(engine, provider):
    got: list[bytes] = []

    def ask() -> None:
        with Session(engine) as session, begin_write(session):
            got.append(secrets.named(session, provider, "log-index"))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 6
    assert len(set(got)) == 1
