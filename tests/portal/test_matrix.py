"""Through HTTP: what comes back ⇔ the truth table written by hand (tests/hand_table.csv).

Every field of every record of five cases holds a canary of its own. For capacities, purposes and facts, each page that
could show one is fetched, and the canaries in its raw bytes are compared with those the table permits. The quick run
takes every party in turn with purposes in rotation; `long` takes them all.

Facts. True, false and unknown as the portal knows them: assigned or not, open or de-selected, delivering or not, a
basis in force, withdrawn or never recorded, a record made as an adult, as a youth or at an age nobody knows. Meetings
and requests have tests of their own: here none is open or granted, so they are never known to be true.
"""

from collections.abc import Iterator
from itertools import product

import pytest

from isa.agreement import Agreement, Capacity
from portal.casework.papers import LETTERS
from tests import hand
from tests.portal.land import GROUNDS, NOTHING, REASON, Land, all_of, capacities, raw, visit, whole
from tests.portal.pages.test_pdf import texts
from tests.portal.pages.web import Web
from tests.portal.planting import Ground, Planted, seen


def check_case(land: Land, capacity: Capacity, name: str, purpose: str) -> None:
    """The case page, a print, an export, histories and copies of one capacity at one case for one purpose."""
    ground, web = land.grounds[name], land.browser(capacity)
    path = visit(land, capacity, ground, purpose)
    where = (capacity, name, purpose)
    given = land.given(ground, capacity, purpose)
    if path is None:
        assert whole(given) == set(), where
        return
    status, told = all_of(web, path)
    assert seen(told) == whole(given), (where, sorted(seen(told) ^ whole(given))[:5])
    assert status == (200 if land.knows(ground, capacity, purpose) else 404), where
    check_paper(land, capacity, ground, purpose, path)
    check_histories(land, capacity, ground, given, path)
    check_copy(land, capacity, ground, purpose, path)


def check_paper(land: Land, capacity: Capacity, ground: Ground, purpose: str, path: str) -> None:
    web = land.browser(capacity)
    spoken = {str(p.id) for p in ground.records if p.kind == "comment"}  # on no paper, whatever its category gives
    leaves = land.given(ground, capacity, purpose, "export")
    given = whole({record: told for record, told in leaves.items() if record not in spoken})
    for paper in ("print", "export"):
        asked, answer = web.get(f"{path}/{paper}"), web.post(f"{path}/{paper}", {"reason": REASON})
        assert seen(raw(asked)) == set()
        assert seen(raw(answer)) == given, (capacity, purpose, paper, answer.status)
        assert given == set() or answer.status_code == 200
    check_document(land, capacity, purpose, path, given)


def check_document(land: Land, capacity: Capacity, purpose: str, path: str, given: set[str]) -> None:
    """One sort of document, another each time: looked at, and each fifth made as a file."""
    web, turn = land.browser(capacity), sum(map(ord, capacity.party + capacity.role + purpose))
    where = f"{path}/document/{list(LETTERS)[turn % len(LETTERS)]}"
    looked = seen(raw(web.get(where)))
    assert looked <= given, (capacity, purpose, where)
    if turn % 5 == 0:
        made = web.post(where)
        read = " ".join(texts(made.data)) if made.mimetype == "application/pdf" else made.text
        assert seen(read.encode() + str(made.headers).encode()) == looked, (capacity, purpose, where)


def check_histories(land: Land, capacity: Capacity, ground: Ground, given: dict[str, set[str]], path: str) -> None:
    """Of one record that is given and one that is not, chosen anew each time."""
    turn = next(land.turns)
    shown = [r for r in sorted(given) if given[r]]
    hidden = [str(p.id) for p in ground.records if not given.get(str(p.id))]
    for records, status in ((shown, 200), (hidden, 404)):
        if records:
            record = records[turn % len(records)]
            answer = land.browser(capacity).get(f"{path}/record/{record}/history")
            assert seen(raw(answer)) == given.get(record, set()), (capacity, record)
            assert answer.status_code == status


def check_copy(land: Land, capacity: Capacity, ground: Ground, purpose: str, path: str) -> None:
    """One record of the capacity's own party and one of another's, chosen anew each time."""
    given = land.given(ground, capacity, purpose, "export")
    turn = len(path) + sum(map(ord, capacity.party + capacity.role))
    for own in (True, False):
        records = sorted(str(p.id) for p in ground.records if (p.owner == capacity.party) is own)
        if records:
            record = records[turn % len(records)]
            answer = land.browser(capacity).get(f"{path}/record/{record}/copy")
            assert seen(raw(answer)) == (given.get(record, set()) if own else set()), (capacity, purpose, record)


ROTATION = {"practitioner": 2, "spoc": 1, "coordinator": 2, "feed": 1}
RARE = ("lead", "chair", "attendee")
"""How many purposes of the eight a role takes in the quick run, the next party beginning where the last one ended; the
rare roles take turns, one a party."""


def sample(agreement: Agreement, names: list[str]) -> Iterator[tuple[Capacity, str, str]]:
    purposes, parties, turn = list(agreement.purposes), list(agreement.parties), 0
    for capacity in capacities(agreement):
        rare = capacity.role == RARE[parties.index(capacity.party) % len(RARE)]
        for _ in range(1 if rare else ROTATION.get(capacity.role, 0)):
            yield capacity, "whole", purposes[turn % len(purposes)]
            turn += 1
        if capacity.role == "practitioner":
            yield capacity, names[turn % len(names)], ("risk", "pathways", "safeguarding", "deselection")[turn // 4 % 4]


def quick(agreement: Agreement, roles: tuple[str, ...]) -> list[Capacity]:
    """Every party in these roles, and the coordinator and the feed account."""
    return [c for c in capacities(agreement) if c.role in (*roles, "coordinator", "feed")]


def test_a_case_shows_what_the_table_gives(land: Land) -> None:
    others = [name for name in land.grounds if name != "whole"]
    for capacity, name, purpose in sample(land.agreement, others):
        check_case(land, capacity, name, purpose)
    assert seen("\n".join(land.log).encode()) == set()


def test_a_closed_case_is_printed_without_the_name_where_only_its_warnings_may_be(land: Land) -> None:
    check_case(land, Capacity("probation", "spoc"), "de-selected", "selection")


@pytest.mark.long
@pytest.mark.parametrize("name", GROUNDS)
def test_every_capacity_and_purpose(land: Land, name: str) -> None:
    for capacity, purpose in product(capacities(land.agreement), land.agreement.purposes):
        if land.agreement.roles[capacity.role].content:
            check_case(land, capacity, name, purpose)
    assert seen("\n".join(land.log).encode()) == set()


def test_a_role_without_content_reaches_no_page_of_a_case(land: Land) -> None:
    ground = land.grounds["whole"]
    for role in (role.id for role in land.agreement.roles.values() if not role.content):
        web = land.browser(Capacity("barnet_safety", role))
        for path in ("/", f"/case/{ground.case}", "/search", f"/case/{ground.case}/emergency", "/agreement/mine"):
            assert seen(raw(web.get(path))) == set()
        answer = web.post(f"/case/{ground.case}", {"purpose": "risk"})
        assert (answer.status_code, seen(raw(answer))) == (403, set())


def check_emergency(land: Land, capacity: Capacity) -> None:
    ground, web = land.grounds["not assigned"], land.browser(capacity)
    calm = whole(land.given(ground, capacity, "safeguarding"))
    land.urgent = frozenset({"emergency"})
    given = whole(land.given(ground, capacity, "safeguarding"))
    land.urgent = NOTHING
    answer = web.post(f"/case/{ground.case}/emergency", {"reason": "He said he would kill himself tonight"})
    assert (answer.status_code == 303) == (given != calm), (capacity, answer.status)
    assert seen(raw(answer)) == set()
    if given != calm:
        visit = answer.headers["Location"]
        assert seen(all_of(web, visit)[1]) == given, capacity
        for paper in ("print", "export"):
            taken = web.post(f"{visit}/{paper}", {"reason": REASON})
            assert (taken.status_code, seen(raw(taken))) == (403, set()), (capacity, paper)


def test_an_emergency_opens_what_the_table_gives_and_to_whom(land: Land) -> None:
    for capacity in quick(land.agreement, ("practitioner",)):
        check_emergency(land, capacity)


@pytest.mark.long
def test_an_emergency_of_every_capacity(land: Land) -> None:
    for capacity in capacities(land.agreement):
        if land.agreement.roles[capacity.role].content:
            check_emergency(land, capacity)


LISTED = ("person.surname", "person.forename", "case.rag", "case.status")


def check_home(land: Land, capacity: Capacity) -> None:
    """The list of cases under the role's standing purpose: of each case somebody's name, RAG and status, no more."""
    told = seen(raw(land.browser(capacity).get("/", follow_redirects=True)))
    purpose = land.agreement.roles[capacity.role].standing_purpose or "risk"
    for name, ground in land.grounds.items():
        asked = [p for p in ground.records if p.kind in ("person", "case")]
        given = whole({str(p.id): land.of_record(ground, p, capacity, purpose, "read") for p in asked})
        listed = {t for p in asked for key, t in p.values.items() if key in LISTED and t in given}
        shown = told & {text for p in ground.records for text in p.values.values()}
        assert shown <= listed, (capacity, name)
        assert bool(shown) == bool(listed and land.knows(ground, capacity, purpose)), (capacity, name)


def test_home_lists_whom_the_table_gives(land: Land) -> None:
    for capacity in quick(land.agreement, ("practitioner", "spoc")):
        check_home(land, capacity)


@pytest.mark.long
def test_home_of_every_capacity(land: Land) -> None:
    for capacity in capacities(land.agreement):
        check_home(land, capacity)


TERMS = ("name", "pnc", "crn")


def found_by(land: Land, capacity: Capacity, ground: Ground, p: Planted, term: str) -> tuple[bool, set[str]]:
    """Search by what this record holds: whether the case was found, and the canaries that came back."""
    if term == "name":
        year, month, day = p.values["person.date_of_birth"].split("-")
        form = {"by": "name", "surname": p.values["person.surname"]}
        form |= {"born-day": day, "born-month": month, "born-year": year}
    else:
        form = {"by": "number", "number": p.values[f"identifiers.{term}"]}
    web = land.browser(capacity)
    answer = web.post("/search", form)
    if answer.status_code != 303:  # a refusal gives back what was typed, to be copied
        assert seen(raw(answer)) <= set(p.values.values())
        return False, set()
    assert seen(raw(answer)) == set()
    shown = web.get(answer.headers["Location"])
    return ground.reference in shown.text, seen(raw(shown))


def check_search(land: Land, capacity: Capacity, name: str) -> None:
    ground = land.grounds[name]
    purpose = land.agreement.roles[capacity.role].standing_purpose or "risk"
    persons = [p for p in ground.records if p.kind == "person" and p.youth is False]
    numbered = [p for p in ground.records if p.kind == "identifiers" and p.youth is False]
    told: set[str] = set()
    for action, kinds in (("search", ("person",)), ("read", ("person", "safety"))):
        asked = (p for p in ground.records if p.kind in kinds)
        told |= whole({str(p.id): land.of_record(ground, p, capacity, purpose, action) for p in asked})
    warnings = {p.values["safety.warning"] for p in ground.records if p.kind == "safety"} & told
    for p, term in [(p, "name") for p in persons] + [(p, t) for p in numbered for t in TERMS[1:]]:
        key = "person.surname" if term == "name" else f"identifiers.{term}"
        if key in p.values:
            expected = land.permits(ground, capacity, ("search", key, p.owner, purpose), False)
            hit, canaries = found_by(land, capacity, ground, p, term)
            assert hit == expected, (capacity, name, p.owner, term)
            assert canaries <= told if hit else canaries == set(), (capacity, name, p.owner, term)
            assert warnings <= canaries or not hit, (capacity, name, p.owner, term)


def test_a_search_finds_and_tells_what_the_table_gives(land: Land) -> None:
    for turn, capacity in enumerate(quick(land.agreement, ("practitioner",))):
        check_search(land, capacity, ("not assigned", "whole", "de-selected")[turn % 3])
    assert seen("\n".join(land.log).encode()) == set()


@pytest.mark.long
def test_a_search_by_every_capacity(land: Land) -> None:
    for capacity in capacities(land.agreement):
        if land.agreement.roles[capacity.role].content:
            check_search(land, capacity, "not assigned")


def test_a_search_names_no_agency_whose_part_is_confidential(land: Land) -> None:
    """That a treatment service or DWP works with somebody is itself confidential: no basis, no name of theirs."""
    ground, stranger = land.grounds["no basis, not delivering"], Capacity("police", "practitioner")
    web = Web(land.app, land.world)
    web.sign_in(land.world.actor("police", "practitioner", "Not On This Case"))
    p = next(p for p in ground.records if (p.kind, p.owner) == ("person", "probation"))
    year, month, day = p.values["person.date_of_birth"].split("-")
    born = {"born-day": day, "born-month": month, "born-year": year}
    answer = web.post("/search", {"by": "name", "surname": p.values["person.surname"], **born}, follow_redirects=True)
    assert ground.reference in answer.text
    named = web.text.partition("Working on the case:")[2].partition("This case is not open to you")[0]
    for party in land.agreement.parties.values():
        asked = ("search", "person.surname", party.id, "risk")
        known = party.kind != "mopac" and hand.permits(land.agreement, stranger, asked, hand.INDUCTED | {"case_open"})
        assert (party.short in named) == known, (party.short, named)


def test_the_eye_sees_and_the_table_bites(land: Land) -> None:
    """So that no test above passes over empty pages: much is given, much is not, and every sort of canary is seen."""
    capacity, ground = Capacity("police", "practitioner"), land.grounds["whole"]
    path = visit(land, capacity, ground, "risk")
    assert path is not None
    told = seen(all_of(land.browser(capacity), path)[1])
    planted = {text for p in ground.records for text in p.values.values()}
    assert 1000 < len(told) < len(planted) - 200
    assert {text[0] for text in told} == set("c12Q"), "text, dates, PNC numbers and CRNs"
