"""Who a row is about: by CRN, then PNC ID; a name alone only raises a doubt."""

from collections.abc import Sequence

import pytest

from portal.sharing.importing import previewing, publishing, runs, staging
from portal.sharing.importing.previewing import Preview
from tests.installation import World
from tests.portal.sharing.importing.making import HEADINGS, csv_of
from tests.portal.sharing.importing.people import pnc, row


def looked_at(world: World, *rows: Sequence[str]) -> Preview:
    spoc = world.actor("probation", "spoc")
    run = staging.stage(world.session, world.doors, spoc, csv_of([HEADINGS, *rows]))
    return previewing.preview(world.session, world.doors, spoc, run)


def bring_in(world: World, *rows: Sequence[str]) -> None:
    spoc = world.actor("probation", "spoc")
    run = staging.stage(world.session, world.doors, spoc, csv_of([HEADINGS, *rows]))
    assert publishing.publish(world.session, world.doors, spoc, run).state == runs.PUBLISHED


def counts(seen: Preview) -> tuple[int, int, int, int]:
    return seen.run.new, seen.run.changed, seen.run.unchanged, seen.run.refused


@pytest.fixture
def known(world: World) -> World:
    """Two people of Barnet, rows 0 and 3 of `people.row`."""
    bring_in(world, row(0), row(3))
    return world


@pytest.mark.parametrize(
    ("given", "outcome", "words"),
    [
        (row(0), (0, 0, 1, 0), ""),
        (row(0, PNC=""), (0, 0, 1, 0), ""),
        (row(0, SURNAME="Married"), (0, 1, 0, 0), ""),
        (row(0, BORN="02/02/1980"), (0, 1, 0, 0), ""),
        (row(0, CRN="Z999999"), (0, 1, 0, 0), ""),
        (row(6), (1, 0, 0, 0), ""),
        (row(0, PNC=pnc(2013, 4)), (0, 0, 0, 1), "belong to different people"),
        (row(0, SURNAME="Other", BORN="02/02/1980"), (0, 0, 0, 1), "another surname and another date of birth"),
        (row(0, CRN="Z999999", SURNAME="Other"), (0, 0, 0, 1), "another name or date of birth, and no CRN"),
        (row(0, CRN="Z999999", PNC=""), (0, 0, 0, 1), "Possibly known"),
        (row(0, ADDRESS="x" * 301), (0, 0, 0, 1), "300 characters or fewer"),
    ],
)
def test_the_outcome_of_a_row_about_known_people(
    known: World, given: list[str], outcome: tuple[int, int, int, int], words: str
) -> None:
    seen = looked_at(known, given)
    assert counts(seen) == outcome, seen.wrong
    assert words in " ".join(w.message for w in seen.wrong)
    assert all(w.remedy for w in seen.wrong)


def test_two_rows_that_are_one_person_here_are_both_refused(known: World) -> None:
    seen = looked_at(known, row(0, PNC=""), row(0, CRN="Z999999"))
    assert counts(seen) == (0, 0, 0, 2)
    assert "are one person here" in seen.wrong[0].message


def test_what_treatment_services_hold_is_not_matched(world: World) -> None:
    numbers = row(0, PNC="")
    names = {"surname": numbers[2], "date_of_birth": "1970-01-01"}
    world.case({"barnet_recovery person": names})
    assert counts(looked_at(world, numbers)) == (1, 0, 0, 0)


def test_a_row_confirmed_stays_confirmed_when_it_is_compared_again(known: World) -> None:
    spoc = known.actor("probation", "spoc")
    data = csv_of([HEADINGS, row(0, CRN="Z999999", PNC="")])
    run = staging.stage(known.session, known.doors, spoc, data)
    previewing.confirm(known.session, known.doors, spoc, run, [2])
    staging.again(known.session, known.doors, spoc, publishing.begin(known.session, known.doors, spoc, run))
    assert counts(previewing.preview(known.session, known.doors, spoc, run)) == (1, 0, 0, 0)
