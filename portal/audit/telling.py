"""Make the file of one entry with what it says (`portal.audit.told`). As with `reading`, the caller decides who may
have it, and logs it first."""

import uuid
from collections.abc import Callable
from datetime import UTC
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit import outcomes
from portal.audit.details import Opened, Vault, YearKey
from portal.audit.proof import Inclusion
from portal.audit.reading import Full
from portal.audit.tables import DETAIL
from portal.audit.told import Detail, Told


def tell(session: Session, vault: Vault, proof: Inclusion, full: Full, may_know: Callable[[Opened], bool]) -> Told:
    """The entry of `proof` with its sealed parts; `may_know` says of each whether its key goes with it.

    Raises `SealBroken` for a key that was tampered with.
    """
    connection = session.connection()
    query = select(DETAIL).where(DETAIL.c.entry_id == full.row.entry_id).order_by(DETAIL.c.position)
    rows, year = connection.execute(query).all(), full.row.at.astimezone(UTC).year
    keys = vault.find(connection, [row.subject_tag for row in rows if row.subject_tag], year)
    opened = {each.position: each for each in full.details}
    details, decided = [], set()
    for row in rows:
        said, key = opened.get(row.position), keys.get((row.subject_tag, year))
        known = said is not None and not said.erased and key is not None and may_know(said)
        details.append(_detail(row, full.row.entry_id, vault, key if known else None))
        if known and said is not None:
            decided.add(said.decision)
    if full.row.agreement or all(each.secret for each in details):  # else it may be of an agreement not to be told of
        decided.add(full.leaf["decision"])
    contents = outcomes.contents(connection, {digest for digest in decided if digest})
    return Told(proof, details, contents)


def _detail(row: Any, entry: uuid.UUID, vault: Vault, key: YearKey | None) -> Detail:
    blobs = (row.sealed, row.silent)
    if key is None:
        return Detail(row.digest, *blobs)
    return Detail(row.digest, *blobs, key.person, vault.part_key(key, entry, row.position))
