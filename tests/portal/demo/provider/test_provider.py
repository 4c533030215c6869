"""The demonstration provider over real HTTP, signed in to by the portal's own code; and that it starts nowhere else."""

import dataclasses
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from portal.auth import sessions, signing_out
from portal.auth.errors import SignInRefused
from portal.auth.oidc import RelyingParty
from portal.auth.providers import Catalogue, PartyRule, Provider
from portal.auth.signing_in import Desk
from portal.config import load_settings
from portal.demo.provider.app import create_provider
from portal.demo.provider.directory import Client, Directory, Member
from portal.demo.provider.minting import CONFIRMED
from portal.demo.provider.run import directory
from portal.demo.provider.serving import serving
from portal.errors import Misconfigured
from tests.machine import PATIENCE, free_port
from tests.oidc.browser import Person
from tests.oidc.listening import Listener
from tests.portal.auth.conftest import LIMITS, TAGS, World, portal_address, state_of, world

__all__ = ["portal_address", "world"]  # fixtures

BROWSER = "b" * 43
SECRET = "s" * 43
NAMES = {"police": "Metropolitan Police", "ntmh": "North Thames <Trust>"}
PEOPLE = (
    Member("walsh", "PC Siobhan Walsh", "police", "walsh@police.example", ("practitioner",), "practitioner"),
    Member("gill", "DS Harpreet Gill", "police", "gill@police.example", ("lead", "spoc"), "lead, SPOC"),
    Member("moyo", "Precious Moyo", "ntmh", "moyo@trust.example", (), "no role yet"),
)


@dataclasses.dataclass
class Demo:
    base: str
    portal: Listener


def settings(folder: Path, demo: bool = True):
    given = {"PORTAL_HOME": str(folder), "PORTAL_BASE_URL": "https://portal.example"}
    return load_settings(given | ({"PORTAL_DEMO": "true"} if demo else {}))


@pytest.fixture(scope="module")
def provider(portal_address: Listener, tmp_path_factory) -> Iterator[Demo]:
    base = f"http://127.0.0.1:{free_port()}"
    client = Client("accord-demo", SECRET, portal_address.base)
    app = create_provider(settings(tmp_path_factory.mktemp("home")), Directory(PEOPLE, NAMES), client, base)
    with serving(app, base):
        yield Demo(base, portal_address)


@pytest.fixture
def desk(world: World, provider: Demo, tmp_path: Path) -> Desk:
    (tmp_path / "secret").write_text(SECRET)
    providers = [
        Provider(
            id=party,
            name=name,
            issuer=f"{provider.base}/{party}",
            client_id="accord-demo",
            secret_file="secret",
            back_channel_logout=True,
            step_up="acr",
            step_up_value=CONFIRMED,
            capacity_claim="roles",
        )
        for party, name in NAMES.items()
    ]
    rules = [PartyRule(id=p.id, provider=p.id, equals=p.issuer) for p in providers]
    relying = RelyingParty(Catalogue(providers, rules, tmp_path), provider.portal.callback, demo=True)
    return Desk(world.log, relying, TAGS, LIMITS)


@pytest.fixture
def person(provider: Demo) -> Iterator[Person]:
    found = Person(provider.portal.base)
    yield found
    found.close()


def sign_in(desk: Desk, world, person, party="police", account="walsh"):
    answer = person.sign_in(desk.begin(world.db, party, BROWSER, "/", world.now), account)
    return desk.complete(world.db, party, BROWSER, None, answer, world.now)


def test_everyone_signs_in_as_themselves_in_their_own_party(desk, world, provider):
    users = set()
    for member in PEOPLE:
        person = Person(provider.portal.base)
        done = sign_in(desk, world, person, member.party, member.subject)
        person.close()
        assert done.party == member.party
        users.add(done.user)
    assert len(users) == len(PEOPLE)


def test_nobody_of_one_party_signs_in_at_another(desk, world, person):
    url = desk.begin(world.db, "ntmh", BROWSER, "/", world.now)
    with pytest.raises(requests.HTTPError):
        person.sign_in(url, "walsh")


def test_a_second_sign_in_asks_nothing_and_step_up_asks_again(desk, world, person):
    first = sign_in(desk, world, person)
    answer = person.http.get(desk.begin(world.db, "police", BROWSER, "/", world.now), allow_redirects=False)
    assert "code=" in answer.headers["location"]
    url = desk.begin_step_up(world.db, state_of(world, first.cookie), BROWSER, "/", world.now)
    page = person.http.get(url).text
    assert "Confirm it is you" in page
    assert "PC Siobhan Walsh" in page
    done = desk.complete(world.db, "police", BROWSER, first.cookie, person.sign_in(url, "walsh"), world.now)
    assert done.stepped_up


def test_someone_else_may_be_chosen_at_step_up_and_is_refused_by_the_portal(desk, world, person):
    first = sign_in(desk, world, person)
    url = desk.begin_step_up(world.db, state_of(world, first.cookie), BROWSER, "/", world.now)
    answer = person.sign_in(url, "gill")
    with pytest.raises(SignInRefused, match="someone-else"):
        desk.complete(world.db, "police", BROWSER, first.cookie, answer, world.now)


def test_signing_out_of_the_portal_signs_out_here_and_sends_the_signal(desk, world, person, provider):
    done = sign_in(desk, world, person)
    while not provider.portal.posted.empty():
        provider.portal.posted.get()
    back = f"{provider.portal.base}/signed-out"
    url = signing_out.sign_out(desk, world.db, done.cookie, back, world.now)
    assert url is not None
    answer = person.http.get(url, allow_redirects=False)
    assert answer.headers["location"] == back  # no question asked, because the hint proves the session
    path, form = provider.portal.posted.get(timeout=PATIENCE)
    assert path == "/sign-in/police/back-channel"
    assert signing_out.back_channel(desk, world.db, "police", form["logout_token"], world.now) == 0
    page = person.http.get(desk.begin(world.db, "police", BROWSER, "/", world.now)).text
    assert "Who are you today?" in page


def test_a_link_to_sign_out_asks_first_and_then_ends_the_portals_session(desk, world, person, provider):
    done = sign_in(desk, world, person)
    while not provider.portal.posted.empty():
        provider.portal.posted.get()
    page = person.http.get(f"{provider.base}/police/sign-out")
    assert "Do you want to sign out?" in page.text
    person.http.post(f"{provider.base}/police/sign-out", allow_redirects=False)
    _, form = provider.portal.posted.get(timeout=PATIENCE)
    assert signing_out.back_channel(desk, world.db, "police", form["logout_token"], world.now) == 1
    assert sessions.resolve(world.db, done.cookie, LIMITS, world.now) is None


def test_the_token_endpoint_wants_everything_right(desk, world, person, provider):
    answer = person.sign_in(desk.begin(world.db, "police", BROWSER, "/", world.now), "walsh")
    good = {
        "grant_type": "authorization_code",
        "code": answer["code"],
        "redirect_uri": provider.portal.callback("police"),
        "code_verifier": "v" * 43,
    }
    address = f"{provider.base}/police/token"
    assert requests.post(address, data=good, timeout=PATIENCE).status_code == 401
    assert requests.post(address, data=good, auth=("accord-demo", "wrong"), timeout=PATIENCE).status_code == 401
    wrong = requests.post(
        address, data=good, auth=("accord-demo", SECRET), timeout=PATIENCE
    )  # the verifier is not ours
    assert (wrong.status_code, wrong.json()) == (400, {"error": "invalid_grant"})
    with pytest.raises(SignInRefused, match="provider-refused"):  # and the code is used up
        desk.complete(world.db, "police", BROWSER, None, answer, world.now)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (("redirect_uri=", "redirect_uri=http%3A%2F%2Fevil.example&x="), 400),
        (("client_id=accord-demo", "client_id=other"), 400),
        (("code_challenge_method=S256", "code_challenge_method=plain"), 302),
        (("code_challenge=", "x="), 302),
        (("scope=openid", "scope=x"), 302),
        (("response_type=code", "response_type=token"), 302),
        (("nonce=", "x="), 302),
    ],
)
def test_wrong_requests_are_refused_and_leave_by_the_portals_address_only(desk, world, provider, change, status):
    url = desk.begin(world.db, "police", BROWSER, "/", world.now).replace(*change)
    answer = requests.get(url, allow_redirects=False, timeout=PATIENCE)
    assert answer.status_code == status
    if status == 302:
        assert answer.headers["location"].startswith(provider.portal.callback("police") + "?error=")


def test_pages_say_what_they_are_escape_names_and_load_nothing_from_elsewhere(desk, world, provider):
    answer = requests.get(desk.begin(world.db, "ntmh", BROWSER, "/", world.now), timeout=PATIENCE)
    assert "Demonstration sign-in: not for real use." in answer.text
    assert "North Thames &lt;Trust&gt;" in answer.text
    assert "<Trust>" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "http" not in answer.text.replace(f"{provider.base}", "")
    assert answer.headers["cache-control"] == "no-store"


def test_requests_for_another_host_are_refused(provider):
    answer = requests.get(f"{provider.base}/police/jwks", headers={"host": "evil.example"}, timeout=PATIENCE)
    assert answer.status_code == 421


def test_it_does_not_start_outside_a_demonstration(tmp_path):
    people, loopback = Directory(PEOPLE, NAMES), "http://127.0.0.1:9"
    client = Client("accord-demo", SECRET, loopback)
    with pytest.raises(Misconfigured):
        create_provider(settings(tmp_path, demo=False), people, client, loopback)
    for portal, base in ((loopback, "http://0.0.0.0:9"), ("https://portal.example", loopback)):
        with pytest.raises(Misconfigured):
            create_provider(settings(tmp_path), people, dataclasses.replace(client, portal=portal), base)
    app = create_provider(settings(tmp_path), people, client, loopback)
    for base in ("http://0.0.0.0:9", "https://127.0.0.1:9", "http://127.0.0.1"):
        with pytest.raises(Misconfigured), serving(app, base):
            pass


def test_the_command_refuses_without_the_environment_of_a_demonstration(tmp_path):
    command = [sys.executable, "-m", "portal.demo.provider.run", str(tmp_path), "20001", "20002"]
    environ = {"PORTAL_HOME": str(tmp_path), "PORTAL_BASE_URL": "https://portal.example"}
    ended = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert ended.returncode != 0
    assert "starts only under `portal demo`" in ended.stderr


def test_the_directory_of_the_demo_names_everyone_and_their_roles(tmp_path):
    found = directory(settings(tmp_path))
    members = {member.subject: member for party in found.names for member in found.of_party(party)}
    assert len(members) >= 26
    assert all(member.described for member in members.values())
    assert all("_" not in member.described for member in members.values())
