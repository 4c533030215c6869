"""An installation of the tests' own: a folder, a database, three signed agreements, a few invented people.

`build` makes one on any database; the fixture `world` (tests/portal/conftest.py) gives each test a copy on SQLite.
"""

import os
import shutil
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool

from isa.agreement import Agreement
from portal.audit.entry import Entry, Subject
from portal.auth import capacities, contracts, induction, people
from portal.auth.actor import Actor, Induction
from portal.auth.recording import Transaction
from portal.auth.tags import Tags
from portal.cli import installation
from portal.config import Settings, load_settings
from portal.db import DAY, db, new_id, now_micros, open_engine, to_micros
from portal.sharing import cases, staff, storing
from portal.sharing.book import adopt
from portal.sharing.doors import Doors, open_doors
from portal.sharing.storing import NewRecord

INDUCTED = Induction(*[to_micros(datetime(2099, 1, 1, tzinfo=UTC))] * 3)
"""Of everybody whom a test asks its world for: trained, vetted, and the rules accepted, whenever a test takes place."""
CONTRACTED = to_micros(datetime(2020, 1, 1, tzinfo=UTC))
"""The day from which every party that acts for another has a contract, without a last day."""
TAGS = Tags(b"only for tests, thirty-two bytes")


def settings(home: Path, **more: str) -> Settings:
    """Settings of a test installation; `more` as PORTAL_… variables in lower case without the prefix."""
    given = {
        "home": str(home),
        "base_url": "http://127.0.0.1",
        "demo": "true",
        "log_origin": "tests.invalid/log",
        **more,
    }
    return load_settings({f"PORTAL_{name.upper()}": value for name, value in given.items()})


@dataclass
class World:
    """An open installation. Ask it for actors and cases; `session` and `doors` are what the code under test takes."""

    settings: Settings
    engine: Engine
    session: Session
    doors: Doors
    users: dict[tuple[str, str, str], Actor] = field(default_factory=dict)
    closing: ExitStack = field(default_factory=ExitStack)

    def app(self, **overrides: object) -> Flask:
        """The application over this installation, with Flask's configuration overridden. It ends with this world."""
        from portal.app import create_app  # here: a process of the tests that shows no page starts without it

        app = create_app(self.settings, **overrides)
        self.closing.callback(_close, app)
        return app

    def actor(self, party: str, role: str, name: str = "Someone Else", *, stepped_up: bool = True) -> Actor:
        """Someone acting in this capacity; the same one each time for the same name."""
        key = (party, role, name)
        if key not in self.users:
            self.users[key] = self._enrol(party, role, name, stepped_up)
        return self.users[key]

    def _enrol(self, party: str, role: str, name: str, stepped_up: bool) -> Actor:
        now = now_micros()
        with self.doors.log.transaction(self.session) as tx:
            tag = TAGS.identity(f"https://{party}.example", f"{name}/{role}")
            user = people.register(self.session, tag, party, now)
            staff.keep(self.session, self.doors.keys, user, party, name, "")
            held = [c for c in capacities.current(self.session, user, now) if (c.party, c.role) == (party, role)]
            made = held[0] if held else capacities.install(tx, user, party, role, now, None, now)
            induction.install(tx, user, party, INDUCTED, now)
        session = f"session-{uuid.uuid4().hex[:8]}"
        recorded = contracts.recorded(self.session, now)
        return Actor(user, party, role, session, made.id, stepped_up, INDUCTED, recorded)

    def case(
        self,
        records: Mapping[str, Mapping[str, str]] | None = None,
        agreement: str = "barnet-iom",
        assigned: Sequence[Actor] = (),
        **more: object,
    ) -> uuid.UUID:
        """A case with records. `records`: "owner kind[@label]" → values by local field name."""
        text = self.doors.book.engine(agreement).agreement
        person, now = new_id(), now_micros()
        with self.doors.log.transaction(self.session) as tx:
            reference = cases.next_references(self.session, text.borough, now, 1)[0]
            lead = next(p.id for p in text.parties.values() if p.kind == "council")
            values = {"minor": False, **more}
            identity = cases.open_file(self.session, person, agreement, reference, lead, now, **values)  # type: ignore[arg-type]
            for actor in assigned:
                self.assign(identity, actor)
            new = [self._record(identity, person, key, given) for key, given in (records or IDENTITY).items()]
            storing.store(self.session, self.doors, text, new)
            tx.append(Entry("import", agreement=text.reference, subjects=[Subject(person, {"case": identity.hex})]))
        return identity

    def assign(self, case: uuid.UUID, actor: Actor, pathway: str | None = None) -> None:
        """Assign a case to an actor from yesterday on. Inside a transaction, as in `case`."""
        cases.assign(self.session, case, actor.user, actor.party, actor.role, now_micros() - DAY, None, pathway)

    def _record(self, case: uuid.UUID, person: uuid.UUID, key: str, given: Mapping[str, str]) -> NewRecord:
        owner, _, kind = key.partition(" ")
        kind, _, label = kind.partition("@")
        suffix = f"@{label}" if label else ""
        state = "in_force" if kind == "basis" else ""
        values = {f"{kind}.{name}{suffix}": text for name, text in given.items()}
        return NewRecord(
            new_id(), case, person, kind, label, owner, now_micros(), new_id(), values, made_as_youth=False, state=state
        )


def _close(app: Flask) -> None:
    from portal.app import close_app

    with app.app_context():
        pool = db.engine.pool
    close_app(app)
    assert isinstance(pool, QueuePool)
    assert not pool.checkedout(), "an application left a connection open"


IDENTITY = {
    "probation person": {"surname": "Marlowe", "forename": "Dean", "date_of_birth": "1991-03-27"},
    "police identifiers": {"pnc": "2009/1234567X"},
    "barnet_safety case": {"status": "Active", "rag": "Amber"},
}


def record_contracts(tx: Transaction, agreement: Agreement) -> None:
    """Whoever acts for another has an open contract, so that a test which is about something else need not say so."""
    for party in agreement.parties.values():
        if party.acts_for is not None:
            contracts.install(tx, party.id, party.acts_for, CONTRACTED, None, None, CONTRACTED)


def build(home: Path, **more: str) -> Settings:
    """Make an installation in a folder, every party bound by its agreement."""
    given = settings(home, **more)
    installation.create(given)
    with opened(given) as world, world.doors.log.transaction(world.session) as tx:
        for agreement in world.doors.book.all():
            for party in agreement.parties:
                adopt(world.session, agreement, party)
            record_contracts(tx, agreement)
    return given


def copy(template: Path, home: Path, **more: str) -> Settings:
    """A fresh copy of a built installation: all of one on SQLite, the folder of one on another database."""
    shutil.copytree(template, home)
    os.chmod(home, 0o700)
    return settings(home, **more)


@contextmanager
def opened(given: Settings) -> Iterator[World]:
    """A world over an installation; what it opened is closed at the end."""
    engine = open_engine(given.database_url)
    try:
        with Session(engine, expire_on_commit=False) as session:
            doors = open_doors(given, session)
            world = World(given, engine, session, doors)
            with world.closing:
                yield world
                session.rollback()  # before an application's last drain, which needs the lock
    finally:
        engine.dispose()
