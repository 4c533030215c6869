"""Who will see an update and who will not: checked against the shipped agreement and the decisions of its engine."""

import pytest

from portal.pages.audience import audience
from portal.sharing import preview, visits
from portal.sharing.forms import to_add
from portal.sharing.preview import Audience as Party
from portal.sharing.reading import case as case_reading
from portal.sharing.sight import Shape
from tests.installation import World


def party(name: str, sees: bool, now: bool, clause: str = "5.4", words: str = "") -> Party:
    return Party(name.lower(), name, sees, clause, words, now)


def test_three_lists_and_alike_ones_together() -> None:
    told = audience(
        [
            party("Probation", True, True),
            party("Youth Justice", True, True),
            party("Prisons", True, False, "5.5"),
            party("MOPAC", False, False, "1.4", "No clause gives it to anyone (clause 1.4)."),
        ]
    )
    assert [(line.agencies, line.clause) for line in told.will] == [("Probation and Youth Justice", "5.4")]
    assert [line.agencies for line in told.would] == ["Prisons"]
    assert [(line.agencies, line.note) for line in told.will_not] == [
        ("MOPAC", "No clause gives it to anyone (clause 1.4).")
    ]


def test_what_differs_in_reason_is_not_put_together() -> None:
    told = audience([party("A", False, True, "5.4", "One."), party("B", False, True, "5.4", "Another.")])
    assert len(told.will_not) == 2


def test_every_other_party_stands_in_exactly_one_list(world: World) -> None:
    actor = world.actor("barnet_housing", "practitioner")
    case = world.case(assigned=[actor])
    visit = visits.begin(world.session, world.doors, actor, case, "pathways", "", world.doors.clock())
    blank = to_add(world.session, world.doors, actor, visit, "update")
    agreement = world.doors.book.engine("barnet-iom").agreement
    assert blank.choices
    for choice in blank.choices:
        told = audience(choice.audience)
        lists = [line.agencies for half in (told.will, told.would, told.will_not) for line in half]
        for other in agreement.parties.values():
            count = sum(other.short in names for names in lists)
            assert count == (0 if other.id == "barnet_housing" else 1), (choice.label, other.short)


@pytest.mark.parametrize("delivers", [True, False])
def test_a_contractor_that_delivers_housing_is_named_as_a_reader_and_one_that_does_not_is_not(
    world: World, delivers: bool
) -> None:
    actor, worker = world.actor("barnet_housing", "practitioner"), world.actor("barnet_bridges", "practitioner")
    case = world.case(assigned=[actor])
    with world.doors.log.transaction(world.session):
        world.assign(case, worker, "accommodation" if delivers else None)
    visit = visits.begin(world.session, world.doors, actor, case, "pathways", "", world.doors.clock())
    rows = preview.audience(world.session, world.doors, actor, visit, "accommodation", "")
    found = next(row for row in rows if row.party == "barnet_bridges")
    assert (found.sees, found.now) == (delivers, True)


def test_a_coordinator_is_there_without_being_assigned(world: World) -> None:
    actor = world.actor("police", "practitioner")
    case = world.case(assigned=[actor])
    visit = visits.begin(world.session, world.doors, actor, case, "risk", "", world.doors.clock())

    def safety() -> bool:
        rows = preview.audience(world.session, world.doors, actor, visit, "update", "behaviour")
        return next(row.now for row in rows if row.party == "barnet_safety")

    assert not safety()
    world.actor("barnet_safety", "coordinator")
    assert safety()


@pytest.mark.parametrize("service", ["ntmh", "barnet_recovery"])
def test_that_a_treatment_service_works_on_the_case_is_not_told_before_sharing_but_stands_in_the_log(
    world: World, service: str
) -> None:
    actor, worker = world.actor("barnet_housing", "practitioner"), world.actor(service, "practitioner")
    told, named = [], []
    for assigned in ([actor], [actor, worker]):
        visit = visits.begin(
            world.session, world.doors, actor, world.case(assigned=assigned), "pathways", "", world.doors.clock()
        )
        told.append(preview.audience(world.session, world.doors, actor, visit, "update", "behaviour"))
        found = case_reading.find(world.session, world.doors, actor, visit)
        named.append(
            service in preview.recipients(world.session, found, Shape("update", "behaviour", actor.party, False))
        )
    assert told[0] == told[1]
    assert any(row.party == service and row.sees for row in told[0])
    assert named == [False, True]
