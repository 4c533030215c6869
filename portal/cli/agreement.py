"""portal agreement: lint, render, explain and adopt the documents the parties sign."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from isa.agreement import ACTIONS, Agreement, Capacity
from isa.decision import Engine
from isa.document import json_schema
from isa.explaining import text_for_dpo, text_for_user
from isa.linting import lint as lint_agreement
from isa.loading import load
from isa.rendering import render as render_agreement
from portal.audit.entry import Entry
from portal.cli import installation
from portal.sharing import book

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def agreement() -> None:
    """Check, print, explain and adopt agreements."""


@agreement.command()
@click.argument("files", nargs=-1, required=True, type=FILE)
def lint(files: tuple[Path, ...]) -> None:
    """Load each FILE, run its examples and report what a careful lawyer would ask about."""
    findings = 0
    for file in files:
        loaded = load(file)
        for found in lint_agreement(loaded):
            findings += 1
            click.echo(f"{file.name}:{found.line}: {found.code} {found.message}")
        click.echo(f"{file.name}: {loaded.title}, version {loaded.version}, {len(loaded.examples)} examples hold.")
        click.echo(f"  digest {loaded.digest}")
    sys.exit(1 if findings else 0)


@agreement.command()
@click.argument("file", type=FILE)
@click.option("--party", default=None, help="Highlight this party's column.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), default=None)
def render(file: Path, party: str | None, output: Path | None) -> None:
    """Write FILE as a printable web page, with its digest, to standard output or --output."""
    page = render_agreement(load(file), highlight=party)
    if output is None:
        click.echo(page)
    else:
        output.write_text(page, "utf-8")


@agreement.command()
def schema() -> None:
    """Write the JSON Schema of agreement files, for editors."""
    click.echo(json.dumps(json_schema(), indent=2))


@agreement.command()
@click.option("--file", "file", type=FILE, default=Path(book.__file__).parents[2] / "isa/agreements/barnet.toml")
@click.option("--capacity", required=True, help="party.role, such as police.practitioner")
@click.option("--action", required=True, type=click.Choice(ACTIONS))
@click.option("--field", required=True, help="such as person.surname or update.text@housing")
@click.option("--purpose", required=True)
@click.option("--owner", default=None, help="Party that owns the record; every owner of the field if absent.")
@click.option("--fact", "facts", multiple=True, help="A fact that is true; a leading ! makes it false. Repeatable.")
def explain(
    file: Path, capacity: str, action: str, field: str, purpose: str, owner: str | None, facts: tuple[str, ...]
) -> None:
    """Say what an agreement decides, and why, in the words people see and in the words of the access log. The person
    is trained and vetted unless --fact says otherwise (!trained)."""
    loaded = load(file)
    party, _, role = capacity.partition(".")
    _known(loaded, party=party, role=role, field=field, purpose=purpose)
    given = {fact.removeprefix("!"): not fact.startswith("!") for fact in facts}
    engine, asked = Engine(loaded), loaded.fields[field]
    for each in [owner] if owner else sorted(loaded.fields[field].owners):
        here = {loaded.facts[name].of(each, asked) if name in loaded.facts else name: v for name, v in given.items()}
        view = engine.open(Capacity(party, role), {**loaded.inducted, **here}, purpose, datetime.now(UTC))
        decision = view.decide(action, field, each)
        click.echo(f"{each}: {text_for_user(loaded, decision) or 'Nothing is shown, and nothing says so.'}")
        click.echo(f"  {text_for_dpo(loaded, decision)}")


def _known(loaded: Agreement, *, party: str, role: str, field: str, purpose: str) -> None:
    for what, name, among in (
        ("party", party, loaded.parties),
        ("role", role, loaded.roles),
        ("field", field, loaded.fields),
        ("purpose", purpose, loaded.purposes),
    ):
        if name not in among:
            raise click.UsageError(f"{loaded.id} has no {what} {name!r}; it has: {', '.join(among)}")


@agreement.command()
@click.argument("agreement_id")
@click.argument("parties", nargs=-1, required=True)
def adopt(agreement_id: str, parties: tuple[str, ...]) -> None:
    """Record that PARTIES signed the text of AGREEMENT_ID that this installation serves. From now on it binds them."""
    with installation.opened(installation.settings()) as (_, session, doors):
        text = doors.book.engine(agreement_id).agreement
        with doors.log.transaction(session) as tx:
            for party in parties:
                book.adopt(session, text, party)
                tx.append(Entry("agreement-signed", agency=party, agreement=text.reference))
    click.echo(f"{', '.join(parties)}: bound by {text.reference}")
