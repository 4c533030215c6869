"""A domestic-abuse perpetrator of 38 with an exclusion zone; an officer of the same surname works at the next desk."""

from datetime import date

from portal.demo.people import vocabulary as v
from portal.demo.people.boroughs import BARNET
from portal.demo.people.casebook import Casebook, reference
from portal.demo.people.days import ago, born, slashed
from portal.demo.people.shapes import Nominal
from portal.demo.people.stories.frame import identify, refer, score
from portal.demo.people.stories.script import enact
from portal.demo.people.stories.tasks import set_tasks


def tell(today: date) -> Nominal:
    """Craig Pryce: what he shows to probation, what the tag shows, and what only a few may ever read."""
    book = Casebook(BARNET, today, born(today, 38, 204), 2, reference(BARNET, ago(today, 231).date(), 31))
    _forms(book)
    _supervision(book)
    _licence(book)
    _silent(book)
    _autumn(book)
    set_tasks(book, "pryce")
    case, drafts = book.close(v.ACTIVE, book.day(-9), "probation")
    return Nominal("pryce", (case,), {case.reference: drafts})


def _forms(book: Casebook) -> None:
    person = identify(
        book, 231, "feeney", entered=book.birth.year + 24, prison=True, surname="Pryce", forename="Craig Anthony",
        gender="Male", address="2 Wickham Terrace", postcode="EN5 2RD", telephone="07700 900455",
    )  # fmt: skip
    book.edit(person, book.ago(214, "10:30"), "feeney", address="Flat 3, 61 Ashcombe House Lane", postcode="N20 8PW")
    book.add(book.ago(231, "09:30"), "feeney", "equality", ethnicity="W1", first_language="English", religion="None")
    refer(
        book, 230, v.DOMESTIC,
        "Two partners, same pattern: phone, money, door, then hands. Out on licence in a fortnight. Charming in the "
        "room. Needs eyes on the street, not only in the office.", "Release planning, D. Feeney",
        "Accepted, flex cohort. Panel agreed that no detail of any complainant is spoken in this room.",
    )  # fmt: skip
    case = book.add(
        book.ago(230, "15:05"), "rahman", "case", status=v.REFERRED, cohort=v.FLEX, priority_crime=v.DOMESTIC,
    )  # fmt: skip
    book.edit(
        case, book.ago(225, "13:10"), "rahman", status=v.ACTIVE, rag=v.RED, selected_on=book.on(225).isoformat(),
        rag_reason="First weeks out, exclusion zone untested.", review_on=book.day(169).isoformat(),
    )  # fmt: skip
    book.edit(
        case, book.ago(120, "11:40"), "rahman", rag=v.AMBER, review_on=book.day(60).isoformat(),
        rag_reason="GPS clean for three months. Programme started. Still not owning it.",
    )  # fmt: skip
    book.edit(
        case, book.ago(13, "16:50"), "rahman", rag=v.RED, review_on=book.day(-9).isoformat(),
        rag_reason="Two approaches to the edge of the zone in eight days. New relationship not disclosed.",
    )  # fmt: skip


def _supervision(book: Casebook) -> None:
    book.assign(book.ago(224, "10:00"), "feeney", "lead")
    book.assign(book.ago(224, "10:30"), "adebayo")
    book.assign(book.ago(224, "11:00"), "gill", "spoc", pathway=v.ATTITUDES)
    book.assign(book.ago(210, "14:15"), "nwosu", "spoc", pathway=v.ACCOMMODATION)
    book.assign(book.ago(209, "12:05"), "siddiqui", "spoc", pathway=v.FAMILY)
    book.add(
        book.ago(229, "10:15"), "feeney", "sentence", type="Custody, determinate", start=book.day(420).isoformat(),
        end=book.day(-250).isoformat(), licence_end=book.day(-250).isoformat(),
        index_offence="Controlling or coercive behaviour", offence_date=book.day(515).isoformat(),
        release_on=book.day(216).isoformat(),
        conditions="GPS tag. Not to enter the shaded area on the map (East Finchley). No contact, direct or through "
        "others, with the persons named in the order. Tell us of any new relationship. Building Choices programme.",
    )  # fmt: skip
    _restrictions(book)
    book.add(
        book.ago(229, "10:22"), "feeney", "sentence_summary",
        text="On licence after custody for domestic abuse. GPS tag and an area of the borough he must not enter.",
    )  # fmt: skip
    score(book, 228, "feeney", 58, 46, "High")
    score(book, 30, "feeney", 61, 44, "High")
    book.add(book.ago(226, "13:25"), "feeney", "mappa", flag=v.YES)
    book.add(
        book.ago(223, "17:15"), "gill", "safety", recorded_on=book.on(223).isoformat(),
        warning="Records visits on a door camera and quotes them back. Finds out workers' first names.",
        advice="Surnames only, two workers, no talk on the step. Do not say where you have come from or go next.",
    )  # fmt: skip


def _restrictions(book: Casebook) -> None:
    """What everybody who arranges anything for him must know, and not whom it protects; the tagged curfew is over."""
    ring = "999 if he is inside now. Then Daniel Feeney, offender manager, or the duty officer after five."
    zone = book.add(
        book.ago(216, "15:40"), "feeney", "restriction", sort="Exclusion zone", source="Licence", if_broken=ring,
        instruction="Must not go into the area of East Finchley bounded by East End Road, the High Road, Fortis Green "
        "and Church Lane.",
        starts_on=book.day(216).isoformat(), ends_on=book.day(-250).isoformat(),
    )  # fmt: skip
    book.edit(
        zone, book.ago(84, "11:25"), "feeney",
        instruction="Must not go into the area of East Finchley bounded by East End Road, the High Road, Fortis Green, "
        "Tetherdown and Church Lane. The leisure centre is inside it.",
    )  # fmt: skip
    book.add(
        book.ago(216, "15:50"), "gill", "restriction", sort="No contact", source="Restraining order",
        instruction="No contact of any kind, through others or online, with two named persons; ask the offender "
        "manager who.",
        starts_on=book.day(400).isoformat(),
        if_broken="101, or 999 if it is happening. Keep what was sent and answer nothing.",
    )  # fmt: skip
    book.add(
        book.ago(216, "15:55"), "feeney", "restriction", sort="Curfew", source="Licence",
        instruction="At the approved address from 8pm to 7am, tagged.", if_broken=ring,
        starts_on=book.day(216).isoformat(), ends_on=book.day(126).isoformat(),
    )  # fmt: skip


def _licence(book: Casebook) -> None:
    enact(book, _LICENCE)
    book.add(
        book.ago(208, "11:30"), "feeney", "compact", version="1", refused=v.YES,
        terms="Keep to the zone. Say before a new relationship starts. Open the door to visits.",
        refusal_reason="Will do what the licence says and nothing beyond it, on advice of solicitor.",
    )  # fmt: skip
    book.add(
        book.ago(207, "15:45"), "nwosu", "accommodation", situation="Settled", provider="Private let, N20",
        note="Found by him. Landlord's agent asks us nothing. 1.9 miles from the shaded area, probation content.",
    )  # fmt: skip
    plan = book.add(
        book.ago(158, "10:05"), "feeney", "plan", label="behaviour", pathway=v.ATTITUDES,
        need="Sees himself as the wronged one. Control returns when he feels watched.",
        goal="Finish the programme and write his own account of what he did.", spoc="DS Harpreet Gill",
        due_on=book.day(20).isoformat(), status="Under way",
    )  # fmt: skip
    book.edit(plan, book.ago(12, "15:35"), "feeney", status="Not met")
    book.add(
        book.ago(128, "10:30"), "siddiqui", "family", children="One, primary age. Address not held here",
        carer="With the other parent", safeguarding_plan="Child in need", social_worker="F. Siddiqui",
    )  # fmt: skip


def _silent(book: Casebook) -> None:
    """What leaves no trace for most readers: who was harmed, and that the conference sat."""
    book.add(book.ago(226, "16:10"), "gill", "marac", flag=v.YES, recorded_on=book.on(226).isoformat())
    book.add(
        book.ago(226, "16:20"), "gill", "victim", relation="Former partner",
        note="Moved inside the shaded area's wider zone. Contact only through the independent adviser. Safe times on "
        "the adviser's file.",
    )  # fmt: skip
    book.add(
        book.ago(225, "11:55"), "feeney", "victim", relation="Earlier partner",
        note="In the victim contact scheme. Wants release, variation and recall told by letter to a relative's "
        "address.",
    )  # fmt: skip
    enact(book, _SILENT)
    at = book.ago(15, "07:30", any_day=True)
    book.add(
        at, "gill", "intelligence", grade="B31", recorded_on=at.date().isoformat(),
        text="Reported to have been seeing a woman in Whetstone with two children for about two months, uses the name "
        "Tony. Disclosure under the scheme being considered. He is not to learn of this.",
    )  # fmt: skip
    at = book.ago(14, "12:30")
    book.add(
        at, "gill", "sanitised", recorded_on=at.date().isoformat(),
        text="He may be in a relationship that he has not told probation of. Please note, and do not ask him about it.",
    )  # fmt: skip


def _autumn(book: Casebook) -> None:
    book.note(
        book.ago(84, "11:10"), "feeney", "sentence",
        f"Variation granted {slashed(book.day(84))}: zone extended east to take in the leisure centre. "
        "New map signed, copy to tag company.",
        "Licence",
    )  # fmt: skip
    enact(book, _AUTUMN)


_LICENCE = """
216 14:30 feeney behaviour: Office appointment
    First appointment. Polite, prepared, a folder. Asked for the shaded area to be read out street by street, then
    asked why the northern edge runs where it does. I did not answer that.
190 19:40! adebayo behaviour: Home visit
    IOM visit 1925, two officers. Let us in, filmed us. Flat spotless. One photograph turned to the wall.
161 12:50 feeney behaviour: Programme
    Programme session 3. Facilitator: takes part, speaks of 'the situation' and 'what happened', no I in any
    sentence.
160 09:25 feeney behaviour?: Supervision
    My view: compliance is a performance for the file and he is good at it. I would not step him down on attendance
    alone.
128 10:10 siddiqui children: Court
    Private law application received for contact. Court adviser told of the licence. No contact of any kind until
    the court says otherwise, letters included.
"""
_SILENT = """
197 13:35 gill victims: Victim contact
    Adviser reports a birthday card with no name, local postmark. Kept. Not enough, but dated and bagged.
118 10:45 feeney victims: Victim liaison
    VLO letter answered: asks that the eastern edge of the zone take in the swimming pool. Variation requested.
9 09:05 gill victims: Victim contact
    Told by the adviser of a car slowing twice this week at school time. Alarm tested, neighbours briefed by us and
    not by name.
"""
_AUTUMN = """
47 15:20 castell ete: Work coach
    Self-employed, fits alarms and cameras. Declared. Asked IOM whether that trade is all right and was told: good
    question.
46 09:30 feeney behaviour: Office appointment
    Work discussed. Installing cameras in other people's homes cannot be approved. He argued for 40 minutes without
    raising his voice. Told to stop by Friday.
21 23:50! adebayo behaviour: Tag data
    GPS: 2231 to 2244 stationary 60 m outside northern edge. Not a breach. Third road from the line.
14 22:15! adebayo behaviour: Tag data
    GPS: again, 2150, 35 m outside, four mins. Says he was picking up a takeaway. The takeaway says not.
13 10:40 feeney behaviour: Office appointment
    Warning letter issued, final. Put both locations to him on the map. 'I was outside it, Daniel.' He should not
    know my first name from me.
12 09:15 gill behaviour: Briefing
    For everyone on this case: open it because you work it. An officer here shares his surname, no relation known,
    is not assigned and has been told so kindly. If asked about him at the desk, send them to me.
8 16:30 llewellyn behaviour: Panel
    Panel, extra item. Unanimous for Red. Probation to prepare recall papers so that one more approach is enough.
    Visits in pairs.
3 13:45 nwosu housing: Landlord
    Agent says he has given notice and asked about flats in N2. N2 is the shaded area. Told probation within the
    hour.
"""
