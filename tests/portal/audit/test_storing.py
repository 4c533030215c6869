"""The rows of an entry: the same however the database takes them, and all of them or none."""

import os
import uuid

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal.audit.storing import store
from portal.audit.tables import DETAIL, ENTRY, PENDING
from portal.db import begin_write


def rows(number, subjects):
    """The rows of an entry about so many people."""
    entry_id, writer = uuid.uuid4().bytes, uuid.uuid4().bytes
    told = (None, "police", None, "s", "list", None, "permitted", "a@1#b", None, bytes(32))
    entry = (entry_id, b"leaf", 7, *told, writer, number, "2222-22")
    details = [(entry_id, at, os.urandom(32), None, b"open", b"silent", None) for at in range(subjects)]
    return entry, (writer, number, entry_id, 7, bytes(32)), details


def kept(session):
    """What the three tables hold, ids as bytes."""
    found = []
    for table in (ENTRY, PENDING, DETAIL):
        stored = session.connection().execute(select(table)).all()
        found.append([tuple(c.bytes if isinstance(c, uuid.UUID) else c for c in row) for row in stored])
    return found


@pytest.mark.parametrize("subjects", [0, 1, 3, 150])
def test_every_row_is_stored_as_it_was_given(world, subjects):
    entry, pending, details = rows(2**40, subjects)
    with world.session() as session:
        with begin_write(session):
            store(session.connection(), entry, pending, details)
        stored = kept(session)
        assert stored[:2] == [[entry], [pending]]
        assert sorted(stored[2]) == sorted(details)


@pytest.mark.parametrize("subjects", [0, 2])
def test_where_one_row_is_refused_none_is_there(world, subjects):
    entry, pending, details = rows(1, subjects)
    with world.session() as session:
        with begin_write(session):
            store(session.connection(), entry, pending, details)
        before = kept(session)
        other, _, more = rows(2, subjects)
        with pytest.raises(IntegrityError), begin_write(session):
            store(session.connection(), other, pending, more)  # a waiting place that is taken
        assert kept(session) == before
