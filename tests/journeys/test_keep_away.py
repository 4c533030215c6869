"""Probation writes where a man may not go: a name is sent back, and housing reads the zone at the head of the case."""

from collections.abc import Callable

from tests.journeys.conftest import Kind
from tests.journeys.person import Person

CRAIG, RISK = "Craig Anthony Pryce", "Managing the risk this person poses"
HELP = "Helping this person to stop offending"
HEAD, OVER = "What this person must not do", "over, and shown to you alone to correct it"


def test_a_zone_is_written_without_whom_it_protects_and_read_by_who_needs_it(
    someone: Callable[[], Person], kind: Kind
) -> None:
    zone = f"Must not go into Cherry Tree Wood or the roads round it ({kind.name})."
    daniel = someone()
    daniel.signs_in("feeney")
    daniel.look("home-turning-18")
    visit = daniel.opens_case(CRAIG, RISK)
    daniel.reads(HEAD, "Exclusion zone: Must not go into the area of East Finchley", "Restraining order", OVER)
    daniel.looks_at_both_widths("keep-away-case")
    daniel.goes_to(f"{visit}/add/restriction")
    daniel.heading("Add: Zone or contact condition")
    daniel.reads("Never the name, the address or the work of whom it protects")
    daniel.chooses("Exclusion zone")
    daniel.fills("What the person must not do", f"{zone} No contact with Quenby Larkspur.")
    daniel.presses("Share this record")
    daniel.heading("Add: Zone or contact condition")
    daniel.reads("Leave out the name.")
    daniel.looks_at_both_widths("keep-away-sent-back")
    daniel.fills("What the person must not do", zone)
    daniel.presses("Share this record")
    daniel.heading(CRAIG)
    daniel.reads(zone)

    chidi = someone()
    chidi.signs_in("nwosu")
    visit = chidi.opens_case(CRAIG, HELP)
    chidi.reads(HEAD, zone, "If it is broken, ring:")
    chidi.does_not_read("Restraining order", "Quenby", "from 8pm to 7am, tagged")
    chidi.looks_at_both_widths("keep-away-housing")
    chidi.goes_to(f"{visit}/print")
    chidi.fills("What do you need it for?", "Viewing of a flat in N2")
    chidi.presses("Show the page to print")
    chidi.reads(HEAD, zone)
    chidi.look("keep-away-print")

    jerome = someone()
    jerome.signs_in("baptiste")
    jerome.opens_case("Ayub Hassan Warsame", RISK)
    jerome.reads("How to work with this person", "Ask him to say it back.")
    jerome.looks_at_both_widths("needs-case")
