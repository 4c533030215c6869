"""portal keys: rotation of the roots."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
from sqlalchemy.orm import Session
from tqdm import tqdm

from portal.audit.entry import Entry
from portal.cli import installation
from portal.errors import SealBroken
from portal.keys import rotation
from portal.keys.catalogue import RECORDS, ROOTS, open_root


@click.group()
def keys() -> None:
    """Rotate what protects the sealed values."""


@keys.group()
def rotate() -> None:
    """Replace a key by a new one."""


@rotate.command("root")
@click.option("--root", type=click.Choice(ROOTS), default=ROOTS[0], show_default=True)
def rotate_root(root: str) -> None:
    """Make a new version of a root and rewrap everything under it. An interrupted run is taken up by the next."""
    given = installation.settings()
    with installation.opened(given) as (_, session, doors):

        @contextmanager
        def batch() -> Iterator[Session]:
            with doors.log.transaction(session) as tx:
                yield tx.session

        with tqdm(unit=" keys", desc=f"Rewrapping under {root}") as bar:

            def progress(done: int, total: int) -> None:
                bar.total = total
                bar.update(done - bar.n)

            stores = [rotation.named_secrets(root), *([rotation.data_keys()] if root == RECORDS else [])]
            done = rotation.rotate_root(batch, open_root(given.keys_dir, root), stores, progress)
        with doors.log.transaction(session) as tx:
            tx.append(Entry("key-rotated"))
    click.echo(f"Root {root} is at version {done.version}: {done.rewrapped} keys rewrapped, {done.remaining} left.")
    if done.remaining:
        raise SealBroken(f"{done.remaining} keys do not verify and stay under the old version")
