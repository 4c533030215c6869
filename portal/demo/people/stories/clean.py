"""A man of 45, two years clean and due to be de-selected."""

from datetime import date

from portal.demo.people import vocabulary as v
from portal.demo.people.boroughs import BARNET
from portal.demo.people.casebook import Casebook, reference
from portal.demo.people.days import ago, born, spoken, weekday_after
from portal.demo.people.shapes import Nominal
from portal.demo.people.stories.frame import consent, identify, refer, score
from portal.demo.people.stories.script import enact
from portal.demo.people.stories.tasks import set_tasks


def tell(today: date) -> Nominal:
    """Desmond Hylton: what finishing looks like, and how hard it is to leave a list."""
    book = Casebook(BARNET, today, born(today, 45, 290), 5, reference(BARNET, ago(today, 1012).date(), 208))
    panel = weekday_after(today, 3, 4)
    _forms(book, panel)
    _supervision(book)
    _then(book)
    _year(book)
    _leaving(book, panel)
    set_tasks(book, "hylton")
    case, drafts = book.close(v.ACTIVE, panel, "probation")
    return Nominal("hylton", (case,), {case.reference: drafts})


def _forms(book: Casebook, panel: date) -> None:
    person = identify(
        book, 1012, "achterberg", entered=book.birth.year + 16, prison=True, surname="Hylton",
        forename="Desmond Everton", also_known_as="Dezzie", gender="Male", address="Room 14, The Crescent project",
        postcode="N12 8TT", telephone="07700 900330",
    )  # fmt: skip
    book.edit(person, book.ago(701, "14:10"), "achterberg", address="17 Penniwell Path", postcode="EN4 9BX")
    book.add(
        book.ago(1012, "09:35"), "achterberg", "equality", ethnicity="B1", first_language="English",
        religion="Christian", disability="Hearing aid, right",
    )  # fmt: skip
    refer(
        book, 1009, v.VEHICLE,
        "28 years of thefts from vans for tools, crack behind all of it. 61 convictions. Ill, tired, asks to come on.",
        "Self, through R. Achterberg", "Accepted, fixed cohort. First in this borough to refer himself.",
    )  # fmt: skip
    case = book.add(
        book.ago(1009, "15:00"), "rahman", "case", status=v.REFERRED, cohort=v.FIXED, priority_crime=v.VEHICLE,
    )  # fmt: skip
    book.edit(
        case, book.ago(1004, "13:30"), "rahman", status=v.ACTIVE, rag=v.RED, selected_on=book.on(1004).isoformat(),
        rag_reason="Using daily. Two arrests this month.", review_on=book.day(940).isoformat(),
    )  # fmt: skip
    book.edit(
        case, book.ago(640, "12:15"), "rahman", rag=v.AMBER, rag_reason="Three months clean, own flat. Early.",
        review_on=book.day(500).isoformat(),
    )  # fmt: skip
    book.edit(
        case, book.ago(351, "11:50"), "rahman", rag=v.GREEN,
        rag_reason="A year without arrest or use. Quarterly contact.", review_on=book.day(80).isoformat(),
    )  # fmt: skip
    book.edit(
        case, book.ago(24, "10:45"), "rahman", rag_reason="Criteria no longer met. De-selection on the agenda.",
        review_on=panel.isoformat(),
    )  # fmt: skip


def _supervision(book: Casebook) -> None:
    book.assign(book.ago(1003, "10:00"), "achterberg", "lead")
    book.assign(book.ago(1003, "10:20"), "walsh")
    book.assign(book.ago(1002, "11:00"), "latchford", "spoc", pathway=v.DRUGS)
    book.assign(book.ago(990, "09:40"), "tetteh", "spoc", pathway=v.WORK)
    book.assign(book.ago(720, "15:00"), "coyle", "spoc", pathway=v.ACCOMMODATION, until=book.day(300))
    book.add(
        book.ago(1008, "10:10"), "achterberg", "sentence", type="Suspended sentence order",
        start=book.day(1015).isoformat(), end=book.day(285).isoformat(), index_offence="Theft from motor vehicle",
        offence_date=book.day(1060).isoformat(), conditions="Drug rehabilitation 12 months. RAR 30 days.",
    )  # fmt: skip
    book.add(
        book.ago(1008, "10:16"), "achterberg", "sentence_summary",
        text="Suspended sentence for theft from vans, completed without activation. No supervision now: he comes "
        "because he chooses to.",
    )  # fmt: skip
    score(book, 1007, "achterberg", 24, 92)
    score(book, 300, "achterberg", 9, 61, "Low")


def _then(book: Casebook) -> None:
    consent(
        book, 1000, "latchford", "substance_engagement", "Tell them all, he said. Limited to engagement all the same.",
    )  # fmt: skip
    book.add(
        book.ago(1000, "11:30"), "latchford", "substance", substances="Crack cocaine, daily since 1999; alcohol",
        treatment="Twelve-week residential, then aftercare; now volunteer mentor",
        test_results="Last positive over two years ago",
    )  # fmt: skip
    status = book.add(
        book.ago(1000, "11:40"), "latchford", "substance_engagement", engaging="Engaging",
        service="Adult treatment service",
    )  # fmt: skip
    book.edit(status, book.ago(775, "10:10"), "latchford", engaging="Not engaging")
    book.edit(status, book.ago(738, "10:30"), "latchford", engaging="Engaging")
    enact(book, _THEN)
    book.add(
        book.ago(697, "10:00"), "coyle", "accommodation", situation="Settled", provider="Barnet Homes",
        note="Introductory tenancy became secure after a year. Never a day in arrears.",
    )  # fmt: skip
    plan = book.add(
        book.ago(690, "11:10"), "latchford", "plan", label="substance_engagement", pathway=v.DRUGS,
        need="Every return to use began with a Friday wage and nobody to ring.",
        goal="A year clean, with three numbers to ring.", spoc="Dean Latchford", due_on=book.day(370).isoformat(),
        status="Under way",
    )  # fmt: skip
    book.edit(plan, book.ago(368, "10:25"), "latchford", status="Met")


def _year(book: Casebook) -> None:
    enact(book, _YEAR)
    book.add(
        book.ago(349, "13:05"), "achterberg", "compact", version="1", refused=v.NO, signed_on=book.on(349).isoformat(),
        terms="Quarterly coffee. I ring if a Friday feels wrong. They stop knocking.",
    )  # fmt: skip
    book.add(
        book.ago(328, "10:20"), "castell", "ete", situation="Self-employed", provider="Hylton Maintenance",
        benefits="UC ended, earnings too high", debts="Fines paid off in March, £2,310 over four years",
    )  # fmt: skip
    book.add(
        book.ago(328, "10:30"), "castell", "basis", label="ete", ground="Consent", given_on=book.on(328).isoformat(),
        note="In the journal, before the claim closed. Claim and earnings status only.",
    )  # fmt: skip
    wrong = book.note(
        book.ago(236, "08:15", any_day=True), "adebayo", "behaviour",
        "HYLTON's van outside lock-up burgled overnight, Whetstone. Attending address this pm to account for "
        "movements.", "Crime report",
    )  # fmt: skip
    book.edit(
        wrong, book.ago(236, "17:30", any_day=True), "adebayo",
        text="Van was there because the owner had rung him to board the door up, 0610, call seen on both phones. "
        "Correction: he was the locksmith, not the suspect. Apologised on the step.",
    )  # fmt: skip


def _leaving(book: Casebook, panel: date) -> None:
    enact(book, _LEAVING)
    book.note(
        book.ago(23, "15:40"), "rahman", "behaviour",
        f"On the agenda for {spoken(panel)}. Told him what closes, what is kept for how long, and "
        "who he can write to about it.",
        "Phone call",
    )  # fmt: skip


_THEN = """
776 22:05! walsh behaviour: Custody record
    Arrested, van in Ballards Lane, drill still in hand. 'I know, Siobhan.' Eight months undone in a night, he says.
    Not undone.
741 09:50 latchford substance_engagement: Phone call
    Rang from the bus to residential. Last use yesterday, he says, and told me the time. Bed held.
698 14:00 coyle housing: Home visit
    Viewed Penniwell Path. He asked which way the window looked. Garden. Signed.
"""
_YEAR = """
352 15:20 achterberg behaviour: Office appointment
    A year without arrest. 61 convictions and a year. He brought the custard tarts.
329 12:10 tetteh ete: Mentoring
    Desmond has his own van. The irony was noted by him before I could. Tool engraving for half the trade in N12.
284 10:00 achterberg sentence: Order ended
    Suspended sentence expired today, not activated. Shook hands. Not on my caseload now.
235 09:25 walsh behaviour?: Home visit
    He took yesterday better than I would have. It stays on his mind that the list brought us to his door and not to
    the other six vans.
190 18:40 latchford substance_engagement: Key work
    Now runs the Thursday evening group himself, unpaid. Attendance up by five. Engaging is not the word.
133 14:30 tetteh ete: Mentoring
    Took on a lad from our course two days a week. First day: made him engrave his name.
91 10:15 moyo behaviour: Phone call
    Hearing clinic appointment arranged through us at his request. No mental health contact needed.
"""
_LEAVING = """
79 11:35 rahman behaviour: Panel
    Review was due yesterday and was not held: two members away. He has been Green for nine months. We owe him a
    date.
45 16:00 walsh behaviour: Supervision
    Nothing on any system since the door he boarded up. For de-selection, no reservations from police.
30 10:20 achterberg behaviour?: Supervision
    Recommend de-selection. Two years clean by his own count, two years without arrest by ours, order ended, work,
    home. To stay on would be for our comfort.
9 12:50 latchford substance_engagement: Key work
    Asked if he may go on running Thursdays once he is off the books. Told him the books were never the reason.
4 13:15 walsh behaviour: Patrol
    Saw him on the High Road, van full of somebody's fence. Two years today. He did not mention it, so I did.
"""
