"""Whether somebody gets the mail of the morning, as a page."""

import pytest
from sqlalchemy import text

from portal.casework import at_once, notifying
from portal.sharing import mailboxes


def test_they_do_until_they_say_otherwise(web, world):
    who = world.actor("police", "practitioner", "Ada Okafor")
    web.sign_in(who)
    assert 'value="morning" checked' in web.get("/e-mails").text
    assert web.post("/e-mails", {"mails": "none"}).status_code == 303
    assert 'value="none" checked' in web.get("/e-mails").text
    assert "Your choice is kept." in web.text
    assert not notifying.wants(world.session, who.user)
    assert web.post("/e-mails", {"mails": "morning"}).status_code == 303
    world.session.rollback()
    assert notifying.wants(world.session, who.user)


def test_the_way_to_it_stands_on_every_page_of_who_is_signed_in(web, world):
    assert "/e-mails" not in web.get("/help").text
    web.sign_in(world.actor("police", "dpo", "Dora Officer"))
    assert 'href="/e-mails"' in web.get("/help").text


BOX = "iom.team@police.example"


@pytest.fixture
def spoc(web, world):
    found = world.actor("police", "spoc", "Sam Spoc")
    web.sign_in(found)
    return found


def kept(world):
    world.session.rollback()
    return dict(mailboxes.addresses(world.session, world.doors, ["police", "probation"]))


def test_a_spoc_sets_the_mailbox_of_the_team_changes_it_and_takes_it_away(web, world, spoc):
    assert 'href="/e-mails/team"' in web.get("/e-mails").text
    assert web.post("/e-mails/team", {"address": BOX, "version": 0}).status_code == 303
    assert kept(world) == {"police": BOX}
    assert BOX in web.get("/e-mails/team").text
    assert "Sam Spoc" in web.text
    assert ("alteration", "permitted") in web.logged()
    rows = world.session.execute(text("SELECT * FROM team_mailbox")).all()
    assert BOX not in str(rows)
    assert web.post("/e-mails/team", {"take": "yes", "version": 1}).status_code == 303
    assert kept(world) == {}
    assert "Taken away" in (web.get("/e-mails/team"), web.text)[1]
    assert BOX in web.text, "the history keeps it"


def test_of_two_who_set_it_the_second_is_told_and_keeps_what_was_typed(web, world, spoc):
    web.post("/e-mails/team", {"address": BOX, "version": 0})
    answer = web.post("/e-mails/team", {"address": "other@police.example", "version": 0})
    assert answer.status_code == 422
    assert "Somebody else changed it meanwhile" in web.text
    assert 'value="other@police.example"' in answer.text
    assert BOX in web.text
    assert kept(world) == {"police": BOX}
    assert web.post("/e-mails/team", {"address": "other@police.example", "version": 1}).status_code == 303


@pytest.mark.parametrize(
    "address", ["", "nobody", "a@b", "a@b.example, c@d.example", "j\u00f6rg@police.example", "a b@c.example"]
)
def test_what_is_no_address_is_said(web, world, spoc, address):
    assert web.post("/e-mails/team", {"address": address, "version": 0}).status_code == 422
    assert kept(world) == {}


@pytest.mark.parametrize(
    ("address", "right"),
    [
        ("x@police.example", True),
        ("x@iom.police.example", True),
        ("x@evilpolice.example", False),
        ("x@mail.example", False),
    ],
)
def test_an_address_is_of_the_party_s_own_domain_where_that_is_known(address, right):
    assert mailboxes.problem(address, frozenset()) == ""
    assert (mailboxes.problem(address, frozenset({"police.example"})) == "") is right


@pytest.mark.parametrize(("role", "status"), [("admin", 200), ("practitioner", 403), ("dpo", 403)])
def test_only_who_looks_after_the_team_gets_there(web, world, role, status):
    web.sign_in(world.actor("police", role))
    assert web.get("/e-mails/team").status_code == status
    answer = web.post("/e-mails/team", {"address": BOX, "version": 0})
    assert (answer.status_code == 303) is (status == 200)
    assert (kept(world) == {"police": BOX}) is (status == 200)


def test_the_team_s_mailbox_can_be_chosen_where_there_is_one(web, world, spoc):
    ada = world.actor("police", "practitioner", "Ada Okafor")
    web.post("/e-mails/team", {"address": BOX, "version": 0})
    web.sign_in(ada)
    assert 'value="team"' in web.get("/e-mails").text
    web.post("/e-mails", {"mails": "team"})
    assert 'value="team" checked' in web.get("/e-mails").text
    web.sign_in(world.actor("probation", "practitioner", "Jo Smith"))
    assert 'value="team"' not in web.get("/e-mails").text


def test_at_once_can_be_chosen_and_an_officer_is_told_of_emergencies_unless_they_say_no(web, world):
    who = world.actor("police", "practitioner", "Ada Okafor")
    web.sign_in(who)
    assert "within three days" in web.get("/e-mails").text
    assert web.post("/e-mails", {"mails": "once"}).status_code == 303
    assert 'value="once" checked' in web.get("/e-mails").text
    world.session.rollback()
    assert at_once.wants(world.session, who.user)
    web.post("/e-mails", {"mails": "morning"})
    world.session.rollback()
    assert not at_once.wants(world.session, who.user)
    web.sign_in(world.actor("police", "dpo", "Dora Officer"))
    assert 'value="once" checked' in web.get("/e-mails").text
    assert "when an emergency is declared" in web.text
    assert 'value="morning"' not in web.text
    web.post("/e-mails", {"mails": "none"})
    assert 'value="none" checked' in web.get("/e-mails").text


@pytest.mark.parametrize(
    ("role", "sent"), [("practitioner", {}), ("practitioner", {"mails": "x"}), ("dpo", {"mails": "team"})]
)
def test_what_is_no_choice_changes_nothing(web, world, role, sent):
    who = world.actor("police", role, "Ada Okafor")
    web.sign_in(who)
    web.post("/e-mails", {"mails": "none"})
    assert web.post("/e-mails", sent).status_code == 422
    assert "Choose when you want one" in web.text
    world.session.rollback()
    assert not notifying.wants(world.session, who.user)
