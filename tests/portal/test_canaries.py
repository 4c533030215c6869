"""Canaries at rest: nothing personal lies readable in any file, output or log of a running portal; and swapped seals.

A real server process is worked through HTTP: someone's name, date of birth, PNC number, notes and reasons are typed in.
Then every file under PORTAL_HOME and everything the server printed is searched, byte by byte, in the clear, as
UTF-16, base64 and hex. That the search finds things is shown first, on an unprotected twin of the same rows.
"""

import base64
import os
import re
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from html import unescape
from http.cookiejar import Cookie, CookieJar
from pathlib import Path

import pytest
from sqlalchemy import select

from isa.agreement import Capacity
from portal.audit.tables import ENTRY
from portal.auth import people, sessions
from portal.auth.actor import Actor
from portal.auth.sessions import SignedInBy
from portal.casework.papers import LETTERS
from portal.config import Settings
from portal.db import HOUR, now_micros
from portal.sharing.days import day_at
from tests import clock, installation
from tests.installation import World
from tests.machine import PATIENCE, free_port
from tests.portal.land import Land, all_of, raw, visit
from tests.portal.pages.test_pdf import about, texts
from tests.portal.planting import Ground, Planted, seen

CANARIES = {
    "surname": "Quillfeather",
    "date of birth": "1987-10-29",
    "pnc": "2001/0123456F",
    "note": "Swallowtail on the mantelpiece",
    "action": "Waxwing before the first frost",
    "outcome": "Fieldfare in the orchard",
    "justification": "Marmalade before breakfast",
    "emergency": "Nightjar over the viaduct",
    "goal": "Redwing along the canal",
    "gate": "Turnstone at the gate",
    "staff": "Peregrine Oakapple",
    "referral": "Wagtail under the chestnut",
    "answer": "Cormorant by the weir",
    "manager": "Kestrel Thistlewood",
    "asked for": "Goldcrest behind the depot",
    "not given": "Redshank over the saltmarsh",
    "request": "Dotterel on the long field",
    "reply": "Whimbrel past the breakwater",
    "compact": "Redstart along the hedgerow",
    "criteria": "Criteria of Barnet for adults, version 1",
    "same person": "Siskin on the feeder",
    "typed into an error": "Bramblefinch unsent",
}


def forms(canary: str) -> Iterator[bytes]:
    """The ways a text may lie in a file without being protected."""
    for spelt in {canary, canary.lower(), canary.upper(), urllib.parse.quote_plus(canary)}:
        plain = spelt.encode()
        yield plain
        yield spelt.encode("utf-16-le")
        yield spelt.encode("utf-16-be")
        yield plain.hex().encode()
        yield plain.hex().upper().encode()
        for shift in range(3):  # where in a run of base64 the text begins; its first and last signs mix with neighbours
            signs = base64.b64encode(b"\0" * shift + plain)[4 if shift else 0 : (shift + len(plain)) // 3 * 4]
            yield signs
            yield signs.translate(bytes.maketrans(b"+/", b"-_"))


def found(files: Mapping[str, bytes]) -> dict[str, list[str]]:
    """Canary → the files it lies in, one way or another."""
    return {
        name: [path for path, content in files.items() if any(form in content for form in forms(canary))]
        for name, canary in CANARIES.items()
    }


def under(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


class Browser:
    """A browser at a server process: cookies, redirects, forms sent with the token of their page."""

    def __init__(self, address: str, cookie: str) -> None:
        self.address = address
        jar = CookieJar()
        jar.set_cookie(
            Cookie(
                *(0, "session-demo", cookie, None, False, "127.0.0.1", False, False, "/", True),
                *(False, None, True, None, None, {}),
            )
        )
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        self.page = self.path = self.headers = ""
        self.raw = b""

    def get(self, path: str) -> int:
        return self._send(urllib.request.Request(self.address + path))

    def post(self, path: str, form: Mapping[str, str], token: bool = True) -> int:
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', self.page)) if token else {}
        data = {unescape(k): unescape(v) for k, v in hidden.items()} | dict(form)
        return self._send(urllib.request.Request(self.address + path, urllib.parse.urlencode(data).encode()))

    def _send(self, request: urllib.request.Request) -> int:
        try:
            answer = self.opener.open(request, timeout=60)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            self.raw, self.path = answer.read(), urllib.parse.urlsplit(answer.url).path
            self.page, self.headers = self.raw.decode(errors="replace"), str(answer.headers)
            return int(answer.status)


@pytest.fixture
def served(template: Path, tmp_path: Path) -> Iterator[tuple[Settings, World, str, Path]]:
    """An installation, a world beside the server, the server's address, and the file of all it prints."""
    given = installation.copy(template, tmp_path / "home")
    port = free_port()
    address, printed = f"http://127.0.0.1:{port}", tmp_path / "printed"
    environ = {k: v for k, v in os.environ.items() if not k.startswith("PORTAL_")} | {
        "PORTAL_HOME": str(given.home),
        "PORTAL_BASE_URL": address,
        "PORTAL_DEMO": "true",
        "PORTAL_LOG_ORIGIN": given.log_origin,
    }
    with printed.open("wb") as out, clock.present(), installation.opened(given) as world:
        command = [sys.executable, "-m", "portal.cli.main", "serve", "--bind", f"127.0.0.1:{port}"]
        server = subprocess.Popen(command, env=environ, stdout=out, stderr=subprocess.STDOUT)
        try:
            ready(address, server)
            yield given, world, address, printed
        finally:
            server.terminate()
            server.wait(PATIENCE)


def ready(address: str, server: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and server.poll() is None:
        try:
            urllib.request.urlopen(f"{address}/healthz", timeout=2).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server did not answer")


def signed_in(world: World, actor: Actor, *, capacity: bool = True) -> str:
    """The cookie of a live, freshly proved session, in the actor's capacity or in none."""
    now = now_micros()
    with world.doors.log.transaction(world.session) as tx:
        by = SignedInBy("tests", b"i" * 16, None, None, "")
        fresh = sessions.create(tx.session, actor.user, by, actor.capacity if capacity else None, now + HOUR, now)
        stepped = sessions.step_up(tx.session, fresh.cookie, fresh.session, b"i" * 16, now)
    assert stepped is not None
    return stepped.cookie


def work(world: World, address: str) -> None:
    """Type every canary in, through the server."""
    officer = world.actor("police", "practitioner", CANARIES["staff"])
    nurse = world.actor("ntmh", "practitioner")
    case, other = world.case(assigned=[officer, nurse]), world.case()
    browser = Browser(address, signed_in(world, officer))
    year, month, day = CANARIES["date of birth"].split("-")
    assert browser.get(f"/case/{case}") == 200
    assert browser.post(f"/case/{case}", {"purpose": "risk", "reason": CANARIES["justification"]}) == 200
    path = browser.path
    born = {f"person.date_of_birth-{k}": v for k, v in (("day", day), ("month", month), ("year", year))}
    for where, sent in (
        ("add/person", {"person.surname": CANARIES["surname"], "person.forename": "A", **born}),
        ("add/identifiers", {"identifiers.pnc": CANARIES["pnc"]}),
        ("update", {"text": CANARIES["note"], "kind": "behaviour", "nature": "Fact", "source": ""}),
        ("add/compact", {"compact.terms": CANARIES["compact"]}),
        ("action", {"task": CANARIES["action"], "kind": "victims", "to": "me", "by": "0"}),
    ):
        assert browser.get(f"{path}/{where}") == 200
        assert browser.post(f"{path}/{where}", sent) == 200, where
    assert all(CANARIES[name] in browser.page for name in ("surname", "pnc", "note", "action"))
    for where, sent, back in (
        ("add/plan/behaviour", {"plan.goal": CANARIES["goal"], "plan.pathway": "Finance"}, "plan"),
        ("add/release_travel", {"release_travel.detail": CANARIES["gate"]}, "release"),
    ):
        assert browser.get(f"{path}/{where}") == 200
        assert browser.post(f"{path}/{where}", sent) == 200, where
        assert browser.path == f"{path}/{back}"
        assert next(iter(sent.values())) in browser.page
    browser.get(f"{path}/plan/print")
    assert browser.post(f"{path}/plan/print", {"reason": CANARIES["justification"]}) == 200
    assert CANARIES["goal"] in browser.page
    assert browser.get("/") == 200
    assert CANARIES["action"] in browser.page
    ticked = re.findall(r'name="record" id="[^"]+" value="([^"]+)"', browser.page)
    assert browser.post("/", {"record": ticked[0], "text": CANARIES["outcome"]}) == 200
    assert browser.get(path) == 200
    assert CANARIES["outcome"] in browser.page
    assert browser.get("/search") == 200
    by_name = {"by": "name", "surname": CANARIES["surname"]}
    assert browser.post("/search", by_name | {"born-day": day, "born-month": month, "born-year": year}) == 200
    assert CANARIES["surname"] in browser.page
    browser.get("/search")
    assert browser.post("/search", {"by": "number", "number": CANARIES["pnc"]}) == 200
    browser.get(f"{path}/print")
    assert browser.post(f"{path}/print", {"reason": CANARIES["justification"]}) == 200
    documents(browser, path)
    browser.get(f"/case/{other}/emergency")
    assert browser.post(f"/case/{other}/emergency", {"reason": CANARIES["emergency"]}) == 200
    refer(world, address, browser, born)
    same_person(world, address, case, other)
    join(world, address)
    ask(world, address, browser, path)
    browser.get(f"{path}/update")
    typed = {"text": CANARIES["typed into an error"], "kind": "behaviour"}
    assert browser.post(f"{path}/update", typed, token=False) == 400
    assert CANARIES["typed into an error"] in browser.page, "it is given back to its writer"
    assert browser.post(f"/case/{case}/nowhere", typed) in (404, 405)


def documents(browser: Browser, path: str) -> None:
    """Every document of the case, looked at and made: what it holds stands in its pages and nowhere else of it."""
    for sort in LETTERS:
        assert browser.get(f"{path}/document/{sort}") == 200
        assert browser.post(f"{path}/document/{sort}", {}) == 200
        text = " ".join(texts(browser.raw))
        assert CANARIES["surname"] in text, sort
        assert (CANARIES["compact"] in text) == (sort == "compact")
        assert CANARIES["staff"] in text
        beside = {"properties": about(browser.raw).encode(), "headers": browser.headers.encode()}
        assert {name: where for name, where in found(beside).items() if where} == {}, sort


def refer(world: World, address: str, browser: Browser, born: Mapping[str, str]) -> None:
    """Refer the same person, have it asked about, and see the question at home."""
    browser.get("/refer/barnet-iom")
    sent = {"person.surname": CANARIES["surname"], "referral.reason": CANARIES["referral"], **born}
    sent |= {"referral.priority_crime": "Burglary", "identifiers.pnc": CANARIES["pnc"]}
    assert browser.post("/refer/barnet-iom", sent) == 200
    assert browser.path == "/referrals"
    keeper = Browser(address, signed_in(world, world.actor("barnet_safety", "coordinator")))
    assert keeper.get("/criteria/barnet-iom/adults") == 200
    asked = {"crime": "Burglary", "use_crime": "always", "oldest": "365"}
    on = day_at(now_micros())
    today = {f"starts-{part}": str(getattr(on, part)) for part in ("day", "month", "year")}
    for do in ("look", "keep"):
        assert keeper.post("/criteria/barnet-iom/adults", {**asked, **today, "do": do}) == 200
    assert keeper.get("/inbox") == 200
    assert CANARIES["referral"] in keeper.page
    [path] = re.findall(r'href="(/inbox/[0-9a-f-]+)"', keeper.page)
    assert keeper.get(path) == 200
    assert CANARIES["criteria"] in keeper.page
    assert keeper.post(path, {"answer": "asked", "reason": CANARIES["answer"]}) == 200
    assert browser.get("/") == 200
    assert CANARIES["answer"] in browser.page
    assert keeper.post(path, {"answer": "refused", "reason": CANARIES["typed into an error"]}) == 409
    assert CANARIES["typed into an error"] in keeper.page, "it is given back to its writer"


def same_person(world: World, address: str, case: uuid.UUID, other: uuid.UUID) -> None:
    """Two records are compared and linked, and read again."""
    keeper = Browser(address, signed_in(world, world.actor("barnet_safety", "coordinator")))
    path = f"/same-person/{case}/{other}"
    assert keeper.get(path) == 200
    assert keeper.post(path, {"do": "open"}) == 200
    assert keeper.post(path, {"answer": "same", "why": CANARIES["same person"]}) == 200
    assert keeper.path == "/same-person"
    assert keeper.get(path) == 200
    assert CANARIES["same person"] in keeper.page


def join(world: World, address: str) -> None:
    """Somebody without a role asks for one; the SPOC reads it and refuses."""
    spoc = world.actor("police", "spoc")
    with world.doors.log.transaction(world.session) as tx:
        user = people.register(tx.session, installation.TAGS.identity("police", "asks"), "police", now_micros())
    nobody = replace(spoc, user=user)
    asker, keeper = Browser(address, signed_in(world, nobody, capacity=False)), Browser(address, signed_in(world, spoc))
    assert asker.get("/capacity") == 200
    sent = {"role": "practitioner", "manager": CANARIES["manager"]}
    assert asker.post("/ask-for-access", sent) == 422
    assert CANARIES["manager"] in asker.page, "it is given back to its writer"
    assert asker.post("/ask-for-access", sent | {"why": CANARIES["asked for"]}) == 200
    assert keeper.get("/joining") == 200
    [path] = re.findall(r'href="(/joining/requests/[0-9a-f-]+)"', keeper.page)
    assert keeper.get(path) == 200
    assert CANARIES["manager"] in keeper.page
    assert CANARIES["asked for"] in keeper.page
    assert keeper.post(f"{path}/refuse", {"reason": CANARIES["not given"]}) == 200
    assert asker.get("/capacity") == 200
    assert CANARIES["not given"] in asker.page


def ask(world: World, address: str, browser: Browser, path: str) -> None:
    """Ask the trust for more, be refused, and read why at home and on the case."""
    assert browser.get(f"{path}/ask") == 200
    sent = {"what:ntmh health_need.need": "yes", "why": CANARIES["request"], "days": "7"}
    assert browser.post(f"{path}/ask", sent) == 200
    assert browser.path == path
    spoc = Browser(address, signed_in(world, world.actor("ntmh", "spoc")))
    assert spoc.get("/requests") == 200
    assert CANARIES["request"] in spoc.page
    [request] = set(re.findall(r'href="(/requests/[0-9a-f-]+)"', spoc.page))
    assert spoc.get(request) == 200
    [row] = set(re.findall(r'name="answer\.([0-9a-f]+)"', spoc.page))
    answer = {f"answer.{row}": "refused", f"reason.{row}": CANARIES["reply"]}
    assert spoc.post(request, answer) == 200
    assert spoc.post(request, {**answer, f"reason.{row}": CANARIES["typed into an error"]}) == 409
    assert CANARIES["typed into an error"] in spoc.page, "it is given back to its writer"
    for where in ("/", path):
        assert browser.get(where) == 200
        assert CANARIES["reply"] in browser.page


def twin(home: Path, at: Path) -> None:
    """The database with the same rows unprotected: what was typed stands where its sealed form stood, each in a way
    of its own."""
    source, copy = sqlite3.connect(home / "portal.sqlite3"), sqlite3.connect(at)
    source.backup(copy)
    source.close()
    encodings = [
        str.encode,
        lambda text: text.encode("utf-16-le"),
        lambda text: base64.b64encode(b"x" + text.encode() + b"yz"),
        lambda text: text.encode().hex().encode(),
    ]
    rows = copy.execute("SELECT record, field, version FROM sealed_value").fetchall()
    for turn, (canary, row) in enumerate(zip(CANARIES.values(), rows, strict=False)):
        sealed = encodings[turn % 4](canary)
        of = "record = ? AND field = ? AND version = ?"
        copy.execute(f"UPDATE sealed_value SET sealed = ? WHERE {of}", (b"E1" + sealed + b"\0", *row))
    copy.commit()
    copy.close()


def test_nothing_personal_lies_readable_anywhere(served: tuple[Settings, World, str, Path], tmp_path: Path) -> None:
    given, world, address, printed = served
    work(world, address)
    unprotected = tmp_path / "twin.sqlite3"
    twin(given.home, unprotected)
    assert all(found({"twin": unprotected.read_bytes()}).values()), "the search finds what is there to be found"
    files = under(given.home)
    assert {"portal.sqlite3", "portal.sqlite3-wal"} <= set(files), "the database and what it has not yet moved"
    said = {"what the server printed": printed.read_bytes()}
    assert {name: where for name, where in found({**files, **said}).items() if where} == {}


# ---- Swapped seals: act 6 of the issue, through HTTP

SWAPS = ("persons", "fields", "records", "emptied", "versions")  # the last changes the record for good
POLICE = Capacity("police", "practitioner")
ADDRESS, TELEPHONE = "person.address", "person.telephone"
NEW = "cnyfffffffff"
At = tuple[uuid.UUID, str, int]


def person_of(ground: Ground, youth: bool | None = False) -> Planted:
    return next(p for p in ground.records if (p.kind, p.owner, p.youth) == ("person", "police", youth))


def exchange(land: Land, first: At, second: At) -> bytes | None:
    """As the database's owner: what lies sealed in two places changes places. The same again puts it back."""
    connection = sqlite3.connect(str(land.world.engine.url.database), timeout=30)
    where = "WHERE record = ? AND field = ? AND version = ?"
    places = [(record.bytes, field, version) for record, field, version in (first, second)]
    blobs = [connection.execute(f"SELECT sealed FROM sealed_value {where}", place).fetchone()[0] for place in places]
    for blob, place in zip(reversed(blobs), places, strict=True):
        connection.execute(f"UPDATE sealed_value SET sealed = ? {where}", (blob, *place))
    connection.commit()
    connection.close()
    return None


def prepared(land: Land, how: str, ground: Ground, path: str) -> tuple[At, At, set[str]]:
    """Two places whose contents will be exchanged, and the canaries of this case that this must hide."""
    p = person_of(ground)
    one, mine = (p.id, ADDRESS, 1), p.values[ADDRESS]
    match how:
        case "persons":
            return one, (person_of(land.grounds["basis withdrawn"]).id, ADDRESS, 1), {mine}
        case "fields":
            return one, (p.id, TELEPHONE, 1), {mine, p.values[TELEPHONE]}
        case "records":
            other = person_of(ground, youth=True)
            return one, (other.id, ADDRESS, 1), {mine, other.values[ADDRESS]}
        case "emptied":
            return one, one, {mine}
        case _:
            sent = {key.partition("@")[0]: text for key, text in p.values.items() if key != "person.date_of_birth"}
            answer = land.browser(POLICE).post(f"{path}/record/{p.id}/edit", {**sent, ADDRESS: NEW, "version": "1"})
            assert answer.status_code == 303
            return one, (p.id, ADDRESS, 2), {mine, NEW}


def empty(land: Land, at: At, content: bytes | None) -> bytes:
    """Empty a sealed value, or put `content` back; what stood there."""
    connection = sqlite3.connect(str(land.world.engine.url.database), timeout=30)
    place = (at[0].bytes, at[1], at[2])
    where = "WHERE record = ? AND field = ? AND version = ?"
    was = connection.execute(f"SELECT sealed FROM sealed_value {where}", place).fetchone()[0]
    connection.execute(f"UPDATE sealed_value SET sealed = ? {where}", (content or b"", *place))
    connection.commit()
    connection.close()
    return bytes(was)


def failures(land: Land) -> int:
    """How many entries say that a value did not open."""
    land.world.session.rollback()
    entries = select(ENTRY.c.outcome).where(ENTRY.c.operation == "open-failed")
    return len([row for row in land.world.session.execute(entries) if row.outcome == "failed"])


@pytest.mark.parametrize("how", SWAPS)
def test_a_swapped_seal_fails_closed_for_its_field_and_is_logged(land: Land, how: str) -> None:
    ground, web = land.grounds["whole"], land.browser(POLICE)
    p = person_of(ground)
    path = visit(land, POLICE, ground, "risk")
    assert path is not None
    first, second, lost = prepared(land, how, ground, path)
    given = seen(all_of(web, path)[1])
    assert lost & given
    kept = empty(land, first, None) if how == "emptied" else exchange(land, first, second)
    noted = failures(land)
    for address in (path, f"{path}/record/{p.id}/history"):
        told = all_of(web, address)[1]
        assert lost & seen(told) == set(), (how, address)
        assert b"ould not be opened" in told, (how, address)
        assert failures(land) > noted, (how, address)
        noted = failures(land)
        assert address != path or seen(told) == given - lost, "the rest is shown"
    assert lost & seen(raw(web.post(f"{path}/print", {"reason": "For court"}))) == set()
    empty(land, first, kept) if kept is not None else exchange(land, first, second)
    assert seen(all_of(web, path)[1]) == given, "put back, it is whole again"
