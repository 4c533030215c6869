"""Whether somebody gets the mail of the morning, as a page."""

from portal.casework import notifying


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
