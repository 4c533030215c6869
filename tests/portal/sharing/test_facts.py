"""What a recorded basis opens: the category that it names, of the owner that recorded it, until it is withdrawn."""

import uuid

import pytest

from portal.auth.actor import Actor
from portal.db import now_micros
from portal.sharing import visits, writing
from portal.sharing.reading import case as case_reading
from tests.installation import IDENTITY, World

WRITTEN = {
    **IDENTITY,
    "ntmh person": {"telephone": "020 7946 0112"},
    "ntmh update@behaviour": {"text": "Angry at the front desk"},
    "ntmh health_engagement": {"engaging": "Sporadic"},
    "barnet_recovery substance_engagement": {"engaging": "Declined"},
}


def _visit(world: World, actor: Actor, case: uuid.UUID) -> uuid.UUID:
    return visits.begin(world.session, world.doors, actor, case, "risk", "", now_micros())


def _shown(world: World, actor: Actor, case: uuid.UUID) -> set[str]:
    found = case_reading.case(world.session, world.doors, actor, _visit(world, actor, case))
    records = [r for s in found.sections for r in s.records] + list(found.timeline)
    return {v.text for r in records for v in r.values} & {v for values in WRITTEN.values() for v in values.values()}


def _basis(world: World, nurse: Actor, case: uuid.UUID, label: str, **more: str) -> uuid.UUID:
    told = {"ground": "Consent", "given_on": "2026-11-03", **more}
    typed = {f"basis.{name}@{label}": text for name, text in told.items()}
    return writing.create(world.session, world.doors, nurse, _visit(world, nurse, case), "basis", label, typed).record


@pytest.fixture(name="people")
def _people(world: World) -> tuple[Actor, Actor, uuid.UUID, set[str]]:
    """A nurse, a probation officer, their case, and what the officer sees of it before anything is recorded."""
    nurse, officer = world.actor("ntmh", "practitioner"), world.actor("probation", "practitioner")
    case = world.case(WRITTEN, assigned=[nurse, officer])
    return nurse, officer, case, _shown(world, officer, case)


def test_consent_to_share_engagement_opens_engagement_alone(world: World, people) -> None:
    nurse, officer, case, before = people
    assert not {"Sporadic", "020 7946 0112", "Angry at the front desk", "Declined"} & before
    _basis(world, nurse, case, "health_engagement")
    assert _shown(world, officer, case) == before | {"Sporadic"}


def test_each_category_has_a_basis_of_its_own(world: World, people) -> None:
    nurse, officer, case, before = people
    _basis(world, nurse, case, "identity")
    assert _shown(world, officer, case) == before | {"020 7946 0112"}
    _basis(world, nurse, case, "behaviour")
    assert _shown(world, officer, case) == before | {"020 7946 0112", "Angry at the front desk"}


def test_withdrawing_it_ends_that_disclosure_and_no_other(world: World, people) -> None:
    nurse, officer, case, before = people
    given = _basis(world, nurse, case, "health_engagement")
    _basis(world, nurse, case, "identity")
    visit = _visit(world, nurse, case)
    withdrawn = {"basis.withdrawn_on@health_engagement": "2026-11-20"}
    writing.edit(world.session, world.doors, nurse, visit, given, 1, withdrawn)
    assert _shown(world, officer, case) == before | {"020 7946 0112"}


def test_the_latest_basis_for_a_category_decides(world: World, people) -> None:
    nurse, officer, case, before = people
    _basis(world, nurse, case, "health_engagement", withdrawn_on="2026-11-04")
    assert _shown(world, officer, case) == before
    _basis(world, nurse, case, "health_engagement")
    assert _shown(world, officer, case) == before | {"Sporadic"}
