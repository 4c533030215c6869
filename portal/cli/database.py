"""portal db: what the owner of the database sets up."""

import click

from portal.audit import grants
from portal.cli import installation
from portal.db import open_engine


@click.group()
def db() -> None:
    """Set up the database. For its owner."""


@db.command()
@click.argument("role")
def roles(role: str) -> None:
    """Make ROLE, as which the portal serves (PostgreSQL): it may write the access log, and never change it.

    Runs again without harm. The role gets no password: set one, or let the server recognise it otherwise.
    """
    engine = open_engine(installation.settings().database_url)
    try:
        with engine.begin() as connection:
            grants.grant(connection, role)
    finally:
        engine.dispose()
    click.echo(f"{role} may serve the portal: name it in PORTAL_DATABASE_URL. Migrations stay with the owner.")
