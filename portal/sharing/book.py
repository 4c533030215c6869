"""The book of agreements: which are served, who has signed which, and the engine that decides for each."""

import threading
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from isa.agreement import Agreement, Capacity
from isa.decision import Engine
from isa.loading import load
from portal.db import new_id, now_micros
from portal.errors import Misconfigured, NotFound
from portal.query import Query
from portal.sharing.tables import Adoption

_CHANGED = Query(
    select(
        func.count(),
        func.coalesce(func.max(Adoption.signed_at), 0) + func.coalesce(func.max(Adoption.ended_at), 0),
    ),
    tuple,
)


class Book:
    """Agreements by id with their engines. Signatures are read anew whenever the table of adoptions changed."""

    def __init__(self, agreements: Iterable[Agreement]) -> None:
        self._agreements = {a.id: a for a in agreements}
        self._all = tuple(self._agreements[key] for key in sorted(self._agreements))
        self._of_party: dict[str, tuple[Agreement, ...]] = {}
        self._engines: dict[str, Engine] = {}
        self._seen: tuple[Any, ...] | None = None
        self._lock = threading.Lock()

    @classmethod
    def open(cls, paths: Iterable[Path]) -> "Book":
        """Load agreement files. Raises `AgreementInvalid` with every problem, `Misconfigured` on a repeated id."""
        agreements = [load(path) for path in paths]
        ids = [a.id for a in agreements]
        if not ids or len(set(ids)) != len(ids):
            raise Misconfigured("PORTAL_AGREEMENTS: name at least one agreement file, each with an id of its own")
        return cls(agreements)

    def refresh(self, session: Session) -> None:
        """Take up signatures and suspensions made since the last look: they bind from the next request on."""
        seen = _CHANGED.first(session)
        if self._seen == seen:
            return
        with self._lock:  # one thread at a time, and all engines at once: no mixture of two looks can stay
            if self._seen != seen:
                self._engines, self._seen = self._signed(session), seen

    def _signed(self, session: Session) -> dict[str, Engine]:
        rows = session.execute(select(Adoption.digest, Adoption.party).where(Adoption.ended_at.is_(None))).all()
        return {
            agreement.id: Engine(agreement, frozenset(party for digest, party in rows if digest == agreement.digest))
            for agreement in self._agreements.values()
        }

    def engine(self, agreement: str) -> Engine:
        """The engine of an agreement. Raises `NotFound` for one that is not served (then nothing is granted)."""
        try:
            return self._engines[agreement]
        except KeyError:
            raise NotFound from None

    def all(self) -> tuple[Agreement, ...]:
        """Every agreement served, by id."""
        return self._all

    def of_party(self, party: str) -> tuple[Agreement, ...]:
        """The agreements that name this party."""
        found = self._of_party.get(party)
        if found is None:
            found = tuple(a for a in self._all if party in a.parties)
            if found:  # only parties that exist are remembered
                self._of_party[party] = found
        return found

    def bound(self, party: str) -> tuple[Agreement, ...]:
        """The agreements of this party that it has signed and not left, as of the last `refresh`."""
        signed = ((a, self.engine(a.id).signed) for a in self.of_party(party))
        return tuple(a for a, parties in signed if parties is None or party in parties)

    def of_borough(self, borough: str) -> Agreement | None:
        """The agreement that a local authority's rows go to, if one is served."""
        wanted = borough.strip().casefold()
        return next((a for a in self.all() if a.borough.casefold() == wanted), None)

    def party_name(self, party: str) -> str:
        """The short name of a party in any agreement, or its id if none names it."""
        for agreement in self.of_party(party):
            return agreement.parties[party].short
        return party

    def role_name(self, party: str, role: str) -> str:
        """The name of a role in the agreements of a party, or its id if none has it."""
        return next((a.roles[role].name for a in self.of_party(party) if role in a.roles), role)

    def signatures(self, session: Session, agreement: str) -> tuple[tuple[str, int | None], ...]:
        """(name, since when in microseconds) of every party to this version; None for one that has not signed it.
        Raises `NotFound`."""
        found = self.engine(agreement).agreement
        standing = select(Adoption.party, Adoption.signed_at).where(
            Adoption.digest == found.digest, Adoption.ended_at.is_(None)
        )
        since = {row.party: row.signed_at for row in session.execute(standing)}
        return tuple((party.name, since.get(party.id)) for party in found.parties.values())

    def may_hold(self, party: str, role: str) -> bool:
        """Whether an agreement in service lets this party's people hold the role."""
        for agreement in self.of_party(party):
            found = agreement.roles.get(role)
            if found is not None and (found.kinds is None or agreement.parties[party].kind in found.kinds):
                return True
        return False

    def role(self, capacity: Capacity) -> tuple[str, bool, str]:
        """(reach, content, standing purpose) of a capacity's role; ("none", False, "") where no agreement has it."""
        for agreement in self.of_party(capacity.party):
            role = agreement.roles.get(capacity.role)
            if role is not None:
                return role.reach, role.content, role.standing_purpose or ""
        return "none", False, ""


def adopt(session: Session, agreement: Agreement, party: str, signed_at: int | None = None) -> uuid.UUID:
    """Record that a party signed this very text (its digest). The caller holds the write and logs it."""
    if party not in agreement.parties:
        raise Misconfigured(f"{party} is not a party to {agreement.id}")
    identity = new_id()
    session.add(
        Adoption(
            id=identity,
            agreement=agreement.id,
            version=agreement.version,
            digest=agreement.digest,
            party=party,
            signed_at=signed_at or now_micros(),
            ended_at=None,
        )
    )
    session.flush()
    return identity
