"""Through HTTP: what may be added, shared and changed ⇔ the truth table written by hand.

Adding and sharing are one act in the portal, so a record is kept where the table permits both.
"""

import re
import uuid

import pytest
from sqlalchemy import select

from isa.agreement import Capacity, Field
from portal.sharing.tables import RecordRow, SealedValue
from tests.portal.land import Land, capacities, raw, visit, whole
from tests.portal.planting import Ground, Planted, seen

TEXT = "Written by the matrix"
EXACT = {"identifiers.pnc": "2003/0123456L", "identifiers.crn": "X123456", "score.value": "63"}
EXACT |= {"compact.version": "2", "compact.refused": "No"}
Shape = tuple[str, str]


def shapes(land: Land) -> list[Shape]:
    """Every kind of record with every label its writer may choose."""
    return [(kind.id, label) for kind in land.agreement.kinds.values() for label in (kind.labelled or ("",))]


def fields_for(land: Land, ground: Ground, capacity: Capacity, purpose: str, shape: Shape, action: str) -> list[Field]:
    """The fields of a new record of one's own that the table permits the action on."""
    fields = land.agreement.fields_of(shape[0], shape[1] or None)
    asked = ((f, (action, f.key, capacity.party, purpose)) for f in fields if capacity.party in f.owners)
    return [f for f, ask in asked if land.permits(ground, capacity, ask, False)]


def writable(land: Land, ground: Ground, capacity: Capacity, purpose: str) -> set[Shape]:
    """What the table lets this capacity add to a case it may know of, by hand: how the criteria stood is written with a
    decision alone, a comment under an update."""
    if not land.knows(ground, capacity, purpose):
        return set()
    return {
        shape
        for shape in shapes(land)
        if shape[0] not in ("criteria", "same_person", "request", "reply", "move", "comment", "transfer")
        and all(fields_for(land, ground, capacity, purpose, shape, action) for action in ("create", "share"))
    }


OPENS = {  # what each owner's basis opens, by the clauses that ask for one (5.12 to 5.16A, 5.39 to 5.52, 5.66, 5.66A)
    "ntmh": {"identity", "responsible", "selection", "behaviour", "health_engagement", "health_need"},
    "barnet_recovery": {
        *("identity", "responsible", "selection", "behaviour"),
        *("substance_engagement", "substance_need", "substance"),
    },
    "dwp": {"identity", "responsible", "selection", "behaviour", "ete", "safety"},
    "probation": {"substance_engagement", "substance_need"},
}


def to_offer(capacity: Capacity, shape: Shape) -> bool:
    """Whether a page offers what may be added: updates and actions have links of their own, a basis is to open
    something."""
    kind, label = shape
    return kind not in ("update", "action") and (kind != "basis" or label in OPENS[capacity.party])


def offered(page: str) -> set[Shape]:
    """What a case page offers to add, updates and actions apart."""
    found = re.findall(r'href="/visit/[0-9a-f-]+/add/([a-z_]+)(?:/([a-z_]+))?"', page)
    return {(kind, label) for kind, label in found}


def form(fields: list[Field]) -> dict[str, str]:
    """Something right for each field, as a browser would send it."""
    sent: dict[str, str] = {}
    for field in fields:
        name = field.key.partition("@")[0]
        if field.type == "date":
            year = "1991" if field.key == "person.date_of_birth" else "2026"
            sent |= {f"{name}-day": "3", f"{name}-month": "11", f"{name}-year": year}
        else:
            value = {"choice": field.choices[0] if field.choices else "", "yesno": "Yes"}.get(field.type, TEXT)
            sent[name] = EXACT.get(field.key, value)
    return sent


def add(land: Land, capacity: Capacity, path: str, shape: Shape) -> tuple[int, bytes]:
    """Send the form of a new record with every field filled in, permitted or not."""
    kind, label = shape
    sent = form(list(land.agreement.fields_of(kind, label or None)))
    to = f"{path}/add/{kind}/{label}" if label else f"{path}/add/{kind}"
    if kind == "update":
        day = {f"happened-{part}": sent[f"update.happened_on-{part}"] for part in ("day", "month", "year")}
        sent = {"text": TEXT, "kind": label, "nature": "Fact", "source": "Home visit", **day}
        to = f"{path}/update"
    if kind == "action":
        sent, to = {"task": TEXT, "kind": label, "to": "me", "by": "7"}, f"{path}/action"
    answer = land.browser(capacity).post(to, {**sent, "once": str(uuid.uuid4())})
    return answer.status_code, raw(answer)


def kept(land: Land, ground: Ground) -> dict[uuid.UUID, tuple[str, str, str, frozenset[str]]]:
    """The records of a case that were not planted: kind, label, owner and fields of each."""
    session = land.world.session
    session.rollback()
    planted = {p.id for p in ground.records}
    fields: dict[uuid.UUID, set[str]] = {}
    for record, name in session.execute(select(SealedValue.record, SealedValue.field)):
        fields.setdefault(record, set()).add(name)
    rows = session.scalars(select(RecordRow).where(RecordRow.case == ground.case))
    return {r.id: (r.kind, r.label, r.owner, frozenset(fields[r.id])) for r in rows if r.id not in planted}


def check_adding(land: Land, capacity: Capacity, name: str, purpose: str, turn: int, each: int) -> None:
    """The links to add, and forms sent: those the table permits and those it does not, `each` of either in turn."""
    ground, web = land.grounds[name], land.browser(capacity)
    path = visit(land, capacity, ground, purpose)
    may = writable(land, ground, capacity, purpose)
    if path is None:  # a purpose that opens nothing to read: there is no page to write from either
        return
    page = web.get(path)
    where = (capacity, name, purpose)
    assert offered(page.text) == {s for s in may if to_offer(capacity, s)}, where
    for own in ("update", "action"):
        assert (f'href="{path}/{own}"' in page.text) == any(kind == own for kind, _ in may), where
    may_not = [s for s in shapes(land) if s not in may]
    for asked in (sorted(may), may_not):
        for shape in (asked[(turn + i) % len(asked)] for i in range(min(each, len(asked)))):
            before = kept(land, ground)
            status, told = add(land, capacity, path, shape)
            new = [row for id_, row in kept(land, ground).items() if id_ not in before]
            assert seen(told) <= whole(land.given(ground, capacity, purpose)), (where, shape)
            if shape in may:
                given = fields_for(land, ground, capacity, purpose, shape, "create")
                given = [f for f in given if f.kind != "action" or f.local not in ("result", "outcome")]
                assert (status, new) == (303, [(*shape, capacity.party, frozenset(f.key for f in given))]), where
            else:
                assert new == [], (where, shape)
                assert status in (403, 404), (where, shape, status)


def check_changing(land: Land, capacity: Capacity, name: str, purpose: str, turn: int) -> None:
    """The form to change a record and what it does: of one's own and of other parties' records."""
    ground, web = land.grounds[name], land.browser(capacity)
    path = visit(land, capacity, ground, purpose)
    if path is None:
        return
    knows = land.knows(ground, capacity, purpose)
    own = [p for p in ground.records if p.owner == capacity.party]
    others = [p for p in ground.records if p.owner != capacity.party]
    for p in [*own[turn % 7 :: 9], *others[turn % 50 :: 120]]:
        edits, shares, reads = (
            land.of_record(ground, p, capacity, purpose, action) if knows else set()
            for action in ("edit", "share", "read")
        )
        asked = web.get(f"{path}/record/{p.id}/edit")
        assert (asked.status_code == 200) == bool(edits & shares and reads), (capacity, p, asked.status)
        assert seen(raw(asked)) <= reads
        before = version(land, p)
        answer = web.post(f"{path}/record/{p.id}/edit", {"version": str(before), **changed(land, p)})
        assert version(land, p) - before == bool(edits & shares and reads), (capacity, p, answer.status)
        assert seen(raw(answer)) <= reads


def changed(land: Land, p: Planted) -> dict[str, str]:
    return form([land.agreement.fields[key] for key in p.values])


def version(land: Land, p: Planted) -> int:
    land.world.session.rollback()
    return land.world.session.scalars(select(RecordRow.version).where(RecordRow.id == p.id)).one()


PURPOSES = ("selection", "risk", "pathways", "safeguarding", "enforcement", "deselection", "rights", "evaluation")


def writers(land: Land) -> list[Capacity]:
    return [c for c in capacities(land.agreement) if c.role in ("practitioner", "coordinator", "feed")]


def test_what_is_added_is_what_the_table_gives(land: Land) -> None:
    for turn, capacity in enumerate(writers(land)):
        name = "de-selected" if turn % 5 == 4 else "whole"
        check_adding(land, capacity, name, PURPOSES[turn % 7], turn, 3)


def test_what_is_changed_is_what_the_table_gives(land: Land) -> None:
    for turn, capacity in enumerate(writers(land)):
        check_changing(land, capacity, "basis withdrawn", PURPOSES[(turn + 1) % 7], turn)


@pytest.mark.long
def test_adding_by_every_capacity_for_every_purpose(land: Land) -> None:
    for turn, capacity in enumerate(capacities(land.agreement)):
        if land.agreement.roles[capacity.role].content:
            for purpose in PURPOSES:
                check_adding(land, capacity, "no basis, not delivering", purpose, turn, 6)
