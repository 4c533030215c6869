"""Replace the log's signing key: for a while the old and the new key both sign each checkpoint, then the old one ends.

Whoever knows only the old key – a witness, an auditor, a policy – has that while to be told of the new one. Each half
is one transaction with its entry; broken off anywhere it leaves the old state or the new one, and can be repeated.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from portal.audit import pinned, signing, standing
from portal.audit.entry import Entry, Subject
from portal.audit.log import AccessLog
from portal.audit.note import Signer, Verifier
from portal.audit.origins import Origins
from portal.audit.policy import Policy
from portal.audit.sequencer import drain, locked
from portal.audit.stopping import Stop
from portal.audit.succession import digest_of
from portal.db import DAY, from_micros
from portal.errors import Misconfigured
from portal.keys import secrets

DAYS: Final = 30
"""How long both keys sign where nothing else is said."""
BEGUN: Final = "key-rotated"
ENDED: Final = "key-destroyed"


@dataclass(frozen=True, slots=True)
class Replaced:
    """The two keys, the last day on which both sign, and the reference of the entry (None: it was made earlier)."""

    old: Verifier
    new: Verifier
    until: date | None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Rekeying:
    """One installation whose log gets another key: what is pinned lies in `folder`, `names` are those of its log."""

    session: Session
    log: AccessLog
    folder: Path
    names: Origins
    clock: Callable[[], int]

    def begin(self, days: int = DAYS) -> Replaced:
        """Make a new key, and have both sign from now on. Commits.

        Repeated after it broke off, it makes no second key. Raises `Misconfigured` while one is being replaced already,
        and where the log's key is not the pinned one; `LogStopped`, `LogUnavailable`.
        """
        signer = self._signer()
        until = from_micros(self.clock() + days * DAY).date()
        if len(signer.verifiers) > 1:
            if str(signer.verifier) in map(str, pinned.known(self.folder)):
                raise Misconfigured(f"the log's key is being replaced already: end that with --finish{self._when()}")
            reference = None
        else:
            reference = self._add(signer, until)
        signer = self._signer()
        drain(self.session, signer, self.clock)
        pinned.add(self.folder, signer.verifier, until)
        return Replaced(signer.verifiers[-2], signer.verifier, until, reference)

    def finish(self, policy: Policy | None, early: bool = False) -> Replaced:
        """Destroy the old key; the new one signs alone from now on. Commits.

        Raises `Misconfigured` where no key is being replaced, before the day that was said, or before one was
        (unless `early`), and while nobody could follow: no published checkpoint has the new key's signature, or our own
        policy does not know it.
        """
        signer = self._signer()
        if len(signer.verifiers) < 2:
            return self._finished(signer)
        old, new = signer.verifiers[-2:]
        until = pinned.until(self.folder)
        if until is None and new not in pinned.known(self.folder) and not early:
            raise Misconfigured("it broke off: repeat it without --finish, so that both keys sign for a while")
        if until is not None and from_micros(self.clock()).date() <= until and not early:
            raise Misconfigured(f"both keys sign until {until.isoformat()}: add --early once everybody has the new key")
        drain(self.session, signer, self.clock)
        if policy is not None and policy.logs and new not in [log.key for log in policy.logs]:
            raise Misconfigured(f"the portal's own policy does not know the new key yet; add the line: log {new}")
        if standing.published(self.session, policy, new, self.names.begun) is None:
            raise Misconfigured("no checkpoint with the new key's signature is published yet: ask the witnesses")
        pinned.add(self.folder, new, until or from_micros(self.clock()).date())  # else the old key would be forgotten
        reference = self._destroy(signer)
        drain(self.session, self._signer(), self.clock)
        pinned.end(self.folder)
        return Replaced(old, new, until, reference)

    def _signer(self) -> Signer:
        Stop(self.folder).check()
        signer = self.log.signer(self.session, self.names.current, self.names.number)
        pinned.pinned(self.folder, signer.verifier, *signer.verifiers[:-1])
        return signer

    def _add(self, signer: Signer, until: date) -> str:
        nobody = self.log.nobody(self.session)  # before the transaction: it may open one of its own
        with self.log.transaction(self.session) as tx:
            self._alone(signer)
            seed = secrets.add(tx.session, self.log.signers.provider, signing.name_of(self.names.number))
            new = Signer(self.names.current, seed).verifier
            told = {"log_key": {"old": str(signer.verifier), "new": str(new), "until": until.isoformat()}}
            return tx.append(Entry(BEGUN, subjects=[Subject(nobody, told)], sealed_sha256=[digest_of(new)])).reference

    def _destroy(self, signer: Signer) -> str:
        nobody, (old, new) = self.log.nobody(self.session), signer.verifiers[-2:]
        with self.log.transaction(self.session) as tx:
            self._alone(signer)
            secrets.destroy(tx.session, signer.ids[-2])
            told = {"log_key": {"old": str(old), "new": str(new)}}
            return tx.append(Entry(ENDED, subjects=[Subject(nobody, told)], sealed_sha256=[digest_of(old)])).reference

    def _alone(self, signer: Signer) -> None:
        """No checkpoint is stored meanwhile, and nobody else replaced the key since it was looked at."""
        if not signing.current(locked(self.session), signer):
            raise Misconfigured("somebody else is replacing the log's key at this moment")

    def _finished(self, signer: Signer) -> Replaced:
        """What is left to do where it broke off after the old key was destroyed."""
        own = [key for key in pinned.known(self.folder) if key.name == self.names.current]
        if pinned.until(self.folder) is None or len(own) < 2:
            raise Misconfigured("the log's key is not being replaced")
        drain(self.session, signer, self.clock)
        pinned.end(self.folder)
        return Replaced(own[-2], own[-1], None)

    def _when(self) -> str:
        until = pinned.until(self.folder)
        return "" if until is None else f", after {until.isoformat()}"
