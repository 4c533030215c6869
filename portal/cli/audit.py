"""portal audit: verify the access log, take an excerpt of it out for an auditor, go on after it was stopped."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

import click
from tqdm import tqdm

from portal.audit import anew, checking, erasing, exporting, pinned, rekeying, sequencer, standalone
from portal.audit.exporting import Wanted
from portal.audit.log import SOFTWARE
from portal.audit.note import NoteInvalid
from portal.cli import installation
from portal.db import now_micros
from portal.errors import LogUnavailable, NotFound, PortalError
from portal.sharing.days import midnight
from portal.sharing.logbook import exporting as logged
from portal.sharing.logbook import keeping
from portal.sharing.logbook.scope import USES

DAY = click.DateTime(["%Y-%m-%d"])
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def audit() -> None:
    """Check the access log, take an excerpt of it out for an auditor, or go on after a break."""


@audit.command()
def verify() -> None:
    """Recompute the whole log and hold it to its signed checkpoints. Exit 0 if it is whole and goes on, else 1.

    The verifier key pinned in the keys folder and the checkpoint that the last good verification left there count
    too: they are outside the database.
    """
    given = installation.settings()
    with installation.opened(given) as (_, session, doors):
        signer = doors.signer(session)
        key = pinned.pinned(given.keys_dir, signer.verifier, *signer.verifiers[:-1])
        if not doors.stop():
            sequencer.drain(session, signer, now_micros)
        with _bar("Verifying") as progress:
            held, former = pinned.held(given.keys_dir), doors.former(session)
            report = checking.check(session, key, held, progress, former, keeping.periods(doors.book))
        stopped = doors.stop().sentence()
        if report.whole and not stopped:
            pinned.hold(session, given.keys_dir)
        click.echo(stopped or report.sentence)
    sys.exit(0 if report.whole and not stopped else 1)


@audit.command("new-origin")
@click.option("--reason", required=True, help="What was found out about the break; it stands, sealed, in the log.")
def new_origin(reason: str) -> None:
    """Go on after witnesses stopped the log, under a new origin. Its first entry names the break.

    Stays with the data-protection officer: run it when it is known what became of the missing or changed entries.
    """
    given = installation.settings()
    with installation.opened(given) as (_, session, doors):
        begun = anew.begin(session, doors.log, given.keys_dir, given.log_origin, reason)
    click.echo(f"The log goes on under a new origin; the break is recorded under reference {begun.reference}.")
    click.echo(f"Why it was stopped is kept in {begun.kept.name}. For policies and witnesses:\nlog {begun.key}")


@audit.command("rotate-key")
@click.option(
    "--days", type=click.IntRange(1, 400), default=rekeying.DAYS, show_default=True, help="How long both sign."
)
@click.option("--finish", is_flag=True, help="End it: destroy the old key.")
@click.option("--early", is_flag=True, help="With --finish, before the day that was said.")
def rotate_key(days: int, finish: bool, early: bool) -> None:
    """Replace the key that signs the log: the new one signs beside the old, until --finish ends that.

    Broken off at any point it can be repeated. Meanwhile give everybody the new key: see docs/operations.md.
    """
    given = installation.settings()
    with installation.opened(given) as (_, session, doors):
        work = rekeying.Rekeying(session, doors.log, given.keys_dir, doors.origins, doors.clock)
        done = work.finish(doors.policy, early) if finish else work.begin(days)
    recorded = "" if done.reference is None else f" (recorded under {done.reference})"
    if finish:
        click.echo(f"The log signs with its new key alone{recorded}. The old private key is destroyed:\n  {done.old}")
    else:
        click.echo(f"Until {done.until} both keys sign the log{recorded}. For policies, witnesses and auditors:")
    click.echo(f"log {done.new}")


@audit.command()
@click.argument("bundle", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--from", "since", type=DAY, help="The first day, in London. Without it: from the beginning.")
@click.option("--to", "until", type=DAY, help="The last day, included. Without it: to the end.")
@click.option("--use", type=click.Choice(tuple(USES)), required=True, help="The use of DPA 2018 s.62(4).")
@click.option("--reason", required=True, help="Who wants it and why: sealed in the log.")
@click.option("--checkpoint", "held", type=FILE, multiple=True, help="A checkpoint the auditor kept. Repeatable.")
def export(
    bundle: Path, since: datetime | None, until: datetime | None, use: str, reason: str, held: tuple[Path, ...]
) -> None:
    """Write BUNDLE: entries, sealed details, proofs, checkpoints, to be verified offline. Nothing of it is opened.

    The export is an entry of the log itself, made before anything is read.
    """
    given = installation.settings()
    asked = {"excerpt": f"from {since.date() if since else 'the beginning'} to {until.date() if until else 'the end'}"}
    if bundle.exists():
        raise click.UsageError(f"{bundle} is there already")
    with installation.opened(given) as (_, session, doors):
        signer = doors.signer(session)
        key = pinned.pinned(given.keys_dir, signer.verifier, *signer.verifiers[:-1])
        reference = logged.announce(session, doors, use, reason, asked)
        settled = False
        with suppress(LogUnavailable):  # a damaged head stops the sequencer, not the taking of evidence
            if not doors.stop():
                sequencer.drain(session, signer, now_micros)
                settled = True
        wanted = Wanted(
            key,
            midnight(since.date()) if since else None,
            midnight(until.date() + timedelta(days=1)) if until else None,
            [path.read_text("utf-8") for path in held],
            logged.texts(doors),
            doors.policy,
            doors.former(session),
            asked=asked["excerpt"],
            reference=reference,
            settled=settled,
        )
        with _bar("Exporting") as progress:
            try:
                made = exporting.export(session, bundle, wanted, progress)
            except NotFound:
                raise PortalError("no entry of the log is dated in these days") from None
            except NoteInvalid as error:
                raise PortalError(f"a checkpoint is not of this log: {error}") from error
    click.echo(f"{bundle}: entries {made.first:,} to {made.end - 1:,} of the log (recorded under {reference}).")
    click.echo(f"  key {key}")


@audit.command("erase-details")
@click.option("--dry-run", is_flag=True, help="Say what is due, and change nothing.")
def erase_details(dry_run: bool) -> None:
    """Erase details of the log whose period is over and which nothing keeps (clauses 9.31 to 9.33).

    An entry of the log says so first; then keys and sealed parts go. Runs again safely, and goes on where it was broken
    off. On PostgreSQL it needs the role that owns the tables: the one that the portal serves as may erase nothing.
    """
    given = installation.settings()
    with installation.opened(given) as (engine, session, doors):
        kept = keeping.kept(doors.book)
        if not dry_run:
            doors.stop().check()
            sequencer.drain(session, doors.signer(session), now_micros)  # what has no place in the log is not erased
        found = erasing.survey(session, kept, doors.log.clock())
        for due in found:
            click.echo(_due(due))
        for year in () if dry_run else sorted({due.year for due in found if due.tags}):
            for receipt in erasing.announce(session, doors.log, kept, year):
                click.echo(f"Details of {year}: recorded under {receipt.reference}.")
        if dry_run:
            return
        sequencer.drain(session, doors.signer(session), now_micros)
        done = erasing.destroy(session, doors.log)
        session.rollback()
        scrubbed = done.keys == 0 or erasing.scrub(engine)
    click.echo(f"{done.keys:,} keys and {done.details:,} details were destroyed.")
    if done.waiting:
        click.echo(
            f"{done.waiting:,} keys are announced and wait: a hold keeps them, or no checkpoint covers the entry."
        )
    if not scrubbed:
        click.echo("The database keeps their bytes until its owner runs VACUUM audit_detail, audit_person_key.")


def _due(due: erasing.Due) -> str:
    told = f"{due.year}: {len(due.tags):,} keys and {due.details:,} details are due"
    if due.period is not None:
        reference = due.period.reference.partition("#")[0]
        told += f" (kept {due.period.years} years, {reference} clause {due.period.clause})"
    others = {"kept longer": due.held, "not due yet": due.early, "under no agreement that says how long": due.unsaid}
    return "; ".join([told, *(f"{count:,} {words}" for words, count in others.items() if count)]) + "."


@audit.command()
def verifier() -> None:
    """Write the offline verifier as one file to standard output: it needs only Python and `cryptography`."""
    click.echo(standalone.text(SOFTWARE), nl=False)


@contextmanager
def _bar(words: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on standard error, told (entries done, of how many)."""
    with tqdm(unit=" entries", desc=words, disable=None) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield progress
