"""A woman of 31, shop theft and heroin: her drug worker shares that she is engaging, never the diagnosis."""

from datetime import date

from portal.demo.people import vocabulary as v
from portal.demo.people.boroughs import BARNET
from portal.demo.people.casebook import Casebook, reference
from portal.demo.people.days import ago, born
from portal.demo.people.shapes import Nominal
from portal.demo.people.stories.frame import consent, identify, refer, score
from portal.demo.people.stories.script import enact
from portal.demo.people.stories.tasks import set_tasks


def tell(today: date) -> Nominal:
    """Danielle Keating: thirty-one thefts, one lapse, one withdrawn consent, and a Tuesday group."""
    book = Casebook(BARNET, today, born(today, 31, 61), 3, reference(BARNET, ago(today, 262).date(), 64))
    _forms(book)
    _supervision(book)
    _spring(book)
    _summer(book)
    _now(book)
    set_tasks(book, "keating")
    case, drafts = book.close(v.ACTIVE, book.day(3), "probation")
    return Nominal("keating", (case,), {case.reference: drafts})


def _forms(book: Casebook) -> None:
    identify(
        book, 262, "feeney", entered=book.birth.year + 19, prison=False, surname="Keating", forename="Danielle Marie",
        also_known_as="Dani; Danielle Marsden (married name, not used)", gender="Female",
        address="Flat 9, 14 Tannery Court", postcode="HA8 0DR", telephone="07700 900733",
    )  # fmt: skip
    book.add(
        book.ago(262, "09:40"), "feeney", "equality", ethnicity="W2", first_language="English", disability="Asthma",
    )  # fmt: skip
    book.add(
        book.ago(261, "10:40"), "feeney", "needs", gender="A woman worker, and a woman at any home visit.",
        communication="Mornings only. Large print, her glasses were lost.", care_leaver=v.YES,
    )  # fmt: skip
    book.add(
        book.ago(180, "14:25"), "nwosu", "person", surname="Keating", forename="Danielle", also_known_as="Dani",
        address="Flat 6, 14 Tannery Court", postcode="HA8 0DR",
    )  # fmt: skip
    refer(
        book, 260, v.OTHER_CRIME,
        "31 shop thefts in nine months, same six shops, meat, coffee, toiletries. £20 a day and no further up the "
        "ladder. Prison has not touched it. Treatment might.", "Neighbourhood team, PC Walsh",
        "Accepted, free cohort. Chair: volume harm is still harm, and shopkeepers were heard.",
    )  # fmt: skip
    case = book.add(
        book.ago(260, "15:15"), "rahman", "case", status=v.REFERRED, cohort=v.FREE, priority_crime=v.OTHER_CRIME,
    )  # fmt: skip
    book.edit(
        case, book.ago(255, "13:00"), "rahman", status=v.ACTIVE, rag=v.RED, selected_on=book.on(255).isoformat(),
        rag_reason="Offending most days to pay for use.", review_on=book.day(199).isoformat(),
    )  # fmt: skip
    book.edit(
        case, book.ago(143, "12:25"), "rahman", rag=v.AMBER, review_on=book.day(87).isoformat(),
        rag_reason="In treatment ten weeks. Two thefts in that time against forty-odd before.",
    )  # fmt: skip
    book.edit(
        case, book.ago(59, "10:55"), "rahman", review_on=book.day(3).isoformat(),
        rag_reason="Lapse in August, came back within days.",
    )  # fmt: skip


def _supervision(book: Casebook) -> None:
    book.assign(book.ago(254, "10:00"), "feeney", "lead")
    book.assign(book.ago(254, "10:15"), "walsh")
    book.assign(book.ago(253, "09:30"), "wojcik", "spoc", pathway=v.DRUGS)
    book.assign(book.ago(252, "13:00"), "moyo", "spoc", pathway=v.HEALTH)
    book.assign(book.ago(182, "14:00"), "nwosu", "spoc", pathway=v.ACCOMMODATION)
    book.assign(book.ago(120, "14:00"), "penhaligon", "spoc", pathway=v.WORK)
    book.add(
        book.ago(259, "10:05"), "feeney", "sentence", type="Community order", start=book.day(266).isoformat(),
        end=book.day(-99).isoformat(), index_offence="Shoplifting", offence_date=book.day(281).isoformat(),
        conditions="RAR 25 days. Drug rehabilitation requirement 9 months with court reviews.",
    )  # fmt: skip
    book.add(
        book.ago(259, "10:12"), "feeney", "sentence_summary",
        text="Community order of one year for shop theft, with drug treatment and regular reviews before the court.",
    )  # fmt: skip
    score(book, 258, "feeney", 17, 88)
    score(book, 66, "feeney", 14, 83, "Low")


def _spring(book: Casebook) -> None:
    enact(book, _SPRING)
    consent(
        book, 248, "wojcik", "substance_engagement",
        "Three-way form. Engaging yes or no. Not the drug, not the dose, not the tests.",
    )  # fmt: skip
    book.add(
        book.ago(248, "11:40"), "wojcik", "substance", substances="Heroin 0.5 g daily, smoked; crack at weekends",
        treatment="Methadone titration, now 55 ml, supervised", test_results="Opiates and cocaine positive at start",
    )  # fmt: skip
    status = book.add(
        book.ago(248, "11:50"), "wojcik", "substance_engagement", engaging="Sporadic",
        service="Adult treatment service",
    )  # fmt: skip
    book.edit(status, book.ago(201, "12:10"), "wojcik", engaging="Engaging")
    book.edit(status, book.ago(96, "16:10"), "wojcik", engaging="Not engaging")
    book.edit(status, book.ago(86, "10:20"), "wojcik", engaging="Engaging")
    given = consent(book, 236, "moyo", "health_engagement", "Signed at clinic. Attending or not, nothing clinical.")
    book.add(
        book.ago(236, "11:30"), "moyo", "health", diagnosis="Emotionally unstable personality disorder; PTSD",
        medication="Sertraline 100 mg", clinician="Dr Fernandes",
    )  # fmt: skip
    book.add(book.ago(236, "11:35"), "moyo", "health_engagement", engaging="Engaging", service="Women's trauma pathway")
    book.withdraw(
        given, book.ago(70, "15:40"), "moyo",
        "Withdrawn in person. A letter of ours was read out in front of her aunt by another agency. Her choice stands "
        "until she says so.",
    )  # fmt: skip
    book.add(
        book.ago(244, "13:15"), "feeney", "compact", version="1", refused=v.NO, signed_on=book.on(244).isoformat(),
        terms="I turn up Tuesdays. I ring if I can't. They do not tell my aunt anything. If I use I say so to Kasia "
        "first.",
    )  # fmt: skip
    plan = book.add(
        book.ago(213, "14:40"), "wojcik", "plan", label="substance_engagement", pathway=v.DRUGS,
        need="Steals daily to stay well.", goal="Twelve weeks without a gap. Then talk about less.",
        spoc="Kasia Wójcik", due_on=book.day(120).isoformat(), status="Under way",
    )  # fmt: skip
    book.edit(plan, book.ago(118, "14:50"), "wojcik", status="Met")


def _summer(book: Casebook) -> None:
    enact(book, _SUMMER)
    acc = book.add(
        book.ago(179, "10:05"), "nwosu", "accommodation", situation="With family or friends", provider="",
        note="Lives in late mother's flat, tenancy in sister's name. Succession being looked at.",
    )  # fmt: skip
    book.edit(
        acc, book.ago(52, "11:45"), "nwosu", situation="Settled", provider="Barnet Homes",
        note="New tenancy granted at our discretion, starter, 12 months.",
    )  # fmt: skip
    book.add(
        book.ago(152, "13:40"), "ridley", "family", children="One son, 7", carer="Maternal aunt, special guardianship",
        safeguarding_plan="None", social_worker="Kinship team",
    )  # fmt: skip
    consent(
        book, 95, "wojcik", "substance_need",
        "She agrees that we answer somebody who asks, one at a time, after talking to her. Not for everybody.",
    )  # fmt: skip
    book.add(
        book.ago(95, "10:30"), "wojcik", "substance_need",
        need="Overdose risk raised after a gap. Two kits left with the neighbour. If arrested please ring us before "
        "any long wait.",
    )  # fmt: skip


def _now(book: Casebook) -> None:
    enact(book, _NOW)
    wrong = book.note(
        book.ago(44, "17:05"), "adebayo", "behaviour",
        "Seen by CCTV at Sainsbury's Local, concealed spirits, left in a red Corsa.", "CCTV",
    )  # fmt: skip
    book.withdraw(
        wrong, book.ago(42, "09:10"), "adebayo",
        "Not her: viewed again, different woman, she was at group at that time and twelve people saw her. Entered in "
        "error.",
    )  # fmt: skip


_SPRING = """
251 16:20 walsh behaviour: Patrol
    Stopped o/s Boots Edgware 1555, four razors up a sleeve, said 'go on then' and held her wrists out. Summons, not
    cells. Talked about treatment on the kerb.
230 12:20 wojcik substance_engagement: Key work
    Missed two pick-ups, came on the third day and asked to carry on. Restarted. Engaging, just about.
214 11:30 feeney sentence: Court result
    First court review. Same magistrate asked to keep it. 'Fewer thefts is not the target, Ms Keating, but it is
    noticed.'
"""
_SUMMER = """
181 15:10 nwosu housing: Landlord
    Sister's name is on the tenancy, not hers. Sister left in the spring. Rent paid, law is not simple. Taking
    advice before anyone writes a letter.
152 13:25 ridley children: Social work visit
    Saw her son, 7, with the aunt who has the order. Contact Sundays, Danielle has been to nine of eleven. He keeps
    the bus tickets.
119 12:00 penhaligon ete: Mentoring
    Dani has started in the charity shop, on the till, which was my idea and I have been told it is a bold one.
    Drawer right to the penny three weeks running.
97 18:15 walsh behaviour: Crime report
    Tesco Edgware 1740, nappies and coffee, £37. First in 58 days. In tears, would not say why. Community resolution
    with store.
96 16:15 wojcik substance_engagement: Outreach
    DNA x3 since Tuesday. No reply to texts. Going round with naloxone and no lecture.
86 10:25 wojcik substance_engagement: Key work
    Back in group. Brought biscuits. Engaging.
85 11:00 feeney behaviour: Office appointment
    Her mother's anniversary fell in that week; nobody had it written down. It is written down now: second week of
    August.
"""
_NOW = """
71 09:45 fairweather behaviour: Letter
    Letter handed in at the aunt's by our courier had the clinic's stamp on the envelope. Our mistake. Apologised to
    her ourselves, reported as an incident.
69 10:30 moyo health_engagement: Clinic
    She has taken back consent for partners to be told of her contact with us. She is entitled to. Please do not ask
    her why.
52 12:00 nwosu housing: Home visit
    Tenancy signed. She read every page. Asked if she may paint the door.
38 13:10 feeney sentence: Court result
    Fourth court review. Requirement to run its course, next review the last.
29 15:15 castell ete: Work coach
    UC moved to the limited capability group. Backdated £386, split with her to rent, son's coat, phone.
16 11:20 wojcik substance_engagement: Key work
    Eleven Tuesdays in a row. Engaging. She asked me to put that.
6 14:35 walsh behaviour: Patrol
    Manager at Boots asked me where she is. Told him she is all right. He said good, and meant it.
2 16:40 feeney behaviour?: Supervision
    Panel review has slipped past its date, two agencies on leave. I would go to Green. She would rather hear it
    from the panel.
"""
