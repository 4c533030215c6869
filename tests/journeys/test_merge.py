"""Two people change one record at the same time: the second sees both texts, and nothing is lost."""

import re
from collections.abc import Callable

from playwright.sync_api import Locator, expect

from tests.journeys.conftest import EVERY_KIND
from tests.journeys.person import Person

PURPOSE = "Helping this person to stop offending"


def _plan(person: Person) -> Locator:
    return person.page.locator(".app-record").filter(has_text="No address after lunch").first


@EVERY_KIND
def test_nothing_of_either_is_lost(someone: Callable[[], Person]) -> None:
    nwosu, coyle = someone(), someone()
    for person, key in ((nwosu, "nwosu"), (coyle, "coyle")):
        person.signs_in(key)
        person.opens_case("Danielle", PURPOSE)
        person.page.locator("#housing").get_by_role("link", name=re.compile("^Change")).first.click()
        person.heading("Change:")
    note = nwosu.page.get_by_label("Note")
    nwosu.look("record-form")
    note.fill("Rent account opened. Paint: she chose blue.")
    nwosu.presses("Keep this change")
    nwosu.reads("Your change is kept.")
    coyle.page.get_by_label("Note").fill("Succession file closed, keys signed for.")
    coyle.presses("Keep this change")
    coyle.heading("Chidi Nwosu changed this while you were writing")
    coyle.reads("Yours, not saved", "Theirs, saved", "Rent account opened.", "Succession file closed")
    coyle.look("merge")
    coyle.page.get_by_label("Note", exact=True).fill("Rent account opened. Succession file closed, keys signed for.")
    coyle.presses("Save")
    coyle.reads("Your change is kept.", "Rent account opened. Succession file closed")
    coyle.page.locator("#housing").get_by_role("link", name=re.compile("^History")).first.click()
    coyle.reads("Paint: she chose blue.", "Rent account opened. Succession file closed")
    expect(coyle.page.get_by_text("Chidi Nwosu").first).to_be_visible()
