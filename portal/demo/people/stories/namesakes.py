"""Two people of one name, their birthdays a day-and-month apart on paper, who are nearly taken for one."""

from datetime import date

from portal.demo.people import vocabulary as v
from portal.demo.people.boroughs import BARNET
from portal.demo.people.casebook import Casebook, reference
from portal.demo.people.days import ago, spoken
from portal.demo.people.shapes import Nominal
from portal.demo.people.stories.frame import consent, identify, refer, score
from portal.demo.people.stories.script import enact


def tell(today: date) -> tuple[Nominal, Nominal]:
    """Daniel Mensah, born 3 November, and Daniel Mensah, born 11 March: and a file that read 03/11 both ways."""
    year = today.year - 28
    older = Casebook(BARNET, today, date(year, 3, 11), 6, reference(BARNET, ago(today, 190).date(), 88))
    younger = Casebook(BARNET, today, date(year, 11, 3), 7, reference(BARNET, ago(today, 143).date(), 119))
    _forms(younger)
    _supervision(younger)
    _story(younger)
    _other_forms(older)
    _other_story(older)
    first, drafts = younger.close(v.ACTIVE, younger.day(-21), "probation")
    second, others = older.close(v.ACTIVE, older.day(-33), "probation")
    return (
        Nominal("mensah-november", (first,), {first.reference: drafts}),
        Nominal("mensah-march", (second,), {second.reference: others}),
    )


def _forms(book: Casebook) -> None:
    person = identify(
        book, 143, "okonkwo", entered=book.birth.year + 17, prison=True, surname="Mensah", forename="Daniel",
        gender="Male", also_known_as="Danny M", address="Flat 22, 8 Larkmead Way", postcode="NW9 7QJ",
        telephone="07700 900514",
    )  # fmt: skip
    slip = book.birth.replace(month=book.birth.day, day=book.birth.month)
    book.edit(person, book.ago(96, "08:50"), "okonkwo", date_of_birth=slip.isoformat())
    book.edit(person, book.ago(88, "15:20"), "okonkwo", date_of_birth=book.birth.isoformat())
    book.add(book.ago(143, "09:30"), "okonkwo", "equality", ethnicity="B2", first_language="English")
    refer(
        book, 142, v.ROBBERY,
        "Phone robberies on e-bikes, pillion. Licence in a fortnight. Steady family, sharp friends.", "Monthly extract",
        "Accepted, fixed cohort. Coordinator to check against the other Daniel Mensah before anything is sent.",
    )  # fmt: skip
    case = book.add(
        book.ago(142, "15:00"), "rahman", "case", status=v.REFERRED, cohort=v.FIXED, priority_crime=v.ROBBERY,
    )  # fmt: skip
    book.edit(
        case, book.ago(137, "13:20"), "rahman", status=v.ACTIVE, rag=v.AMBER, selected_on=book.on(137).isoformat(),
        rag_reason="Home and family hold. Friends do not.", review_on=book.day(52).isoformat(),
    )  # fmt: skip
    book.edit(
        case, book.ago(50, "11:30"), "rahman", review_on=book.day(-21).isoformat(),
        rag_reason="Complaint open. Compliance good in spite of us.",
    )  # fmt: skip


def _supervision(book: Casebook) -> None:
    book.assign(book.ago(136, "10:00"), "okonkwo", "lead")
    book.assign(book.ago(136, "10:10"), "adebayo")
    book.assign(book.ago(135, "10:30"), "castell", "spoc", pathway=v.WORK)
    book.assign(book.ago(135, "11:00"), "nwosu", "spoc", pathway=v.ACCOMMODATION)
    book.add(
        book.ago(141, "10:15"), "okonkwo", "sentence", type="Licence", start=book.day(490).isoformat(),
        end=book.day(-160).isoformat(), licence_end=book.day(-160).isoformat(),
        index_offence="Robbery of personal property", offence_date=book.day(560).isoformat(),
        release_on=book.day(130).isoformat(),
        conditions="Report weekly. Not to ride pillion or own an e-bike. No contact with co-defendants.",
    )  # fmt: skip
    book.add(
        book.ago(141, "10:20"), "okonkwo", "sentence_summary",
        text="On licence for robbery, first time in custody. Ends next spring.",
    )  # fmt: skip
    score(book, 140, "okonkwo", 47, 66, "Medium")


def _story(book: Casebook) -> None:
    enact(book, _STORY)
    book.add(
        book.ago(128, "14:10"), "okonkwo", "compact", version="1", refused=v.NO, signed_on=book.on(128).isoformat(),
        terms="No bikes. Sunday lunch at home. I say who I'm with. They call me Daniel, not the nominal.",
    )  # fmt: skip
    book.add(
        book.ago(127, "15:00"), "nwosu", "accommodation", situation="With family or friends", provider="",
        note="Parents' housing association flat. Mother asks that letters come in plain envelopes.",
    )  # fmt: skip
    book.add(
        book.ago(112, "11:35"), "castell", "ete", situation="Training",
        provider="Electrical installation L2, Colindale campus", benefits="Universal Credit",
        debts="Victim surcharge, £140",
    )  # fmt: skip
    misplaced = book.note(
        book.ago(93, "13:05"), "wojcik", "behaviour",
        "Attended triage with a friend. Said he would try the evening group. Bringing ID next time.", "Phone call",
    )  # fmt: skip
    book.withdraw(
        misplaced, book.ago(87, "10:00"), "wojcik",
        "Wrong Daniel Mensah: ours is the one born in March. Withdrawn and entered on his record. Reported as an "
        "incident.",
    )  # fmt: skip
    at = book.ago(91, "12:15")
    book.add(
        at, "gill", "safety", recorded_on=at.date().isoformat(),
        warning="Two Daniel Mensahs in this borough. This one was born on 3 November.",
        advice="Check the date of birth aloud with him, and the last four of the PNC, before any visit, letter or "
        "arrest.",
    )  # fmt: skip
    plan = book.add(
        book.ago(110, "10:15"), "castell", "plan", label="ete", pathway=v.WORK,
        need="Half a qualification and a record.", goal="Level 2 passed and a site placement.", spoc="Yvonne Castell",
        due_on=book.day(-40).isoformat(), status="Not started",
    )  # fmt: skip
    book.edit(plan, book.ago(83, "11:00"), "castell", status="Under way")


def _other_forms(book: Casebook) -> None:
    identify(
        book, 190, "feeney", entered=book.birth.year + 19, prison=False, surname="Mensah", forename="Daniel Kofi",
        gender="Male", also_known_as="Fi", address="NFA", telephone="07700 900066",
    )  # fmt: skip
    book.add(book.ago(190, "09:30"), "feeney", "equality", ethnicity="B2", first_language="Twi", religion="Christian")
    refer(
        book, 188, v.SUPPLY,
        "Runs a line off the Broadway for others and uses what he is paid in. Sofa to sofa. Community order, thin "
        "compliance.", "Police, local drugs team", "Accepted, flex cohort. Treatment and a bed before anything else.",
    )  # fmt: skip
    case = book.add(book.ago(188, "15:10"), "rahman", "case", status=v.REFERRED, cohort=v.FLEX, priority_crime=v.SUPPLY)
    book.edit(
        case, book.ago(183, "13:25"), "rahman", status=v.ACTIVE, rag=v.RED, selected_on=book.on(183).isoformat(),
        rag_reason="No address, in debt upward, using.", review_on=book.day(100).isoformat(),
    )  # fmt: skip
    book.edit(
        case, book.ago(61, "12:05"), "rahman", rag=v.AMBER, review_on=book.day(-33).isoformat(),
        rag_reason="In treatment and indoors. Ten weeks.",
    )  # fmt: skip
    book.assign(book.ago(182, "10:00"), "feeney", "lead")
    book.assign(book.ago(182, "10:10"), "walsh")
    book.assign(book.ago(181, "10:30"), "wojcik", "spoc", pathway=v.DRUGS)
    book.assign(book.ago(181, "11:00"), "nwosu", "spoc", pathway=v.ACCOMMODATION)
    book.add(
        book.ago(189, "10:15"), "feeney", "sentence", type="Community order", start=book.day(201).isoformat(),
        end=book.day(-164).isoformat(), index_offence="PWITS class A", offence_date=book.day(260).isoformat(),
        conditions="RAR 20 days, drug rehabilitation 6 months.",
    )  # fmt: skip
    book.add(
        book.ago(189, "10:20"), "feeney", "sentence_summary",
        text="Community order of a year for supplying, with drug treatment.",
    )  # fmt: skip
    book.add(
        book.ago(30, "11:05"), "feeney", "move", label="sentence_summary", to="Probation Reset",
        since=book.day(31).isoformat(), then="The partnership goes on",
        reason="In the last third of his order. The clinic and his mentor go on seeing him; no more appointments here.",
    )  # fmt: skip
    score(book, 187, "feeney", 33, 71)


def _other_story(book: Casebook) -> None:
    enact(book, _OTHER_STORY)
    rough = book.add(
        book.ago(170, "12:40"), "nwosu", "accommodation", situation="Sleeping rough", provider="",
        duty_to_refer_on=book.on(170).isoformat(), note="Sleeps on the N5 when he has the fare.",
    )  # fmt: skip
    book.edit(
        rough, book.ago(77, "16:20"), "nwosu", situation="Hostel", provider="Rowan House", note="Room 11. Quiet floor.",
    )  # fmt: skip
    at = book.ago(97, "07:15", any_day=True)
    book.add(
        at, "gill", "intelligence", grade="E41", recorded_on=at.date().isoformat(),
        text="Said to be bagging up at an address in Colindale for the line known as Prince. Warrant applied for in "
        "this name.",
    )  # fmt: skip
    consent(book, 93, "wojcik", "substance_engagement", "Engagement only. Asked that his mother is never rung.")
    book.add(
        book.ago(93, "12:00"), "wojcik", "substance", substances="Crack, heroin", treatment="Buprenorphine 16 mg",
        test_results="Opiates positive at start",
    )  # fmt: skip
    book.add(
        book.ago(93, "12:05"), "wojcik", "substance_engagement", engaging="Engaging", service="Adult treatment service",
    )  # fmt: skip
    book.note(
        book.ago(87, "10:05"), "wojcik", "substance_engagement",
        f"Attended triage {spoken(book.day(93))} with a friend and evening group since. First entered on "
        "another man's record, my mistake.",
        "Key work",
    )  # fmt: skip


_STORY = """
130 15:30 okonkwo behaviour: Office appointment
    Released to his parents. Both came with him to report. Curfew understood.
112 11:20 castell ete: Work coach
    Claim made. Wants to finish the electrical Level 2 he started inside. College has kept the place.
96 08:55 okonkwo behaviour: Monthly extract
    Extract shows his date of birth as 11 March. Taken as the newer data and put on the record.
94 10:40 nwosu housing: Housing application
    Duplicate? Another Daniel Mensah, same date of birth now, on a homeless application from the spring. Merge
    proposed to the coordinator.
91 06:50! walsh behaviour: Warrant
    Warrant executed 0610 Larkmead Way. WRONG MENSAH. Warrant is for a male b. 11 March. Father in dressing gown
    asked to see the date on it and was right. Stood down 0622. Door to be mended by us today.
91 11:30 gill behaviour: Home visit
    Visited, apologised in person to the parents and to Daniel, complaint form left and explained. Both nominals
    flagged for same name.
89 09:40 rahman behaviour: Panel
    Merge refused. Different PNC, different CRN, different photographs, different mothers. The extract has his
    birthday day-and-month the wrong way round.
88 15:25 okonkwo behaviour: Office appointment
    Date of birth put back to 3 November from his birth certificate, seen. I should have asked him before I changed
    it. Region told.
75 17:10 okonkwo behaviour?: Office appointment
    Still attending, every week. Says his dad sleeps downstairs now. We have cost this family something.
53 10:30 fairweather behaviour: Letter
    Letter of apology from the partnership handed over with what went wrong in plain words and how to complain
    further.
34 15:10 castell ete: Course
    Passed first two units. Placement officer says he wires like someone being marked.
18 18:30! adebayo behaviour: Patrol
    Passed him at Colindale station, on foot, college bag. Checked I had the right one. He laughed first.
5 11:15 okonkwo behaviour: Office appointment
    Reporting goes to fortnightly. He shows his birth certificate at the desk every time now, unasked.
"""
_OTHER_STORY = """
170 12:30 nwosu housing: Housing application
    Homeless application taken. Not priority need on what we have. Review asked for with GP letter.
139 10:20 feeney behaviour: Office appointment
    DNA twice. Found by outreach, brought in by outreach. Talked for an hour once warm.
91 07:30! walsh behaviour: Warrant
    Not at the address searched this morning. See apology on the other record: name only, nothing else, is shared.
86 14:40 feeney behaviour: Office appointment
    Told him that a note about him was put on someone else's file and for how long. He asked who read it. I could
    tell him.
77 16:25 nwosu housing: Hostel
    Moved into Rowan House. Sheets still in the packet on day three, slept on top.
40 11:10 wojcik substance_engagement: Key work
    Eight weeks. Brings his own mug.
12 15:35 feeney behaviour: Office appointment
    Came in to say the pharmacy had the other Daniel's birthday on his label. He checked it himself before he took
    it.
"""
