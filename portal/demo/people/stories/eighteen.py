"""A boy who turned 18 this week: what was written of a child keeps its youth label."""

from datetime import date

from portal.demo.people import vocabulary as v
from portal.demo.people.boroughs import BARNET
from portal.demo.people.casebook import Casebook, reference
from portal.demo.people.days import ago, birthday, born, spoken
from portal.demo.people.shapes import Nominal
from portal.demo.people.stories.frame import consent, identify, refer
from portal.demo.people.stories.script import enact
from portal.demo.people.stories.tasks import set_tasks

_SINCE = 3


def tell(today: date) -> Nominal:
    """Ayub Warsame: a year with youth justice, a birthday three days ago, and probation at the door."""
    book = Casebook(BARNET, today, born(today, 18, _SINCE), 4, reference(BARNET, ago(today, 338).date(), 12))
    _forms(book)
    _supervision(book)
    _year(book)
    _pressure(book)
    _help(book)
    _handover(book)
    _grown(book)
    set_tasks(book, "warsame")
    case, drafts = book.close(v.ACTIVE, book.day(-18), "barnet_youth")
    return Nominal("warsame", (case,), {case.reference: drafts})


def _forms(book: Casebook) -> None:
    by = "baptiste"
    person = identify(
        book, 338, by, entered=book.birth.year + 15, prison=False, surname="Warsame", forename="Ayub Hassan",
        gender="Male", also_known_as="Yubz", address="31 Aerodrome Mews", postcode="NW9 4DL", telephone="07700 900287",
    )  # fmt: skip
    book.edit(person, book.ago(121, "15:55"), by, telephone="07700 900891")
    book.add(
        book.ago(338, "09:33"), by, "equality", ethnicity="B9", first_language="Somali", religion="Muslim",
        disability="ADHD assessment open",
    )  # fmt: skip
    book.add(
        book.ago(327, "16:05"), by, "needs", care_leaver=v.NO,
        communication="Short messages, read out together. Ask him to say it back. No letters: he hides them unopened. "
        "His mother needs a Somali interpreter, never his brother.",
    )  # fmt: skip
    refer(
        book, 336, v.ROBBERY,
        "Two phone robberies outside the same school, with older boys watching from the wall. First entries on his "
        "record. Bright. Will be 18 before the order ends and nobody has planned for that.",
        "Youth justice, J. Baptiste",
        "Accepted under the youth criteria. To be looked at again three months before he turns 18.",
    )  # fmt: skip
    case = book.add(
        book.ago(336, "15:10"), "rahman", "case", status=v.REFERRED, cohort=v.FIXED, priority_crime=v.ROBBERY,
    )  # fmt: skip
    book.edit(
        case, book.ago(331, "13:15"), "rahman", status=v.ACTIVE, rag=v.AMBER, selected_on=book.on(331).isoformat(),
        rag_reason="Under older influence. Family strong.", review_on=book.day(250).isoformat(),
    )  # fmt: skip
    book.edit(
        case, book.ago(218, "16:30"), "rahman", rag=v.RED,
        rag_reason="Found with a kitchen knife, says for protection. Threats real.",
        review_on=book.day(190).isoformat(),
    )  # fmt: skip
    book.edit(
        case, book.ago(93, "12:00"), "rahman", rag=v.AMBER, rag_reason="Ten quiet weeks. Transition to plan.",
        review_on=book.day(-18).isoformat(),
    )  # fmt: skip


def _supervision(book: Casebook) -> None:
    book.assign(book.ago(330, "10:00"), "baptiste", "lead")
    book.assign(book.ago(330, "10:10"), "walsh")
    book.assign(book.ago(329, "11:30"), "siddiqui", "spoc", pathway=v.FAMILY)
    book.assign(book.ago(200, "15:00"), "penhaligon", "spoc", pathway=v.WORK)
    book.assign(book.ago(37, "10:00"), "feeney")
    book.add(
        book.ago(335, "10:05"), "feeney", "sentence", type="Youth rehabilitation order",
        start=book.day(343).isoformat(), end=book.day(-203).isoformat(), index_offence="Robbery of personal property",
        offence_date=book.day(402).isoformat(),
        conditions="Supervision 18 months. Activity requirement. Curfew 2000–0700 for the first 3 months.",
    )  # fmt: skip
    book.add(
        book.ago(335, "10:12"), "feeney", "sentence_summary",
        text="Youth rehabilitation order for robbery, made when he was 16. Runs on into adulthood.",
    )  # fmt: skip


def _year(book: Casebook) -> None:
    by = "baptiste"
    book.note(
        book.ago(327, "15:50"), by, "behaviour",
        "First session. Chin down, hood up, then forty minutes on Arsenal's midfield. Knows exactly what he did, says "
        "he was 'put up to it' and then, 'but it was my hand'.", "YJS contact",
    )  # fmt: skip
    enact(book, _YEAR)
    book.add(
        book.ago(310, "11:20"), "siddiqui", "family", children="He is the eldest of four", carer="Mother",
        safeguarding_plan="Child in need until 18", social_worker="F. Siddiqui",
    )  # fmt: skip
    book.add(
        book.ago(322, "16:25"), by, "compact", version="1", refused=v.NO, signed_on=book.on(322).isoformat(),
        terms="Home by eight. College every day. If the olders call I say I'm with YJS. They will not come to college "
        "in uniform.",
    )  # fmt: skip


def _pressure(book: Casebook) -> None:
    at = book.ago(221, "07:20", any_day=True)
    book.add(
        at, "gill", "intelligence", grade="B31", recorded_on=at.date().isoformat(),
        text="Reported that WARSAME has been told to hold something for the group until the weekend and that his "
        "brother, 13, has been followed home. Safeguarding, not enforcement, unless seen to carry.",
    )  # fmt: skip
    at = book.ago(220, "11:40")
    book.add(
        at, "gill", "sanitised", recorded_on=at.date().isoformat(),
        text="He and a younger sibling may be under pressure from older people. Please treat lateness or new things "
        "as a sign of that.",
    )  # fmt: skip
    book.note(
        book.ago(216, "10:15"), "baptiste", "behaviour",
        "He is frightened and right to be. A knife charge and a child at risk are the same boy on the same walk. We "
        "should plan for the walk.", "YJS contact", opinion=True,
    )  # fmt: skip


def _help(book: Casebook) -> None:
    consent(book, 170, "moyo", "health_engagement", "Ayub and his mum both signed. Attending or not, that is all.")
    book.add(
        book.ago(170, "11:30"), "moyo", "health", diagnosis="ADHD, combined presentation",
        medication="Not started, family deciding", clinician="Young people's team",
    )  # fmt: skip
    book.add(book.ago(170, "11:35"), "moyo", "health_engagement", engaging="Engaging", service="Young people's team")
    plan = book.add(
        book.ago(150, "10:30"), "penhaligon", "plan", label="ete", pathway=v.WORK,
        need="Leaves college at 4, trouble starts at 4.15.",
        goal="Somewhere to be from four to seven, five days a week.", spoc="Rosie Penhaligon",
        due_on=book.day(60).isoformat(), status="Under way",
    )  # fmt: skip
    book.edit(plan, book.ago(58, "10:40"), "penhaligon", status="Met")


def _handover(book: Casebook) -> None:
    turned = spoken(birthday(book.birth, 18))
    book.note(
        book.ago(92, "13:50"), "nibhriain", "behaviour",
        f"Transition meeting. He is 18 on {turned}. Agreed: order to probation, sessions overlap for six weeks, what "
        "we wrote stays "
        "marked as written of a child.",
        "Three-way meeting",
    )  # fmt: skip
    enact(book, _HANDOVER)


def _grown(book: Casebook) -> None:
    """After the birthday: the first records of an adult, with the record that nearly lost its label."""
    since = birthday(book.birth, 18)
    first = (book.today - since).days
    book.note(
        book.ago(first, "16:05", any_day=True), "penhaligon", "ete",
        "18 today. Under-12s made him a card, spelt Ayoub, he has kept it. Maths result next week.", "Mentoring",
    )  # fmt: skip
    copied = book.note(
        book.ago(first - 1, "10:20", any_day=True), "feeney", "behaviour",
        "For info, from YJS closing summary: pressure from older group, knife in spring, positive exploitation "
        "finding.", "Letter",
    )  # fmt: skip
    book.withdraw(
        copied, book.ago(first - 1, "11:05", any_day=True), "feeney",
        "Withdrawn: I had copied youth records into an adult entry. Read them where they stand, with their label.",
    )  # fmt: skip
    book.note(
        book.ago(first - 2, "12:30", any_day=True), "walsh", "behaviour",
        "Walked past the concourse with his sister, nodded, kept walking. Nobody on the wall got up.", "Patrol",
    )  # fmt: skip


_YEAR = """
310 11:05 siddiqui children: Social work visit
    Assessment done. Mum, three younger ones, overcrowded, warm, tired. Dad in Minneapolis, rings on Fridays. Child
    in need.
279 13:10 fairweather@barnet_youth behaviour: Reparation
    Reparation at the allotments. Has taken over the compost from two grown men. Brought his sister next time.
246 19:20! walsh behaviour: Patrol
    1905 Grahame Park concourse w/ 5 others, all older. He left when I looked at him. Good lad, wrong wall.
218 15:30 walsh behaviour: Stop and search
    S1 on the way home from college, kitchen knife in sock in his bag. Hand shaking. 'It's not for no one, it's for
    the walk.' Arrested, appropriate adult mum.
213 14:35 siddiqui children: Strategy meeting
    Strategy meeting, exploitation. Referral to the national panel made. Brother's school told, walk home changed.
196 12:20 feeney sentence: Court result
    Youth court: bladed article, order varied rather than breached, 3 months' curfew tag. Exploitation decision
    before the bench.
152 16:40 penhaligon ete: Mentoring
    Boxing gym says he may help with the under-12s if he sweeps up. He swept up. GCSE maths retake booked, he asked
    for it.
104 12:15 siddiqui children: Letter
    Competent authority: reasonable grounds, positive. He read the letter twice and asked if it meant he was a
    victim. Said he would rather be a witness.
"""
_HANDOVER = """
64 11:25 llewellyn behaviour: Panel
    Panel: to be judged afresh against the adult criteria after his birthday, not carried over. Youth history not to
    be scored as adult.
36 15:45 feeney behaviour: Three-way meeting
    Met with Jerome at the gym. Wanted to know if I would 'do voice'. Told him I do tea. We start Mondays.
19 16:10 baptiste behaviour: Reparation
    Last reparation session. Gave me a courgette. AssetPlus closed with him sitting next to me, he corrected a date.
8 13:20 siddiqui children: Social work visit
    Child in need plan ends at 18. Brother's plan goes on. Mum has my number and the duty number.
"""
