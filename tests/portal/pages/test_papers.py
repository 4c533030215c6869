"""Letters, the compact and privacy notices: looked at, then made, with what may leave and nothing else."""

import re

import pytest
from sqlalchemy import select, update

from portal.auth.actor import Actor
from portal.db import DAY, now_micros
from portal.pages import pdf
from portal.sharing.tables import SealedValue, VisitRow
from tests.installation import World
from tests.portal.pages.test_pdf import about, check, texts
from tests.portal.pages.web import Web

WHERE = {
    "probation person": {"surname": "Marlowe", "forename": "Dean", "address": "14 Orange Walk", "postcode": "EN5 4AB"}
}
LEAD = {"probation assignment": {"practitioner": "Siân Price", "role": "Lead", "telephone": "020 7946 0001"}}
COMPACT = {"probation compact": {"terms": "Keep appointments.\nStay away from <b>Hill Street</b>.", "version": "2"}}
REFERRED = {
    "barnet_housing referral": {"reason": "Three burglaries since June.", "priority_crime": "Burglary", "source": "ASB"}
}
SILENT = {
    "police intelligence": {"text": "CANARY-INTELLIGENCE"},
    "police marac": {"flag": "Yes", "recorded_on": "2026-01-02"},
    "probation victim": {"note": "CANARY-VICTIM"},
    "ntmh health": {"diagnosis": "CANARY-DIAGNOSIS"},
}
LETTERS = ("letter-selected", "letter-deselected", "letter-privacy", "compact", "referral-form")
NAMES = ("Marlowe", "Dean", "Orange Walk", "Siân")


def open_case(web: Web, world: World, actor: Actor, state="open", purpose="risk", **records) -> str:
    case = world.case({**WHERE, **LEAD, **COMPACT, **REFERRED, **SILENT, **records}, assigned=[actor], state=state)
    web.sign_in(actor)
    answer = web.post(f"/case/{case}", {"purpose": purpose, "reason": "A reason"})
    assert answer.status_code == 303
    return answer.location


@pytest.fixture
def officer(world):
    return world.actor("police", "practitioner", "PC One")


@pytest.mark.parametrize("sort", LETTERS)
def test_a_document_is_looked_at_then_made_and_logged_before_each(web, world, officer, sort):
    visit = open_case(web, world, officer)
    assert f"/document/{sort}" in web.get(f"{visit}/documents").text
    looked = web.get(f"{visit}/document/{sort}")
    assert looked.status_code == 200
    assert "Dean Marlowe" in web.text
    assert web.logged()[-1] == ("consultation", "permitted")
    answer = web.post(f"{visit}/document/{sort}")
    assert web.logged()[-1] == ("export", "permitted")
    assert answer.headers["Cache-Control"] == "no-store"
    name = re.fullmatch(
        rf'attachment; filename="{sort}-([0-9A-Z]{{4}}-[0-9A-Z]{{2}})\.pdf"', answer.headers["Content-Disposition"]
    )
    assert name
    whole = " ".join(texts(answer.data))
    check(answer.data, re.search(r"<h1[^>]*>([^<]+)", looked.text)[1], "OFFICIAL-SENSITIVE")
    assert "Dean Marlowe" in whole
    assert "Made by PC One, practitioner, Police" in whole
    assert f"entry {name[1]}" in whole
    for said in (looked.text, whole):
        assert "CANARY" not in said
        assert "MARAC" not in said
        assert "ntelligence" not in said, "silent categories are not even named"
    for part in NAMES:
        assert part not in about(answer.data) + str(answer.headers) + answer.request.path


def test_the_compact_says_what_is_agreed_in_which_version_and_whether_it_was_signed(web, world, officer):
    visit = open_case(web, world, officer)
    whole = " ".join(texts(web.post(f"{visit}/document/compact").data))
    assert "Version 2" in whole
    assert "Not signed yet." in whole
    assert "Stay away from <b>Hill Street</b>." in whole
    assert "Siân Price, Lead, Probation, 020 7946 0001" in whole
    assert "I do not sign this compact" in whole


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"signed_on": "2026-05-03"}, "Signed on 3 May 2026."),
        ({"refused": "Yes", "refusal_reason": "Will not be told."}, "Refused. Will not be told."),
    ],
)
def test_a_compact_that_was_signed_or_refused_says_so(web, world, officer, fields, said):
    compact = {"probation compact": {"terms": "Be on time.", "version": "1", **fields}}
    visit = open_case(web, world, officer, **compact)
    assert said in " ".join(texts(web.post(f"{visit}/document/compact").data))


def test_the_referral_form_says_who_referred_and_why(web, world, officer):
    visit = open_case(web, world, officer, purpose="selection")
    whole = " ".join(texts(web.post(f"{visit}/document/referral-form").data))
    assert "Priority crime: Burglary Source of the referral: ASB" in whole
    assert re.search(r"Housing, 2\d \w+ 2026: Three burglaries since June\.", whole)


def test_a_review_that_is_past_is_not_promised(web, world, officer):
    visit = open_case(web, world, officer, **{"barnet_safety case": {"review_on": "2026-01-02"}})
    assert "2 January 2026" not in web.get(f"{visit}/document/letter-selected").text


def test_another_version_of_a_compact_keeps_the_old_one(web, world):
    sian = world.actor("probation", "practitioner", "Siân Price")
    visit = open_case(web, world, sian)
    form = web.get(f"{visit}/add/compact").text
    assert re.search(r'name="compact\.version"[^>]*value="2"', form), "the next number stands in the form"
    once = re.search(r'name="once" value="([^"]+)"', form)[1]
    sent = {"once": once, "compact.version": "3", "compact.terms": "Keep appointments, Tuesdays too."}
    refused = web.post(f"{visit}/add/compact", {**sent, "compact.refused": "Yes"})
    assert refused.status_code == 400
    assert "Write why, or that no reason was given" in web.text
    assert web.post(f"{visit}/add/compact", {**sent, "compact.terms": ""}).status_code == 400
    assert "Write what is agreed" in web.text
    signed = {"compact.signed_on-day": "1", "compact.signed_on-month": "3", "compact.signed_on-year": "2026"}
    both = {**sent, **signed, "compact.refused": "Yes", "compact.refusal_reason": "No"}
    assert web.post(f"{visit}/add/compact", both).status_code == 400
    assert "signed or refused, not both" in web.text
    assert web.post(f"{visit}/add/compact", {**sent, **signed}).status_code == 303
    page = web.get(visit).text
    assert "Keep appointments, Tuesdays too." in page
    assert "Keep appointments.\n" in page, "the earlier version stays"
    whole = " ".join(texts(web.post(f"{visit}/document/compact").data))
    assert "Version 3" in whole
    assert "Tuesdays too" in whole


def test_what_may_not_leave_is_blank_and_says_why(web, world):
    housing = world.actor("barnet_housing", "practitioner", "Jo Home")
    visit = open_case(web, world, housing, purpose="pathways", **{"barnet_safety case": {"review_on": "2027-01-02"}})
    web.get(f"{visit}/document/letter-selected")
    shown = web.text
    whole = " ".join(texts(web.post(f"{visit}/document/letter-selected").data))
    for part in ("2 January 2027", "Dean Marlowe"):
        assert (part in shown) == (part in whole)
    assert "____" not in shown or "Left blank, to be written by hand" in shown


def test_a_value_that_could_not_be_opened_is_not_called_unsigned_or_unrecorded(web, world, officer):
    compact = {"terms": "Be on time.", "version": "1", "signed_on": "2026-05-03"}
    visit = open_case(web, world, officer, **{"probation compact": compact})
    assert "Signed on 3 May 2026." in web.get(f"{visit}/document/compact").text
    with world.doors.log.transaction(world.session):
        spoilt = update(SealedValue).where(SealedValue.field.in_(["compact.signed_on", "person.address"]))
        world.session.execute(spoilt.values(sealed=b"\0" * 90))
    web.get(f"{visit}/document/compact")
    assert "Not signed yet" not in web.text
    assert "Could not be opened: whether it was signed. This has been logged." in web.text
    assert "whether it was signed. Nothing is recorded" not in web.text
    whole = " ".join(texts(web.post(f"{visit}/document/compact").data))
    assert "Not signed yet" not in whole
    web.get(f"{visit}/document/letter-selected")
    assert "Could not be opened: the address. This has been logged." in web.text


@pytest.mark.parametrize(
    ("records", "what"),
    [
        ({"probation assignment": {"practitioner": "Ann Lee", "role": "IDVA"}}, "who is responsible"),
        ({"probation assignment": {"practitioner": "Ann Lee", "role": "Victim liaison officer"}}, "who is responsible"),
        ({"probation compact": {"terms": "As MARAC said,\nbe on time.", "version": "1"}}, "what is agreed"),
    ],
)
def test_nothing_that_tells_who_spoke_is_put_into_the_hand_of_the_person(web, world, officer, records, what):
    """The man who reads of an adviser or a MARAC in a paper that is his to keep knows who spoke (decision 16)."""
    visit = open_case(web, world, officer, **records)
    looked = web.get(f"{visit}/document/compact")
    assert looked.status_code == 200
    assert f"It would tell who spoke: {what}" in web.text
    assert "Make the PDF file" not in web.text
    before = web.logged()
    made = web.post(f"{visit}/document/compact")
    assert made.status_code == 409
    assert made.mimetype == "text/html"
    assert f"It would tell who spoke: {what}" in web.text
    assert [operation for operation, _ in web.logged()[len(before) :]] == ["consultation"], "nothing left"


def test_the_referral_form_is_for_agencies_and_may_say_what_harm_was_done(web, world, officer):
    referred = {"barnet_housing referral": {"reason": "The victim lives above.", "priority_crime": "Robbery"}}
    visit = open_case(web, world, officer, **referred)
    whole = " ".join(texts(web.post(f"{visit}/document/referral-form").data))
    assert "The victim lives above." in whole
    assert "This form was made by" in whole


def test_the_day_a_compact_is_printed_is_not_taken_for_the_day_of_its_version(web, world, officer):
    compact = {"probation compact": {"terms": "Be on time.", "version": "1", "signed_on": "2026-05-03"}}
    visit = open_case(web, world, officer, **compact)
    web.get(f"{visit}/document/compact")
    assert "Version 1. Signed on 3 May 2026. Reference BN-" in web.text
    assert "Printed on 25 November 2026." in web.text


def test_an_emergency_makes_no_document(web, world, officer):
    case = world.case({**WHERE, **LEAD})
    web.sign_in(officer)
    visit = web.post(f"/case/{case}/emergency", {"reason": "On the roof of the car park now."}).location
    for answer in (web.get(f"{visit}/document/letter-selected"), web.post(f"{visit}/document/letter-selected")):
        assert answer.status_code == 403
        assert "Marlowe" not in answer.text
        assert web.logged()[-1][1] == "refused"


def test_a_document_of_a_case_that_is_not_theirs_is_not_found(web, world, officer):
    visit = open_case(web, world, officer)
    web.sign_in(world.actor("barnet_housing", "practitioner", "Somebody Else"))
    for answer in (
        web.get(f"{visit}/documents"),
        web.get(f"{visit}/document/compact"),
        web.post(f"{visit}/document/compact"),
    ):
        assert answer.status_code == 404
        assert "Marlowe" not in answer.text
    web.sign_in(officer)
    assert web.get(f"{visit}/document/anything").status_code == 404


def test_a_server_without_pango_says_so_and_records_nothing(web, world, officer, monkeypatch):
    visit = open_case(web, world, officer)
    monkeypatch.setattr(pdf, "able", lambda: False)
    web.get(f"{visit}/document/compact")
    assert "This server cannot make PDF files: print the page instead." in web.text
    assert web.logged()[-1] == ("print", "permitted"), "the page is the paper then"
    before = web.logged()
    assert web.post(f"{visit}/document/compact").status_code == 406
    assert "Print the page instead" in web.text
    assert web.logged() == before


@pytest.mark.parametrize("borough", ["barnet", "brent", "harrow"])
@pytest.mark.parametrize("sort", ["privacy-notice", "privacy-easy-read"])
def test_anybody_may_read_a_privacy_notice(web, borough, sort):
    assert f"/privacy/{borough}-iom/{sort}" in web.get("/privacy").text
    assert web.get(f"/privacy/{borough}-iom/{sort}").status_code == 200
    assert "{" not in web.text
    assert "____" not in web.text
    answer = web.get(f"/privacy/{borough}-iom/{sort}.pdf")
    title = re.search(r"<h1[^>]*>([^<]+)", web.get(f"/privacy/{borough}-iom/{sort}").text)[1]
    check(answer.data, title, "OFFICIAL")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{sort}-{borough}-iom.pdf"'
    whole = " ".join(texts(answer.data))
    agreement = web.world.doors.book.engine(f"{borough}-iom").agreement
    for party in agreement.parties.values():
        assert (party.name in whole) == (party.kind != "mopac"), party.name
    assert "0303 123 1113" in whole
    if sort == "privacy-notice":
        controllers = (c.name for c in agreement.controllers.values() if c.id != "mopac")
        for words in (*(p.ask for p in agreement.purposes.values()), *controllers):
            assert words in whole, words
        assert re.search(r"2 years after you leave IOM: identity and contact", whole)
        assert re.search(r"6 months after you leave IOM: police intelligence", whole)


def test_easy_read_is_short_and_large(web):
    page = web.get("/privacy/barnet-iom/privacy-easy-read").text
    lines = re.findall(r'<p class="app-written doc-written">([^<]+)</p>', page)
    sentences = [s for line in lines for s in re.split(r"(?<=[.?])\s", line) if s]
    assert len(sentences) > 12
    assert max(len(s.split()) for s in sentences) <= 15
    assert "app-easy" in page


def test_there_is_no_notice_of_another_name(web):
    for path in (
        "/privacy/camden-iom/privacy-notice",
        "/privacy/barnet-iom/compact",
        "/privacy/barnet-iom/compact.pdf",
    ):
        assert web.get(path).status_code == 404


WORKING = {
    **LEAD,
    "police assignment": {"practitioner": "PC Walsh", "role": "Offender manager", "telephone": "020 7946 0002"},
    "barnet_safety assignment": {"practitioner": "Left Already", "role": "Lead", "until": "2026-01-02"},
    "ntmh assignment": {"practitioner": "Nurse Moyo", "role": "Community nurse"},
}


def closed_case(web, world, actor, days=0) -> str:
    """A visit for the review of a case that was de-selected so many days ago."""
    more = {"state": "deselected", "closed_at": now_micros() - days * DAY}
    case = world.case({**WHERE, **WORKING, **COMPACT, **REFERRED, **SILENT}, assigned=[actor], **more)
    web.sign_in(actor)
    return str(web.post(f"/case/{case}", {"purpose": "deselection", "reason": ""}).location)


@pytest.mark.parametrize(
    ("party", "role"), [("police", "practitioner"), ("probation", "practitioner"), ("barnet_safety", "coordinator")]
)
def test_the_letter_after_de_selection_names_whom_to_ask(web, world, party, role):
    visit = closed_case(web, world, world.actor(party, role, "Writer"))
    looked = web.get(f"{visit}/document/letter-deselected").text
    assert "Ask the people who worked with you:" in web.text
    for whom in ("Siân Price, Lead, Probation, 020 7946 0001", "PC Walsh, Offender manager, Police, 020 7946 0002"):
        assert whom in web.text, whom
    assert "Left blank, to be written by hand" not in web.text
    assert "Nurse Moyo" not in looked, "that the trust treats somebody is the trust's"
    assert "Left Already" not in looked
    whole = " ".join(texts(web.post(f"{visit}/document/letter-deselected").data))
    assert "Siân Price, Lead, Probation, 020 7946 0001" in whole
    assert web.logged()[-1] == ("export", "permitted")


def test_four_weeks_later_it_names_nobody_and_says_which_clause_did(web, world, officer):
    visit = closed_case(web, world, officer, days=27)
    assert "Siân Price" in web.get(f"{visit}/document/letter-deselected").text
    visit = closed_case(web, world, officer, days=28)
    web.get(f"{visit}/document/letter-deselected")
    assert "Siân Price" not in web.text
    assert "Left blank, to be written by hand: who is responsible." in web.text


@pytest.mark.parametrize("party", ["barnet_housing", "barnet_bridges", "ntmh"])
def test_who_makes_no_such_letter_reads_nobody_s_name_after_de_selection(web, world, party):
    visit = closed_case(web, world, world.actor(party, "practitioner", "Somebody"))
    assert "Siân Price" not in web.get(visit).text
    assert "Siân Price" not in web.get(f"{visit}/document/letter-deselected").text


def test_nothing_else_of_a_closed_case_opens_with_it(web, world, officer):
    """The twin: of an open case the same officer reads what was agreed, and for another purpose nobody's name."""
    visit = closed_case(web, world, officer)
    for purpose in ("risk", "pathways", "enforcement", "safeguarding"):
        case = world.case({**WHERE, **WORKING}, assigned=[officer], state="deselected", closed_at=now_micros())
        other = web.post(f"/case/{case}", {"purpose": purpose, "reason": ""}).location
        assert "Siân Price" not in web.get(str(other)).text
    assert "CANARY" not in web.get(visit).text


def test_the_way_to_the_letter_asks_for_the_purpose_and_leads_there(web, world, officer):
    visit = closed_case(web, world, officer)
    with world.doors.log.transaction(world.session) as tx:
        [row] = tx.session.scalars(select(VisitRow.case)).all()
        tx.session.execute(update(VisitRow).values(ends=now_micros() - 1))
    asked = web.get(f"/case/{row}?then=document/letter-deselected").text
    assert re.search(r'value="deselection" checked', asked)
    assert "Your visit has ended" not in asked
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', asked))
    on = web.post(f"/case/{row}", {**hidden, "purpose": "deselection", "reason": ""})
    assert str(on.location).endswith("/document/letter-deselected")
    assert "Siân Price" in web.get(str(on.location)).text
    again = web.get(f"/case/{row}?then=document/letter-deselected")
    assert str(again.location).endswith("/document/letter-deselected"), "while the visit lasts it is not asked again"
    assert visit not in str(on.location)
