"""portal audit: verify the access log."""

import sys

import click
from tqdm import tqdm

from portal.audit import checking, pinned, sequencer
from portal.cli import installation
from portal.db import now_micros


@click.group()
def audit() -> None:
    """Check the access log."""


@audit.command()
def verify() -> None:
    """Recompute the whole log and hold it to its signed checkpoints. Exit 0 if it is whole, else 1.

    The verifier key pinned in the keys folder and the checkpoint that the last good verification left there count
    too: they are outside the database.
    """
    given = installation.settings()
    with installation.opened(given) as (_, session, doors):
        signer = doors.log.signer(session, given.log_origin)
        key = pinned.pinned(given.keys_dir, signer.verifier)
        sequencer.drain(session, signer, now_micros)
        with tqdm(unit=" entries", desc="Verifying", disable=None) as bar:

            def progress(done: int, total: int) -> None:
                bar.total = total
                bar.update(done - bar.n)

            report = checking.check(session, key, pinned.held(given.keys_dir), progress)
        if report.whole:
            pinned.hold(session, given.keys_dir)
        click.echo(report.sentence)
    sys.exit(0 if report.whole else 1)
