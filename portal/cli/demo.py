"""portal demo: the whole portal with invented people, on this machine only."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import click
from tqdm import tqdm

from isa.agreement import Agreement
from portal.cli import installation
from portal.demo import configuring, running
from portal.demo.people import cast, staff

SHOWN = (
    ("police", "practitioner"),
    ("probation", "practitioner"),
    ("barnet_housing", "practitioner"),
    ("ntmh", "practitioner"),
    ("barnet_recovery", "practitioner"),
    ("barnet_bridges", "practitioner"),
    ("barnet_safety", "coordinator"),
    ("probation", "spoc"),
    ("police", "dpo"),
    ("barnet_safety", "partnership_dpo"),
    ("police", "admin"),
)


@click.command()
@click.option(
    "--home", type=click.Path(file_okay=False, path_type=Path), envvar="PORTAL_HOME", default=Path("var/demo")
)
@click.option("--port", type=click.IntRange(1, 65534), envvar="PORT", default=8000, show_default=True)
@click.option(
    "--persons", type=click.IntRange(1), default=None, help="Seed this many plainer lives instead of the story."
)
@click.option("--cases", type=click.IntRange(1), default=None, help="With --persons: how many cases they have.")
@click.option("--seed-only", is_flag=True, help="Seed and stop.")
def demo(home: Path, port: int, persons: int | None, cases: int | None, seed_only: bool) -> None:
    """Seed an embedded database with invented people and serve it on loopback. A second start keeps the data."""
    if not seed_only:
        running.require_free(port, port + 1)
    home = home.absolute()
    given = configuring.settings(home, port)
    installation.create(given)
    crowd_of = (persons, cases or persons) if persons else None
    with installation.opened(given) as (_, session, doors):
        running.configure(given, doors, port + 1)
        running.seed(given, session, doors, port + 1, bar, crowd_of)
        agreements = tuple(doors.book.all())
    if not seed_only:
        sys.exit(running.serve(given, port, port + 1, lambda: welcome(port, agreements)))


def bar(total: int, unit: str) -> Callable[[int], object]:
    """A progress bar on standard error."""
    return tqdm(total=total, unit=f" {unit}", desc="Seeding").update


def welcome(port: int, agreements: Sequence[Agreement]) -> None:
    """Say where to go and as whom to sign in, in the names that the sign-in page knows."""
    click.echo(f"\n  Accord is ready: http://127.0.0.1:{port}\n")
    click.echo("  Choose the organisation, then the person (no password: this is a demonstration).\n")
    names = configuring.names(agreements)
    roles = {role.id: role.name for agreement in agreements for role in agreement.roles.values()}
    rows = [(name, roles[role], names[party]) for party, role in SHOWN for name in _members(party, role)]
    width = [max(len(row[column]) for row in rows) for column in range(3)]
    for name, role, organisation in rows:
        click.echo(f"  {name:<{width[0]}}  {role:<{width[1]}}  {organisation}")
    click.echo("\n  Six cases told in depth:")
    for sentence in dict.fromkeys(cast.CAST.values()):
        click.echo(f"  - {sentence}")
    click.echo("\n  Every person is invented. Stop with Ctrl-C.\n")


def _members(party: str, role: str) -> list[str]:
    return [s.name for s in staff.roster() if (party, role) in s.capacities][:2]
