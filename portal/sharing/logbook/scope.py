"""What one data-protection officer may read of the access log, for which use, and that each reading is logged.

Clause 9.3: a party's officer reads the entries about its own users and its own data, the partnership's reads all, each
under the agreements that name their party. DPA 2018 s.62(4) allows the log to be used for four things only.
"""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.audit.entry import Subject
from portal.audit.reading import Scope
from portal.auth.actor import Actor
from portal.errors import Refused
from portal.sharing import said
from portal.sharing.disclosure import Receipt
from portal.sharing.doors import Doors
from portal.sharing.fields import Invalid, clean
from portal.sharing.tables import CaseFile, Notice

DPO: Final = "dpo"
PARTNERSHIP: Final = "partnership_dpo"
LONGEST_REASON: Final = 500


@dataclass(frozen=True, slots=True)
class Use:
    """One of the uses of DPA 2018 s.62(4), in plain words. `id` stands as the purpose in the log."""

    id: str
    name: str
    example: str


USES: Final[Mapping[str, Use]] = {
    use.id: use
    for use in (
        Use("s62-lawfulness", "checking that processing is lawful", "A complaint, a request, or a sample of views"),
        Use("s62-self-monitoring", "self-monitoring, discipline included", "Reviewing how your own people use it"),
        Use("s62-integrity", "integrity and security of the data", "Verifying the log, or looking into an incident"),
        Use("s62-proceedings", "criminal proceedings", "Evidence that a court or an investigation has asked for"),
    )
}
HOME_USE: Final = "s62-integrity"
"""The use that the officer's first page serves before any other is named."""


def scope_of(session: Session, doors: Doors, actor: Actor) -> Scope:
    """What the log may show this actor. Raises `Refused` for any role but the two."""
    agreements = doors.book.of_party(actor.party)
    ids = frozenset(a.id for a in agreements)
    if actor.role == PARTNERSHIP:
        return Scope(ids, frozenset(party for a in agreements for party in a.parties), system=True)
    if actor.role == DPO:
        own = frozenset({actor.party})
        told = session.scalars(select(Notice.entry).where(Notice.party == actor.party))
        return Scope(ids, own, own, told=frozenset(told))
    raise Refused("9.3", "The access log is read by data-protection officers.")


def record(
    session: Session,
    doors: Doors,
    actor: Actor,
    use: str,
    detail: Mapping[str, Any],
    persons: Iterable[uuid.UUID] = (),
    *,
    operation: str = "log-read",
    outcome: str = "permitted",
) -> Receipt:
    """Log one reading of the log, before anything of it is opened. `detail` says what was asked, never what it held.

    Raises `Refused` for a use that s.62(4) does not know, `LogUnavailable`.
    """
    if use not in USES:
        raise Refused("9.3", "The law allows the access log to be used for four things only.")
    subjects = [Subject(person, dict(detail)) for person in persons]
    with doors.log.transaction(session) as tx:
        about = subjects or [Subject(doors.log.nobody(session), dict(detail))]
        receipt = tx.append(said.entry(operation, actor, outcome=outcome, purpose=use, subjects=about))
    return said.receipt(receipt)


def clean_reason(text: str) -> str:
    """Why something is taken out of the log. Raises `Invalid` (reason) for none, or one that is too long."""
    why = clean(text)
    if not why or len(why) > LONGEST_REASON:
        wrong = f"Use {LONGEST_REASON} characters or fewer" if why else "Say why you take it out"
        raise Invalid({"reason": wrong})
    return why


def person_of(session: Session, scope: Scope, reference: str) -> uuid.UUID | None:
    """The person of a case by its reference, if its agreement is within the scope."""
    wanted = reference.strip().upper()
    query = select(CaseFile.person).where(CaseFile.reference == wanted, CaseFile.agreement.in_(scope.agreements))
    return session.scalar(query)


def references(session: Session, scope: Scope, cases: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Case references by case id, for the cases of the scope's agreements."""
    query = select(CaseFile.id, CaseFile.reference)
    rows = session.execute(query.where(CaseFile.id.in_(set(cases)), CaseFile.agreement.in_(scope.agreements)))
    return {row[0]: row[1] for row in rows}


def unseen_notices(session: Session, party: str) -> int:
    """How many notices to a party's data-protection officers nobody has dealt with."""
    query = select(func.count()).select_from(Notice).where(Notice.party == party, Notice.seen_at.is_(None))
    return session.scalar(query) or 0


def told_since(session: Session, party: str, since: int) -> bool:
    """Whether a notice to a party's data-protection officers came after an instant that nobody has dealt with."""
    query = select(Notice.id).where(Notice.party == party, Notice.seen_at.is_(None), Notice.created_at > since)
    return session.scalar(query.limit(1)) is not None
