"""portal import probation: the monthly file from the command line, as the probation party's feed account."""

import getpass
import sys
from pathlib import Path

import click
from sqlalchemy.orm import Session
from tqdm import tqdm

from portal.auth import capacities, contracts, people
from portal.auth.actor import Actor
from portal.auth.tags import Tags
from portal.cli import installation
from portal.db import now_micros
from portal.errors import Misconfigured
from portal.keys import secrets
from portal.keys.catalogue import INDEX, open_root
from portal.sharing import staff
from portal.sharing.doors import Doors
from portal.sharing.importing import previewing, publishing, runs, staging
from portal.sharing.importing.previewing import Preview
from portal.sharing.importing.spreadsheet import MAX_BYTES

ISSUER, ROLE, NAME = "urn:portal:feed", "feed", "Monthly file (automated)"
NONE = "No row could be brought in."
NOTHING = "Nothing of this file is new, so nothing was changed."
AGAIN = "Something changed meanwhile, so nothing was brought in. Run the command again."


@click.group("import")
def importing() -> None:
    """Bring in a file from an agency."""


@importing.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--commit", is_flag=True, help="Bring the rows in; without it nothing is changed.")
@click.option("--refused", type=click.Path(dir_okay=False, path_type=Path), help="Write the refused rows to this CSV.")
def probation(file: Path, commit: bool, refused: Path | None) -> None:
    """Show what the monthly probation FILE would change, and with --commit bring it in.

    Acts and is logged as the probation party's feed account; the log also names who ran it. All accepted rows are
    brought in, or none. The exit code is 1 where nothing could be.
    """
    with installation.opened(installation.settings()) as (_, session, doors):
        actor = feed(session, doors)
        with file.open("rb") as opened:
            data = opened.read(MAX_BYTES + 1)  # of a larger one it is enough to know that it is
        run = staging.stage(session, doors, actor, data, getpass.getuser(), _bar("Checking"))
        told = previewing.preview(session, doors, actor, run)
        tell(told)
        for page in range(2, told.pages + 1):
            _tell_wrong(previewing.preview(session, doors, actor, run, page))
        if refused and told.run.refused:
            installation.write_private(refused, previewing.refused_file(session, doors, actor, run))
        if not commit:
            runs.abandon(session, doors, actor, run)
            more = " Add --commit to bring it in." if told.run.new or told.run.changed else ""
            click.echo(f"Nothing was changed.{more}")
            return
        if not told.run.ready:
            runs.abandon(session, doors, actor, run)
            raise click.ClickException(NONE)
        done = publishing.publish(session, doors, actor, run, _bar("Bringing in"))
        if done.state != runs.PUBLISHED:
            raise click.ClickException(AGAIN)
        what = f"Brought in: {done.new} new, {done.changed} changed." if done.new or done.changed else NOTHING
        click.echo(f"{what} Recorded under {done.reference}.")


def feed(session: Session, doors: Doors) -> Actor:
    """The feed account of the probation party, made at first use. Raises `Misconfigured` where no party is that."""
    parties = sorted({p.id for a in doors.book.all() for p in a.parties.values() if p.kind == "probation"})
    if len(parties) != 1:
        raise Misconfigured("the agreements name no probation party, or several")
    party, now = parties[0], now_micros()
    with doors.log.transaction(session) as tx:
        secret = secrets.named(session, open_root(doors.settings.keys_dir, INDEX), "identities")
        user = people.register(session, Tags(secret).identity(ISSUER, party), party, now)
        staff.keep(session, doors.keys, user, party, NAME, "")
        held = [c for c in capacities.current(session, user, now) if (c.party, c.role) == (party, ROLE)]
        made = held[0] if held else capacities.install(tx, user, party, ROLE, now, None, now)
    recorded = contracts.recorded(session, now)
    return Actor(user, party, ROLE, "command line", made.id, False, contracts=recorded)


def tell(preview: Preview) -> None:
    """Counts first, then what is wrong and what to do about it."""
    run = preview.run
    ready = "1 row is ready" if run.ready == 1 else f"{run.ready} rows are ready"
    need = f", {run.refused} {'needs' if run.refused == 1 else 'need'} you" if run.refused else ""
    click.echo(f"{ready}{need}.")
    click.echo(f"New {run.new}, changed {run.changed}, unchanged {run.unchanged}, refused {run.refused}.")
    for note in preview.notes:
        click.echo(f"Note: {note}")
    _tell_wrong(preview)


def _tell_wrong(preview: Preview) -> None:
    """What is wrong quotes the cell, so it is told to a person at a terminal, never to the log of a scheduled task."""
    for wrong in preview.wrong:
        what = f"{wrong.message} {wrong.remedy}" if sys.stdout.isatty() else "needs you: see --refused."
        click.echo(f"Row {wrong.row}, {wrong.column or 'the row'}: {what}")


def _bar(words: str) -> staging.Progress:
    bars: list[tqdm] = []  # type: ignore[type-arg]

    def show(done: int, total: int) -> None:
        if not bars:
            bars.append(tqdm(total=total, unit=" rows", desc=words, disable=None))
        bars[0].update(done - bars[0].n)
        if done >= total:
            bars[0].close()

    return show
