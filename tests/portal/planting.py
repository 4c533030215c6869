"""A case that holds a canary in every field of every record anyone may own, and the eye that finds canaries in bytes.

A canary is text no page has by itself. Dates, PNC numbers and CRNs must keep their shape, so theirs are dates of the
thirteenth century and numbers counted up; the eye knows them as they are stored and as pages write them out.
"""

import itertools
import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from isa.agreement import Agreement, Field
from portal.audit.entry import Entry, Subject
from portal.auth.actor import Actor
from portal.db import SECOND, new_id, now_micros
from portal.pages.presenting import MONTHS
from portal.sharing import cases, storing, talk
from portal.sharing.restrictions import UNTIL
from portal.sharing.storing import NewRecord
from tests import hand
from tests.installation import World

YOUTH = (False, True, None)
_PNC_LETTERS = "ZABCDEFGHJKLMNPQRTUVWXY"
_DATE = rf"(\d\d) ({'|'.join(MONTHS)}) (1[23]\d\d)"
_EYE = re.compile(rf"cny[0-9a-f]{{9}}|1[23]\d\d-\d\d-\d\d|{_DATE}|2001/\d{{7}}[A-Z]|Q\d{{6}}".encode())


def seen(raw: bytes) -> set[str]:
    """Every canary in these bytes, as it is stored."""
    return {_stored(found) for found in _EYE.finditer(raw)}


def _stored(found: re.Match[bytes]) -> str:
    if found.group(2):
        month = MONTHS.index(found.group(2).decode()) + 1
        return f"{found.group(3).decode()}-{month:02}-{found.group(1).decode()}"
    return found.group().decode()


@dataclass(frozen=True)
class Planted:
    """One record with its canaries, by field key."""

    id: uuid.UUID
    kind: str
    label: str
    owner: str
    youth: bool | None
    values: dict[str, str]


@dataclass(frozen=True)
class Ground:
    """A case with what was planted in it and its facts. `basis`: True in force, False withdrawn, None none recorded."""

    case: uuid.UUID
    reference: str
    state: str
    assigned: bool
    delivering: bool
    basis: bool | None
    records: tuple[Planted, ...] = field(repr=False)

    def facts(self, agreement: Agreement, actor: Actor, about: tuple[str, str], youth: bool | None) -> frozenset[str]:
        """What is known to be true of this actor at this case about such a record (its owner and category), in the
        table's words."""
        role, kind = agreement.roles[actor.role], agreement.parties[actor.party].kind
        reach = {"agreement": True, "party": self.assigned, "assigned": self.assigned, "none": False}[role.reach]
        told = {
            "assigned": reach,
            "case_open": self.state == "open",
            "contracted": kind in hand.table("barnet").groups["@contracted"],
            "delivering_housing": self.delivering,
            "delivering_ete": self.delivering,
            "confidence_met": self.basis is True and about in self.based,
            "made_as_adult": youth is False,
        }
        return hand.INDUCTED | {fact for fact, true in told.items() if true}

    @cached_property
    def based(self) -> frozenset[tuple[str, str]]:
        """The (owner, category) that a basis was recorded for."""
        return frozenset((p.owner, p.label) for p in self.records if p.kind == "basis")


_counter = itertools.count(1)


def _canary(field_: Field) -> str:
    n = next(_counter)
    if field_.type == "date" and field_.key != UNTIL:  # long over, it would hide its record (test_restrictions.py)
        return f"{1200 + n // 228}-{n // 19 % 12 + 1:02}-{n % 19 + 10:02}"
    if field_.key == "identifiers.pnc":
        return f"2001/{n:07}{_PNC_LETTERS[int(f'01{n:07}') % 23]}"
    if field_.key == "identifiers.crn":
        return f"Q{n:06}"
    return f"cny{n:09x}"


def plant(
    world: World,
    staff: Iterable[Actor] = (),
    *,
    state: str = "open",
    basis: bool | None = True,
    delivering: bool = True,
    agreement: str = "barnet-iom",
) -> Ground:
    """A case with every shape of record under every youth label, assigned to `staff`."""
    text = world.doors.book.engine(agreement).agreement
    person, now = new_id(), now_micros()
    with world.doors.log.transaction(world.session) as tx:
        reference = cases.next_references(world.session, text.borough, now, 1)[0]
        case = cases.open_file(
            world.session, person, text.id, reference, "barnet_safety", now, state=state, minor=False
        )
        staff = list(staff)
        for actor in staff:
            for pathway in PATHWAYS if delivering else (None,):
                world.assign(case, actor, pathway)
        planted = tuple(_records(text, basis))
        new = [_stored_as(p, case, person, now - at * SECOND, basis) for at, p in enumerate(planted)]
        storing.store(world.session, world.doors, text, new)
        for comment, update in _under(planted):
            talk.add(world.session, comment, update, case, (), now)
        tx.append(Entry("import", agreement=text.reference, subjects=[Subject(person, {"case": case.hex})]))
    return Ground(case, reference, state, bool(staff), delivering, basis, planted)


PATHWAYS = ("accommodation", "education, training, employment")


def _under(planted: Iterable[Planted]) -> Iterator[tuple[uuid.UUID, uuid.UUID]]:
    """Each comment with an update that is given with it: of the same owner, label and age."""
    planted = list(planted)
    updates = {(p.label, p.owner, p.youth): p.id for p in planted if p.kind == "update"}
    for p in planted:
        if p.kind == talk.COMMENT:
            yield p.id, updates[p.label, p.owner, p.youth]


def _records(text: Agreement, basis: bool | None) -> Iterator[Planted]:
    for kind in text.kinds.values():
        if kind.id == "basis" and basis is None:
            continue
        for label in kind.labelled or ("",):
            fields = text.fields_of(kind.id, label or None)
            for owner in sorted({owner for f in fields for owner in f.owners}):
                for youth in YOUTH:
                    values = {f.key: _canary(f) for f in fields if owner in f.owners}
                    yield Planted(new_id(), kind.id, label, owner, youth, values)


def _stored_as(p: Planted, case: uuid.UUID, person: uuid.UUID, at: int, basis: bool | None) -> NewRecord:
    state = ("in_force" if basis else "withdrawn") if p.kind == "basis" else ""
    return NewRecord(
        p.id, case, person, p.kind, p.label, p.owner, at, new_id(), p.values, made_as_youth=p.youth, state=state
    )
