"""The same way in and out at a provider that nobody here wrote: npm oidc-provider, against a portal of its own."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext

from portal.auth import capacities, induction, people
from portal.auth.actor import Actor
from portal.db import now_micros
from portal.demo import running as demo_running
from portal.sharing import staff
from tests import installation
from tests.installation import World
from tests.journeys import serving
from tests.journeys.conftest import EVERY_KIND, Kind
from tests.journeys.person import Person
from tests.machine import free_port
from tests.oidc import fixtures
from tests.oidc.fixtures import Account, Running

CASE = {
    "probation person": {"surname": "Marlowe", "forename": "Dean", "date_of_birth": "1991-03-27"},
    "barnet_safety case": {"status": "Active", "rag": "Amber"},
    "police update@behaviour": {
        "text": "At the bus stop as agreed.",
        "nature": "Fact",
        "happened_on": "2026-01-05",
    },
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Running]]:
    """A portal with one case, and the provider through which its police and housing people sign in."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    home = tmp_path_factory.mktemp("another") / "home"
    with fixtures.running(base) as provider:
        given = installation.build(home, base_url=base)
        provider.write_providers(home)
        with installation.opened(given) as world:
            officer = _enrol(world, provider.police, provider.accounts["pc-okafor"])
            housing = _enrol(world, provider.shared, provider.accounts["housing-1"])
            world.case(CASE, assigned=[officer, housing])
        with serving.portal(given, port):
            yield base, provider


def _enrol(world: World, issuer: str, account: Account) -> Actor:
    """Give an account of the provider the capacity of a practitioner, before its first sign-in."""
    assert account.party
    now, session, doors = now_micros(), world.session, world.doors
    tags = demo_running.tags(world.settings, session, doors)
    with doors.log.transaction(session) as tx:
        user = people.register(session, tags.identity(issuer, account.subject), account.party, now)
        staff.keep(session, doors.keys, user, account.party, account.name, "")
        made = capacities.install(tx, user, account.party, "practitioner", now, None, now)
        induction.install(tx, user, account.party, installation.INDUCTED, now)
    return Actor(user, account.party, "practitioner", "not signed in yet", made.id, False, installation.INDUCTED)


@pytest.fixture
def someone(
    contexts: Callable[[Kind], BrowserContext], kind: Kind, place: tuple[str, Running], pictures: Path | None
) -> Callable[[], Person]:
    """A person at a browser before the portal of this place."""
    return lambda: Person(contexts(kind), place[0], kind.scripts, pictures)


def _signs_in(person: Person, organisation: str, name: str) -> None:
    person.goes_to("/sign-in")
    person.page.get_by_label("Which organisation are you from?").fill(organisation)
    person.presses("Continue")
    person.presses(name)
    person.heading("My cases")
    person.reads(name)


@EVERY_KIND
def test_in_to_the_case_and_out_again(someone: Callable[[], Person]) -> None:
    meera = someone()
    _signs_in(meera, "Council and health", "Meera Shah")
    meera.look("other-home")
    meera.opens_case("Marlowe", "Helping this person to stop offending")
    meera.reads("At the bus stop as agreed.")
    meera.look("other-case")
    meera.presses("Sign out")
    meera.presses("Yes, sign me out")
    meera.heading("You are signed out")
    meera.look("other-signed-out")
    meera.goes_to("/")
    meera.heading("Sign in")


@EVERY_KIND
def test_an_end_at_the_provider_is_an_end_here(
    someone: Callable[[], Person], place: tuple[str, Running], chromium: Browser
) -> None:
    ada = someone()
    _signs_in(ada, "Police", "Ada Okafor")
    visit = ada.opens_case("Marlowe", "Managing the risk this person poses")
    there = ada.context.new_page()
    there.goto(f"{place[1].police}/session/end")
    there.get_by_role("button", name="Yes, sign me out").click()
    there.get_by_role("heading", name=re.compile("Sign-out Success|signed out", re.I)).wait_for()
    ada.goes_to(visit)
    ada.heading("Sign in")
    ada.does_not_read("Marlowe")
