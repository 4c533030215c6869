"""portal init, migrate, serve, worker, grant, trained: an installation from nothing to running."""

import os
import signal
import sys
import threading
import uuid
from datetime import datetime, timedelta

import click

from portal.audit import grants
from portal.auth import capacities, induction, people
from portal.auth.actor import Induction
from portal.auth.lasting import TRAINED
from portal.cli import installation
from portal.db import now_micros, open_engine, to_micros
from portal.schema import migrate as migrate_database
from portal.sharing.days import midnight


@click.command()
def init() -> None:
    """Make the folder, secret, root keys and database of PORTAL_HOME. Runs again without harm."""
    given = installation.settings()
    installation.create(given)
    click.echo(f"Ready in {given.home}. Next: name your identity providers in {given.providers_file.name}.")


@click.command()
@click.option("--to", "revision", default="head", help="A revision of migrations/, or base.")
def migrate(revision: str) -> None:
    """Bring the database to the newest revision."""
    engine = open_engine(installation.settings().database_url)
    try:
        migrate_database(engine, revision)
        with engine.begin() as connection:
            for role in grants.renew(connection):
                click.echo(f"{role} was given what it needs of the tables.")
    finally:
        engine.dispose()
    click.echo(f"The database is at {revision}.")


@click.command()
@click.option("--bind", default="127.0.0.1:8000", help="Address and port to listen on.")
@click.option("--threads", default=8, help="Threads a worker.")
def serve(bind: str, threads: int) -> None:
    """Run the portal with gunicorn; as many workers as PORTAL_WORKERS says, if the store of their counts answers."""
    from portal.pages import pdf  # the web, which no other command needs
    from portal.pages.limits import require_store

    given = installation.settings()
    require_store(given)
    if not pdf.able():
        click.echo(pdf.WHY, err=True)
    arguments = ["gunicorn", "--bind", bind, "--workers", str(given.workers), "--threads", str(threads)]
    arguments += ["--worker-class", "gthread", "--worker-tmp-dir", "/dev/shm", "portal.app:create()"]  # noqa: S108
    os.execv(sys.executable, [sys.executable, "-m", *arguments])  # noqa: S606


@click.command()
@click.option("--every", default=0.5, show_default=True, help="Seconds between two looks for new entries.")
def worker(every: float) -> None:
    """Order the entries of the access log, sign checkpoints and ask the witnesses (PORTAL_SEQUENCING=worker).

    A second one may run: they take turns, and one goes on when the other ends or is killed. Ends on SIGTERM.
    """
    from portal.app import open_publishing

    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with installation.opened(installation.settings()) as (engine, session, doors):
        session.rollback()
        sequencer, collector = open_publishing(doors, engine)
        click.echo("portal: ordering the access log", err=True)
        while not ended.wait(every):
            sequencer.wake()
        sequencer.stop()
        if collector is not None:
            collector.stop()


@click.command()
@click.argument("user", type=click.UUID)
@click.argument("party")
@click.argument("role")
def grant(user: uuid.UUID, party: str, role: str) -> None:
    """Give the first administrator of a party their role. Everyone after is granted in the portal."""
    with installation.opened(installation.settings()) as (_, session, doors):
        now = now_micros()
        if not doors.book.may_hold(party, role):
            raise click.ClickException(f"no agreement lets {party} hold the role {role}")
        with doors.log.transaction(session) as tx:
            capacities.install(tx, user, party, role, now, None, now)
    click.echo("Granted.")


@click.command()
@click.argument("user", type=click.UUID)
@click.argument("party")
@click.argument("last_day", type=click.DateTime(["%Y-%m-%d"]))
def trained(user: uuid.UUID, party: str, last_day: datetime) -> None:
    """Record training in information sharing of a party's only SPOC or administrator, until LAST_DAY, a year ahead at
    most: nobody records their own. Everyone else is recorded in the portal."""
    with installation.opened(installation.settings()) as (_, session, doors):
        now = now_micros()
        ends = to_micros(midnight(last_day.date() + timedelta(days=1)))
        if not now < ends <= now + induction.LONGEST[TRAINED]:
            raise click.ClickException("the last day must lie ahead, within a year")
        with doors.log.transaction(session) as tx:
            people.one_of_party(session, party, user)
            induction.install(tx, user, party, Induction(trained=ends), now)
    click.echo("Recorded.")
