"""What is measured: an installation with the people of the demo, somebody signed in, a case open, and crowds."""

import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal import gate
from portal.app import create_app
from portal.audit import sequencer
from portal.audit.entry import Entry, detail_digest, details_digest, make_leaf, reference_of
from portal.audit.entry import Place as Where
from portal.audit.log import SOFTWARE
from portal.audit.tables import DETAIL, ENTRY, PENDING
from portal.audit.tree import leaf_hash
from portal.auth import capacities, contracts, induction, sessions
from portal.auth.actor import Actor
from portal.auth.sessions import SignedInBy
from portal.cli import installation
from portal.config import Settings
from portal.db import DAY, HOUR, SECOND, begin_write, db, new_id, now_micros, open_engine
from portal.demo import running, seeding
from portal.demo.people import crowd, staff, story
from portal.demo.people.shapes import Nominal
from portal.keys.sealing import MAGIC
from portal.query import insert_rows
from portal.sharing.doors import Doors, open_doors
from portal.sharing.tables import CaseFile
from tests.bench.caller import Caller
from tests.installation import settings

WORKER, LISTER = ("walsh", "police", "practitioner"), ("rahman", "barnet_safety", "coordinator")
IDENTITY = {"person", "identifiers"}


@dataclass
class Place:
    """An installation, its portal, and who is who in it."""

    settings: Settings
    session: Session
    doors: Doors
    users: dict[str, uuid.UUID]


@contextmanager
def made(home: Path, url: str | None) -> Iterator[Place]:
    """An installation with the demo's people, on SQLite or at a PostgreSQL address."""
    more = {"visit_minutes": "1000", "idle_minutes": "1000"}
    given = settings(home, **more, **({"database_url": url} if url else {}))
    installation.create(given)
    engine = open_engine(given.database_url)
    with Session(engine, expire_on_commit=False) as session:
        doors = open_doors(given, session)
        running.seed(given, session, doors, 9, lambda count, kind: lambda done: None)
        tags = running.tags(given, session, doors)
        users = seeding.enrol(session, doors, tags, staff.roster(), lambda p: f"http://127.0.0.1:9/{p}", now_micros())
        yield Place(given, session, doors, users)
        session.rollback()
    engine.dispose()


def portal_of(place: Place) -> Flask:
    """The application, whose sequencer does not run by itself: its cost is measured apart and added."""
    app = create_app(place.settings)
    services: gate.Services = app.extensions["portal"]
    services.doors.log.woken = None
    return app


def signed_in(place: Place, app: Flask, who: tuple[str, str, str]) -> tuple[Caller, Actor]:
    """A browser with a live session of somebody of the demo, in one of their capacities."""
    key, party, role = who
    user, now = place.users[key], now_micros()
    held = next(c for c in capacities.current(place.session, user, now) if (c.party, c.role) == (party, role))
    with place.doors.log.transaction(place.session) as tx:
        by = SignedInBy("bench", b"i" * 16, None, now // SECOND, "")
        fresh = sessions.create(tx.session, user, by, held.id, now + 9 * HOUR, now)
    caller = Caller(app)
    caller.cookies[gate.cookie_name(place.settings.secure)] = fresh.cookie
    known = induction.of(place.session, user, party)
    recorded = contracts.recorded(place.session, now)
    return caller, Actor(user, party, role, fresh.session, held.id, False, known, recorded)


def token_of(page: bytes) -> str:
    """The form token a page carries."""
    found = re.search(rb'name="csrf_token" value="([^"]+)"', page)
    assert found, page[:400]
    return found[1].decode()


def visit_of(caller: Caller, case: uuid.UUID) -> str:
    """The address of a visit to a case, opened as a person opens it."""
    page = caller.get(f"/case/{case}")[2]
    status, path, answer = caller.post(f"/case/{case}", {"purpose": "risk", "reason": "", "csrf_token": token_of(page)})
    assert status == 303, answer[:400]
    return path


def case_of(place: Place, key: str) -> uuid.UUID:
    """The case of somebody of the demo whose story is told in depth."""
    told = next(n for n in story.story(running.SEED, datetime.now(UTC).date()) if n.key == key)
    statement = select(CaseFile.id).where(CaseFile.reference == told.cases[0].reference)
    found = place.session.execute(statement).scalar_one()
    place.session.rollback()
    return found


def due_for_review(place: Place) -> None:
    """The open cases of a borough are due for review within ten days, one after another."""
    now = now_micros()
    with place.session.begin():
        cases = place.session.execute(
            select(CaseFile.id)
            .where(CaseFile.state == "open", CaseFile.agreement == "barnet-iom")
            .order_by(CaseFile.id)
        ).scalars()
        for number, case in enumerate(cases.all()):
            due = now + number % 10 * DAY + HOUR
            place.session.execute(update(CaseFile).where(CaseFile.id == case).values(review_due=due))


def add_persons(place: Place, count: int, first: int = 0) -> list[Nominal]:
    """Make plain people with nothing but who they are and their numbers; answers a few of them, to be searched for."""
    today = datetime.now(UTC).date()
    parties = {one.key: one.party for one in staff.roster()}
    told: list[Nominal] = []

    def lean() -> Iterator[Nominal]:
        for number, nominal in enumerate(crowd.crowd(first + count, first + count, 11, today)):
            if number < first:
                continue
            drafts = {key: tuple(d for d in drafts if d.kind in IDENTITY) for key, drafts in nominal.drafts.items()}
            if len(told) < 200:
                told.append(nominal)
            yield Nominal(nominal.key, nominal.cases, drafts)

    seeding.tell(place.session, place.doors, lean(), place.users, parties, now_micros())
    return told


def add_entries(place: Place, count: int) -> None:
    """Make the log longer by entries like those of views, each about somebody, one writer after another.

    Leaves, chains and hashes are those of real entries and the sequencer orders them; only the sealed details are 200
    pairs of blobs over and over, which nobody could open. So a million of them take minutes.
    """
    vault, year = place.doors.log.vault(place.session), datetime.now(UTC).year
    people = [vault.tag(new_id()) for _ in range(200)]
    with begin_write(place.session):
        keys = vault.keys(place.session.connection(), people, year, {})
    blobs = [(MAGIC + keys[tag, year].key_id + os.urandom(284), os.urandom(295)) for tag in people]
    actors, sessions = [uuid.uuid4() for _ in range(40)], [uuid.uuid4().hex for _ in range(100)]
    digests = [detail_digest(*pair) for pair in blobs]
    about, signer = [details_digest([digest]) or "" for digest in digests], place.doors.signer(place.session)
    for start in range(0, count, 20_000):
        writer, prev = uuid.uuid4(), None
        entries: list[tuple[object, ...]] = []
        waiting, sealed = [], []
        for n in range(min(20_000, count - start)):
            where = Where(new_id(), now_micros(), writer, n, prev, os.urandom(16))
            told = Entry("consultation", "permitted", actors[n % 40], "police", "practitioner", sessions[n % 100])
            told = replace(told, purpose="risk", source=b"s" * 16, correlation=uuid.uuid4().hex)
            leaf = make_leaf(told, where, decision=None, details=about[n % 200], sealed=None, software=SOFTWARE)
            prev, key, reference = leaf_hash(leaf), where.entry_id.bytes, reference_of(where.entry_id)
            rest = (None, None, bytes.fromhex(about[n % 200]), writer.bytes, n, reference)
            who = (actors[n % 40].bytes, "police", "practitioner", sessions[n % 100])
            entries.append((key, leaf, where.at, *who, "consultation", "risk", "permitted", *rest))
            waiting.append((writer.bytes, n, key, where.at, prev))
            sealed.append((key, 0, digests[n % 200], people[n % 200], *blobs[n % 200], None))
        with begin_write(place.session):
            connection = place.session.connection()
            insert_rows(connection, ENTRY, entries)
            insert_rows(connection, PENDING, waiting)
            insert_rows(connection, DETAIL, sealed)
        sequencer.drain(place.session, signer)


def closed(app: Flask) -> None:
    """Let go of what an application opened."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
