"""Opens what is staged of a monthly file. Its callers decide and log first; nothing here does."""

import json
import uuid
from collections.abc import Iterable
from typing import Any

from sqlalchemy.orm import Session

from portal.keys.opening import open_with
from portal.keys.sealing import Context, dek_id
from portal.sharing.doors import Doors

RUN, ROW = "import_run", "import_row"
SEAL_CLASS = "import"


def place(kind: str, record: uuid.UUID, run: uuid.UUID, party: str) -> Context:
    """The one place a staged value belongs to. The run stands where a person would: its key is its own."""
    return Context(kind, record, "row", run, party, SEAL_CLASS, 1)


def opened(
    session: Session, doors: Doors, kind: str, run: uuid.UUID, party: str, rows: Iterable[tuple[uuid.UUID, bytes]]
) -> list[Any]:
    """What the sealed rows say, in order. Raises `SealBroken` if one does not verify: then none of the file is used."""
    rows = list(rows)
    deks = doors.keys.load(session, {dek_id(sealed) for _, sealed in rows})
    return [json.loads(open_with(deks, place(kind, record, run, party), sealed)) for record, sealed in rows]
