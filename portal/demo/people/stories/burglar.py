"""A burglar of 24, care leaver, released on Friday and homeless by the evening."""

from datetime import date

from portal.casework.criteria import CRIME, Choice, Evidence, Scored
from portal.demo.people import criteria
from portal.demo.people import vocabulary as v
from portal.demo.people.boroughs import BARNET
from portal.demo.people.casebook import Casebook, reference
from portal.demo.people.days import ago, born, slashed, spoken, weekday_before
from portal.demo.people.shapes import Nominal
from portal.demo.people.stories.frame import consent, identify, refer, score
from portal.demo.people.stories.script import enact
from portal.demo.people.stories.tasks import set_tasks


def tell(today: date) -> Nominal:
    """Kyle Rudd: ten months of inside and outside, ending with the Friday and the days since."""
    friday = weekday_before(today, 4, 2)
    book = Casebook(BARNET, today, born(today, 24, 133), 1, reference(BARNET, ago(today, 318).date(), 147))
    gone = (today - friday).days
    _forms(book, gone)
    _supervision(book, gone, friday)
    _winter(book)
    _inside(book, gone, friday)
    _gate(book, gone, friday)
    set_tasks(book, "rudd")
    case, drafts = book.close(v.ACTIVE, book.day(-6), "probation")
    return Nominal("rudd", (case,), {case.reference: drafts})


def _forms(book: Casebook, gone: int) -> None:
    person = identify(
        book, 318, "okonkwo", entered=book.birth.year + 13, prison=True, surname="Rudd", forename="Kyle Jordan",
        also_known_as="Ruddy", gender="Male", address="Room 6, Rowan House", postcode="NW9 5HT",
        telephone="07700 900172",
    )  # fmt: skip
    book.edit(person, book.ago(163, "16:30"), "okonkwo", address="HMP Pentonville", postcode="")
    book.edit(person, book.ago(gone, "17:55", any_day=True), "okonkwo", address="NFA", telephone="07700 900618")
    book.add(
        book.ago(318, "09:20"), "okonkwo", "equality", ethnicity="W1", first_language="English",
        disability="Dyslexia, assessed at school",
    )  # fmt: skip
    refer(
        book, 316, v.BURGLARY,
        "Seven dwelling burglaries on the sheet since 17, four TIC'd. Released in December to Rowan House, already "
        "not sleeping there. PC says it is when, not if.", "Monthly extract, with a call from PC Walsh",
        "Accepted. Fixed cohort. Care leaver to 25, so children's services must be at the table, not copied in.",
    )  # fmt: skip
    case = book.add(
        book.ago(316, "15:20"), "rahman", "case", status=v.REFERRED, cohort=v.FIXED, priority_crime=v.BURGLARY,
    )  # fmt: skip
    book.edit(
        case, book.ago(311, "13:05"), "rahman", status=v.SELECTED, rag=v.AMBER, selected_on=book.on(311).isoformat(),
        rag_reason="Address for now, nothing to do in the day.", review_on=book.day(255).isoformat(),
    )  # fmt: skip
    book.add(
        book.ago(311, "13:10"), "rahman", "decision", outcome="Select", decided_on=book.on(311).isoformat(),
        reason="All for. Children's services to be at the table as long as he is a care leaver: he turns up for them "
        "and for nobody else.", decided_by="Panel, chair P. Llewellyn; police, probation, housing, children's services",
    )  # fmt: skip
    known = Evidence(
        scores=(Scored("OGRS3", book.on(315), band="High"),),
        crimes=(Choice(v.BURGLARY, book.on(316), "Community Safety"),),
        unseen=frozenset({CRIME}),
    )
    stood = criteria.kept(BARNET.name, book.today, book.on(311), known)
    book.add(book.ago(311, "13:10"), "rahman", "criteria", kept_with="Panel decision: Select", **stood)
    book.edit(case, book.ago(302, "10:40"), "rahman", status=v.ACTIVE)
    book.edit(
        case, book.ago(196, "16:15"), "rahman", rag=v.RED, review_on=book.day(170).isoformat(),
        rag_reason="Lost Rowan House, three burglaries in a fortnight within walking distance of his nan's.",
    )  # fmt: skip
    book.edit(case, book.ago(163, "12:10"), "rahman", status=v.IN_CUSTODY, review_on=book.day(gone + 14).isoformat())
    book.edit(
        case, book.ago(gone, "18:20", any_day=True), "rahman", status=v.ACTIVE, rag=v.RED,
        rag_reason="Released to no address. Placement fell through the day before.", review_on=book.day(-6).isoformat(),
    )  # fmt: skip


def _supervision(book: Casebook, gone: int, friday: date) -> None:
    book.assign(book.ago(310, "10:00"), "okonkwo", "lead")
    book.assign(book.ago(310, "10:20"), "walsh")
    book.assign(book.ago(310, "11:10"), "nwosu", "spoc", pathway=v.ACCOMMODATION)
    book.assign(book.ago(309, "09:45"), "ridley", "spoc", pathway=v.FAMILY)
    book.assign(book.ago(160, "14:00"), "whitmore", until=friday)
    book.assign(book.ago(305, "15:00"), "tetteh", "spoc", pathway=v.WORK)
    book.add(
        book.ago(160, "10:15"), "okonkwo", "sentence", type="Custody, determinate", start=book.day(162).isoformat(),
        end=book.day(-(330 - gone)).isoformat(), licence_end=book.day(-(330 - gone)).isoformat(),
        conditions="Report on release. Reside as approved. GPS tag 6 months. Not to enter the streets on the map "
        "(West Hendon).", index_offence="Burglary dwelling", offence_date=book.day(201).isoformat(),
        release_on=friday.isoformat(),
    )  # fmt: skip
    book.add(
        book.ago(160, "10:20"), "okonkwo", "sentence_summary",
        text="Custody for house burglary, released halfway on licence with a GPS tag. Supervised for most of the "
        "coming year.",
    )  # fmt: skip
    score(book, 315, "okonkwo", 41, 78)
    score(book, 40, "okonkwo", 44, 84, "Medium")


def _winter(book: Casebook) -> None:
    book.add(
        book.ago(300, "11:35"), "okonkwo", "compact", version="1", refused=v.NO, signed_on=book.on(300).isoformat(),
        terms="I will sleep where I say I sleep. I will answer PC Walsh's calls. They will sort my ID and back me for "
        "a flat of my own before I am 25.",
    )  # fmt: skip
    enact(book, _WINTER)
    book.add(
        book.ago(298, "14:45"), "ridley", "family", children="None", carer="Nan, Cricklewood, sees him Sundays",
        safeguarding_plan="None", social_worker="Leaving care team, PA T. Ridley",
    )  # fmt: skip
    at = book.ago(199, "07:40", any_day=True)
    book.add(
        at, "gill", "intelligence", grade="B31", recorded_on=at.date().isoformat(),
        text="Reported selling power tools and a child's bike from a garage behind the parade at West Hendon for a "
        "male known as Twist, who takes two thirds. Single strand. Do not put to RUDD.",
    )  # fmt: skip
    at = book.ago(198, "13:10")
    book.add(
        at, "gill", "sanitised", recorded_on=at.date().isoformat(),
        text="He may be in debt to someone who uses him. Please tell us of tools, bikes or cash he cannot account for.",
    )  # fmt: skip


def _inside(book: Casebook, gone: int, friday: date) -> None:
    enact(book, _INSIDE, gone)
    consent(book, 148, "moyo", "health_engagement", "Signed in prison healthcare. Engagement only, ends on his word.")
    book.add(
        book.ago(148, "11:30"), "moyo", "health", diagnosis="Complex PTSD", medication="Mirtazapine 15 mg nocte",
        clinician="Dr Fernandes",
    )  # fmt: skip
    book.add(
        book.ago(148, "11:40"), "moyo", "health_engagement", engaging="Engaging",
        service="Prison in-reach, then community team",
    )  # fmt: skip
    book.note(
        book.ago(gone + 56, "14:10"), "whitmore", "behaviour",
        "12-week resettlement interview. Wants Barnet, not Cricklewood. No address to give. Release is a Friday, "
        f"{slashed(friday)}: "
        "flagging that now.",
        "Resettlement interview",
    )  # fmt: skip
    book.add(
        book.ago(gone + 55, "12:00"), "nwosu", "accommodation", situation="In custody",
        duty_to_refer_on=book.on(gone + 56).isoformat(),
        note="DTR received from the prison the same day. Priority need accepted as care leaver under 25.",
    )  # fmt: skip
    plan = book.add(
        book.ago(gone + 54, "15:15"), "nwosu", "plan", label="housing", pathway=v.ACCOMMODATION,
        need="No address on release. Loses every shared place through other people's visits.",
        goal="Own front door, supported, on the day of release.", spoc="Chidi Nwosu", due_on=friday.isoformat(),
        status="Under way",
    )  # fmt: skip
    book.edit(plan, book.ago(gone, "18:05", any_day=True), "nwosu", status="Not met")
    held = book.add(
        book.ago(160, "11:20"), "whitmore", "custody", prison="HMP Pentonville", held_as="Sentence",
        since=book.day(162).isoformat(), release_on=friday.isoformat(),
    )  # fmt: skip
    book.edit(held, book.ago(gone, "10:30", any_day=True), "whitmore", released_on=friday.isoformat())
    book.add(
        book.ago(gone + 2, "14:20"), "moyo", "release_medicine", state="Arranged", who="Precious Moyo",
        detail="Mirtazapine 15 mg nocte, 28 days, in his property bag. Community clinic in week two.",
    )  # fmt: skip


def _gate(book: Casebook, gone: int, friday: date) -> None:
    enact(book, _GATE, gone)
    wrong = book.note(
        book.ago(gone, "21:35", any_day=True), "adebayo", "behaviour",
        "RUDD not at licence address at 2115, no answer. Breach of residence.", "Curfew check",
    )  # fmt: skip
    book.edit(
        wrong, book.ago(gone, "22:10", any_day=True), "adebayo",
        text="Attended Elm Lodge 2115, building closed for repair. Correction: he has NO licence address, the studio "
        "fell through on Thursday. Not a breach. Checked with night duty.",
    )  # fmt: skip
    at = book.ago(gone, "22:30", any_day=True)
    book.add(
        at, "gill", "intelligence", grade="E41", recorded_on=at.date().isoformat(),
        text="Said to have been met outside the station by the male known as Twist and offered a sofa. Not confirmed.",
    )  # fmt: skip
    book.note(
        book.ago(max(1, gone - 1), "09:20", any_day=True), "walsh", "behaviour",
        f"Found him 0840 on the night bus loop at Edgware, second lap. Bought him breakfast. Has his {spoken(friday)} "
        "paperwork in a "
        "plastic wallet, every sheet. Please can somebody find this lad a bed.",
        "Patrol",
    )  # fmt: skip


_WINTER = """
298 14:20 ridley children: Leaving care
    Pathway plan review. In care from 9, eleven placements, the last one held two years. Entitled to PA support
    until 25. Still has the key to his old foster home on his ring. They have moved.
283 22:20! walsh behaviour: Stop and search
    Seen 2210 Cricklewood Lane, alone, rucksack, cold hands, good manners. S1, nothing. Said he was walking till he
    was tired.
271 12:15 tetteh ete: Course
    Kyle came! Did the first CSCS mock, 41/50. Reads slower than he thinks, so we did it aloud. He is good with his
    hands, took the kettle plug apart to show me.
240 10:50 nwosu housing: Hostel
    Rowan House: third guest warning. It is the same guest, he lets a lad from his last placement sleep on the
    floor. Manager sympathetic, rules are rules.
213 15:30 nwosu housing: Hostel
    Licence at Rowan House ended. Left quietly, left the room clean. Storage for two bags, 28 days.
209 09:50 okonkwo behaviour?: Office appointment
    Attended without being chased. Sleeping 'about'. I am worried: his offending has followed loss of address three
    times out of three.
196 08:30! walsh behaviour?: Crime analysis
    Three burglaries 400 m round nan's address in 13 days, rear ground floor, small entry, jewellery left, tools and
    food taken. Looks like him. Food!
"""
_INSIDE = """
165 06:55! walsh behaviour: Custody record
    Arrested 0540 in a rear garden off Cool Oak Lane. Did not run. Full admissions to two, asked if someone would
    tell his nan. I did.
162 16:40 okonkwo sentence: Court result
    Guilty at first opportunity. 11 months, half on licence. Judge spoke about leaving care and read the PA's letter
    out.
110 10:30 whitmore behaviour: Wing report
    Wing cleaner, enhanced. Shares a cell with an older man who is teaching him chess and, he says, patience.
+30 11:25 nwosu housing: Phone call
    Supported studio offered, Elm Lodge move-on, available from the release week. Kyle said yes on the phone and
    then said it again.
+21 13:40 ridley children: Leaving care
    Setting-up-home grant: bedding, pans, microwave bought and boxed in my office. He chose the curtains from a
    photo.
+10 15:50 okonkwo behaviour: Prison contact
    Pre-release three-way by video. Tag fitting booked for the studio address on the evening of release. Licence
    explained line by line, he asked what happens if the tag man is late.
"""
_GATE = """
+1 16:35! coyle housing: Landlord
    Elm Lodge rang 1610: burst tank, two studios uninhabitable, ours is one. No other supported room in borough.
    Tried Brent and Enfield. Will try again 0900.
+0 10:25! whitmore behaviour: Resettlement interview
    Left the gate 0955 with two bags, discharge grant, £82.39, phone with 11% battery. Told him about the studio
    before he went. He went quiet, then thanked me.
+0 12:40! okonkwo behaviour: Office appointment
    Reported 1205, in time. Licence signed with address blank. Approved premises full, CAS-3 next week earliest. He
    did everything asked of him today.
+0 15:30! nwosu housing: Housing application
    Presented 1345. Interim duty accepted, nothing to place him in: Friday, nine ahead of him. Two B&Bs refused on
    offence type. Told to ring out of hours after 1700.
+0 17:20! ridley children: Leaving care
    Kyle here since 4 with his bags. Microwave still boxed. Duty manager will not fund a hotel without housing's
    refusal in writing. Asked for it in writing.
+0 19:50! okonkwo behaviour: Phone call
    Tag cannot be fitted without an address. Contractor closed the job at 1900. NOT a breach, please nobody record
    it as one.
-1 14:05! tetteh ete: Phone call
    Kyle rang. Trial day with the fencing firm still on if he can get there clean. Can shower at our place from 8.
"""
