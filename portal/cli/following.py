"""portal audit follow: entries of the log for a security team's own system, line by line."""

import sys
import time
from pathlib import Path

import click
from sqlalchemy.orm import Session

from portal.audit import mapping, sequencer
from portal.audit.following import Mark, batches
from portal.cli import installation
from portal.sharing.logbook import exporting as logged
from portal.sharing.logbook.scope import USES


@click.command()
@click.option("--format", "form", type=click.Choice(tuple(mapping.FORMATS)), default="ecs", show_default=True)
@click.option(
    "--mark", "path", type=click.Path(dir_okay=False, path_type=Path), required=True, help="Where it stopped."
)
@click.option("--use", type=click.Choice(tuple(USES)), required=True, help="The use of DPA 2018 s.62(4).")
@click.option("--reason", required=True, help="Which system takes them and why: sealed in the log.")
@click.option("--once", is_flag=True, help="Stop when nothing is left, instead of waiting for more.")
@click.option("--every", default=2.0, show_default=True, help="Seconds between two looks.")
def follow(form: str, path: Path, use: str, reason: str, once: bool, every: float) -> None:
    """Write entries as JSON Lines: Elastic Common Schema (ecs) or FHIR AuditEvent with BALP codes (fhir).

    Goes on from the mark, also after a crash. Starting is an entry of the log; whom entries are about is never given.
    """
    given = installation.settings()
    mark = Mark.read(path, given.log_origin)
    with installation.opened(given) as (_, session, doors):
        reference = logged.announce(session, doors, use, reason, {"followed": form, "from": str(mark.next)})
        if not doors.stop():
            sequencer.drain(session, doors.signer(session))
        click.echo(f"portal: following from entry {mark.next:,} (recorded under {reference})", err=True)
        while True:
            mark = _give(session, mark, path, form)
            if once:
                return
            time.sleep(every)


def _give(session: Session, mark: Mark, path: Path, form: str) -> Mark:
    for entries in batches(session, mark):
        sys.stdout.write("".join(f"{mapping.line(entry, mark.origin, form)}\n" for entry in entries))
        sys.stdout.flush()  # the mark moves only once they are given
        mark = mark.after(entries)
        mark.keep(path)
    return mark
