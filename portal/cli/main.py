"""The command `portal`: what an operator types. Each group is in a file of its own."""

import sys

import click

from isa.errors import AgreementInvalid
from portal.cli import agreement, audit, database, demo, following, importing, keys, notifying, running, witness
from portal.errors import PortalError, Refused


@click.group()
def portal() -> None:
    """Accord: share what agencies know, exactly as the signed agreement allows."""


audit.audit.add_command(following.follow)
for command in (
    agreement.agreement,
    audit.audit,
    database.db,
    keys.keys,
    importing.importing,
    demo.demo,
    running.init,
    running.migrate,
    running.serve,
    running.worker,
    running.grant,
    running.trained,
    notifying.notify,
    witness.witness,
):
    portal.add_command(command)


def main() -> None:
    """Entry point: a refusal is one line on standard error and exit code 1, never a traceback."""
    try:
        portal.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(130)
    except AgreementInvalid as error:
        for problem in error.problems:
            click.echo(f"{problem.path}, line {problem.line}: {problem.message}", err=True)
        sys.exit(1)
    except Refused as refused:
        click.echo(f"portal: {refused.words} (clause {refused.clause}, recorded under {refused.reference})", err=True)
        sys.exit(1)
    except PortalError as error:
        click.echo(f"portal: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
