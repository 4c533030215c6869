"""What the two doors need, built once per process and passed to them."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.audit import origins, pinned, policy_file, triggers
from portal.audit.log import AccessLog
from portal.audit.note import Signer, Verifier
from portal.audit.origins import Origins
from portal.audit.policy import Policy
from portal.audit.stopping import Stop
from portal.config import Settings
from portal.db import now_micros
from portal.keys import secrets
from portal.keys.catalogue import INDEX, LOG, RECORDS, open_root
from portal.keys.deks import Keyring
from portal.keys.index_tags import Tagger
from portal.sharing.book import Book


@dataclass(frozen=True)
class Doors:
    """The access log, the keys, the agreements and the clock that reading and writing share."""

    settings: Settings
    log: AccessLog
    keys: Keyring
    tags: Tagger
    book: Book
    clock: Callable[[], int] = now_micros  # microseconds UTC; one look per request decides everything in it
    policy: Policy | None = None
    """Whose cosignatures publish a checkpoint of the log; None where nobody witnesses it."""

    @property
    def origins(self) -> Origins:
        """The names of the log, as the file beside the keys says now."""
        return origins.read(self.settings.keys_dir, self.settings.log_origin)

    def signer(self, session: Session) -> Signer:
        """The log's signing key under its present origin."""
        names = self.origins
        return self.log.signer(session, names.current, names.number)

    def former(self, session: Session) -> tuple[Verifier, ...]:
        """The log's other verifier keys, in order: of origins that have ended, and replaced ones of the present."""
        names, kept = self.origins, pinned.known(self.settings.keys_dir)
        found: dict[Verifier, None] = {}
        for number, name in enumerate((*names.former, names.current), 1):
            signs = self.log.signer(session, name, number).verifiers
            found.update(dict.fromkeys([*(key for key in kept if key.name == name and key not in signs), *signs]))
        return tuple(found)[:-1]

    def stop(self) -> Stop:
        """What stops the log, if anything does."""
        return Stop(self.settings.keys_dir)


def open_doors(settings: Settings, session: Session) -> Doors:
    """The doors of an installation. Raises `Misconfigured`, `AgreementInvalid` rather than opening half right."""
    triggers.require(session)
    log = AccessLog(open_root(settings.keys_dir, LOG), stop=Stop(settings.keys_dir))
    with log.transaction(session):
        index = secrets.named(session, open_root(settings.keys_dir, INDEX), "search-tags")
    doors = Doors(
        settings=settings,
        log=log,
        keys=Keyring(open_root(settings.keys_dir, RECORDS)),
        tags=Tagger(index),
        book=Book.open(settings.agreements),
        policy=policy_file.load(settings.witness_policy),
    )
    doors.book.refresh(session)
    if doors.policy is not None:
        policy_file.require_log(doors.policy, *doors.signer(session).verifiers)
    return doors
