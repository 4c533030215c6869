"""An officer looks up a person of her own surname: the case stays closed, and looks like one that does not exist."""

import re
import uuid
from collections.abc import Callable

from tests.journeys.conftest import EVERY_KIND
from tests.journeys.people import born
from tests.journeys.person import Person
from tests.journeys.serving import Demo

REFERENCE = re.compile(
    r"recorded at \d\d:\d\d|\b[0-9A-Z]{4}-[0-9A-Z]{2}\b"
)  # of an entry of its own, at its own minute
PARTS = re.compile(r"[0-9a-f-]{36}|value=\"[^\"]*\"|nonce=\"[^\"]*\"")


def _as_page(person: Person) -> str:
    """The page without what differs from one request to the next."""
    return REFERENCE.sub("", PARTS.sub("", person.page.content()))


@EVERY_KIND
def test_a_refused_case_looks_like_a_missing_one(someone: Callable[[], Person], demo: Demo) -> None:
    pryce, walsh = someone(), someone()
    pryce.signs_in("pryce")
    pryce.goes_to("/search")
    day, month, year = born(demo.home, "pryce")
    pryce.fills("Surname", "Pryce")
    for label, part in (("Day", day), ("Month", month), ("Year", year)):
        pryce.fills(label, part)
    pryce.presses("Find by name")
    pryce.heading("1 case found")
    pryce.reads("This case is not open to you in your present role.", "Ask ")
    pryce.does_not_read("Ashcombe", "Controlling or coercive")
    path = pryce.page.get_by_role("link", name=re.compile("Emergency access")).first.get_attribute("href")
    assert path
    case = path.removesuffix("/emergency")
    assert _opens(pryce, case) == 404
    refused = _as_page(pryce)
    pryce.look("not-found-refused")
    assert _opens(pryce, f"/case/{uuid.uuid4()}") == 404
    assert _as_page(pryce) == refused
    walsh.signs_in("walsh")  # where it is open, it opens: the refusal above is of the person, not of the address
    walsh.heading("My cases")


def _opens(person: Person, path: str) -> int:
    person.goes_to(path)
    person.heading("Why do you need to see this?")
    with person.page.expect_response(lambda answer: answer.status == 404) as got:
        person.presses("Open the case")
    person.heading("There is nothing here for you to see")
    return got.value.status
