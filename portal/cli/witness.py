"""portal witness: what a partner agency runs on a machine of its own, to hold the access log to its word.

Imports neither database nor web: `python -m portal.cli.witness` runs on Python with click and cryptography alone.
"""

import logging
import sys
from pathlib import Path

import click

from portal.audit import witness as witnesses
from portal.audit.note import NoteInvalid, Verifier
from portal.audit.witness import WitnessBroken
from portal.audit.witness_server import WitnessServer

_HOME = click.option(
    "--home", type=click.Path(path_type=Path), required=True, help="Folder of this witness, on this machine only."
)


@click.group()
def witness() -> None:
    """Cosign the access log of a portal, on a machine and with a key of your own."""


@witness.command()
@click.argument("name")
@_HOME
def init(name: str, home: Path) -> None:
    """Make the folder and key of the witness NAME, such as police.example/iom-witness. Never replaces a key.

    The line it prints goes into the portal's policy file, with the address at which this witness answers.
    """
    try:
        click.echo(witnesses.create(home, name))
    except (NoteInvalid, WitnessBroken) as error:
        raise click.ClickException(str(error)) from error


@witness.command("add-log")
@click.argument("log")
@_HOME
@click.option("--never-signed", is_flag=True, help="The log is in logs.txt, and this witness never signed for it.")
def add_log(log: str, home: Path, never_signed: bool) -> None:
    """Cosign the log with the verifier key LOG from now on, or know its new key beside the old one.

    Take the key from the data-protection officer by another way than the network. A state that is gone is noticed.
    """
    try:
        new = witnesses.add_log(home, Verifier.parse(log), never_signed)
    except (NoteInvalid, WitnessBroken) as error:
        raise click.ClickException(str(error)) from error
    click.echo("Added." if new else "It is there already.")


@witness.command()
@_HOME
def key(home: Path) -> None:
    """Print the verifier key."""
    click.echo(_opened(home).key)


@witness.command()
@_HOME
@click.option("--bind", default="127.0.0.1:8090", help="Address and port to listen on; port 0 takes a free one.")
@click.option("--prefix", default="", help="What stands before /add-checkpoint in the address.")
def run(home: Path, bind: str, prefix: str) -> None:
    """Answer POST /add-checkpoint for the logs named in logs.txt, until stopped."""
    host, _, port = bind.rpartition(":")
    if not host or not port.isdigit():
        raise click.ClickException("--bind needs an address and a port, such as 127.0.0.1:8090")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    opened = _opened(home)
    try:
        server = WitnessServer((host.strip("[]"), int(port)), opened, prefix.rstrip("/"))
    except (OSError, OverflowError) as error:
        raise click.ClickException(f"cannot listen at {bind}") from error
    with server:
        known = len(opened.logs())
        click.echo(f"{opened.key} knows {known} log{'' if known == 1 else 's'}, port {server.server_address[1]}")
        sys.stdout.flush()
        server.serve_forever()


def _opened(home: Path) -> witnesses.Witness:
    try:
        return witnesses.Witness(home)
    except WitnessBroken as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    witness()
