"""What the log shows to those outside: its checkpoint, its tiles, and who vouches for it. Only bundles hold entries.

Checkpoints and hash tiles tell how many entries there are and when they came, nothing of anybody: they are open, so
that a monitor needs no account (decision 0024). A bundle holds every entry, so only who may read them all gets one.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from portal.audit import pinned, standing, tiles
from portal.audit.standing import Published, Standing
from portal.auth.actor import Actor
from portal.errors import NotFound, Refused
from portal.sharing.doors import Doors
from portal.sharing.logbook.scope import record, scope_of


@dataclass(frozen=True, slots=True)
class Vouched:
    """Who vouches for the log, under which name and key; why it is stopped, in words, or "".

    `beside`: the key that signs too, up to the day `until`, while `key` takes its place; "" and None else.
    """

    standing: Standing
    origin: str
    former: tuple[str, ...]
    key: str
    stopped: str
    beside: str = ""
    until: date | None = None


def vouched(session: Session, doors: Doors) -> Vouched:
    """How far the log and its witnesses are. Says nothing of any entry, so it is not logged."""
    names, (*beside, key) = doors.origins, doors.signer(session).verifiers
    found = standing.standing(session, doors.policy, key, doors.clock(), names.begun, beside)
    until = pinned.until(doors.settings.keys_dir) if beside else None
    also = " ".join(map(str, beside))
    return Vouched(found, names.current, names.former, str(key), doors.stop().sentence(), also, until)


def published(session: Session, doors: Doors) -> Published:
    """The newest checkpoint that the witnesses of the policy suffice for. Raises `NotFound` while there is none."""
    *beside, key = doors.signer(session).verifiers
    found = standing.published(session, doors.policy, key, doors.origins.begun, beside)
    if found is None:
        raise NotFound
    return found


def tile(session: Session, doors: Doors, path: str) -> bytes:
    """A hash tile below the published checkpoint, by its path after `tile/`. Raises `NotFound`."""
    return tiles.hashes(session, path, published(session, doors).checkpoint.size)


def bundle(session: Session, doors: Doors, actor: Actor, use: str, path: str) -> bytes:
    """An entry bundle below the published checkpoint, by its path after `tile/`; logged first.

    Raises `Refused` (clause 9.3) for who may not read every entry, and `NotFound`.
    """
    scope = scope_of(session, doors, actor)
    if not scope.system or scope.agreements != {agreement.id for agreement in doors.book.all()}:
        raise Refused(
            "9.3",
            "A bundle holds the entries of every agreement and every organisation.",
            "The partnership's data-protection officer of all agreements can have it.",
        )
    found = tiles.entries(session, path, published(session, doors).checkpoint.size)
    record(session, doors, actor, use, {"asked": {"what": "bundle", "path": path}}, operation="export")
    return found
