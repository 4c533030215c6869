"""A man of 33, recalled for losing his address, who comes out next week: what is arranged for the day, what is not."""

from datetime import date

from portal.demo.people import vocabulary as v
from portal.demo.people.boroughs import BARNET
from portal.demo.people.casebook import Casebook, reference
from portal.demo.people.days import ago, born
from portal.demo.people.shapes import Nominal
from portal.demo.people.stories.frame import consent, identify, refer, score
from portal.demo.people.stories.script import enact

_OUT = -8  # days before today: he comes out in eight


def tell(today: date) -> Nominal:
    """Leon Strickland: a room lost, a recall, a methadone script, and a Friday gate again."""
    book = Casebook(BARNET, today, born(today, 33, 77), 9, reference(BARNET, ago(today, 204).date(), 171))
    _forms(book)
    _supervision(book)
    _plan(book)
    enact(book, _UPDATES)
    case, drafts = book.close(v.IN_CUSTODY, book.day(-12), "probation")
    return Nominal("strickland", (case,), {case.reference: drafts})


def _forms(book: Casebook) -> None:
    identify(
        book, 204, "okonkwo", entered=book.birth.year + 17, prison=True, surname="Strickland",
        forename="Leon Anthony", also_known_as="Lee", gender="Male", address="NFA", telephone="07700 900871",
    )  # fmt: skip
    book.add(book.ago(204, "09:35"), "okonkwo", "equality", ethnicity="W1", first_language="English")
    refer(
        book, 203, v.BURGLARY,
        "Shed and garage burglaries on foot, always within a bus ride of wherever he sleeps. Stops when housed and "
        "scripted, has done twice.", "Monthly extract",
        "Accepted, fixed cohort. Chair asked for one plan, not four.",
    )  # fmt: skip
    case = book.add(
        book.ago(203, "15:00"), "rahman", "case", status=v.REFERRED, cohort=v.FIXED, priority_crime=v.BURGLARY,
    )  # fmt: skip
    book.edit(
        case, book.ago(198, "13:10"), "rahman", status=v.ACTIVE, rag=v.AMBER, selected_on=book.on(198).isoformat(),
        rag_reason="Housed in the shared house and on script. Thin, but it holds.", review_on=book.day(70).isoformat(),
    )  # fmt: skip
    book.edit(
        case, book.ago(62, "16:30"), "rahman", status=v.IN_CUSTODY, rag=v.RED, review_on=book.day(-12).isoformat(),
        rag_reason="Recalled. Comes out to nothing unless the room is found before the gate.",
        rag_review_on=book.day(20).isoformat(),
    )  # fmt: skip


def _supervision(book: Casebook) -> None:
    book.assign(book.ago(197, "10:00"), "okonkwo", "lead")
    book.assign(book.ago(197, "10:20"), "walsh")
    book.assign(book.ago(196, "11:10"), "nwosu", "spoc", pathway=v.ACCOMMODATION)
    book.assign(book.ago(196, "11:40"), "wojcik", "spoc", pathway=v.DRUGS)
    book.assign(book.ago(195, "09:50"), "moyo", "spoc", pathway=v.HEALTH)
    book.assign(book.ago(61, "14:00"), "whitmore")
    out = book.day(_OUT).isoformat()
    book.add(
        book.ago(61, "10:15"), "okonkwo", "sentence", type="Recalled on licence", start=book.day(63).isoformat(),
        end=book.day(-190).isoformat(), licence_end=book.day(-190).isoformat(), release_on=out,
        conditions="Reside as approved. Report on the day of release. Drug testing.", index_offence="Burglary other",
        offence_date=book.day(420).isoformat(),
    )  # fmt: skip
    book.add(
        book.ago(61, "10:20"), "okonkwo", "sentence_summary",
        text="Recalled on licence for burglary, to be released again next week and supervised for half a year.",
    )  # fmt: skip
    book.add(
        book.ago(61, "10:30"), "okonkwo", "move", label="release", to="Recalled to prison",
        since=book.day(63).isoformat(), where="HMP Wormwood Scrubs",
        review_on=book.day(-12).isoformat(),
        reason="Lost the shared house on Friday, missed two appointments, no address and no telephone since.",
    )  # fmt: skip
    book.add(
        book.ago(60, "11:30"), "whitmore", "custody", prison="HMP Wormwood Scrubs", held_as="Recall",
        since=book.day(63).isoformat(), release_on=out,
    )  # fmt: skip
    score(book, 200, "okonkwo", 38, 74)
    score(book, 58, "okonkwo", 42, 79, "Medium")


def _plan(book: Casebook) -> None:
    consent(book, 190, "wojcik", "substance_engagement", "Signed at the clinic. Engaging yes or no, script yes or no.")
    consent(book, 189, "moyo", "health_engagement", "Signed with his key worker there. Attending or not.")
    book.add(
        book.ago(190, "11:50"), "wojcik", "substance_engagement", engaging="Engaging",
        service="Adult treatment service",
    )  # fmt: skip
    room = book.add(
        book.ago(188, "14:00"), "nwosu", "plan", label="housing", pathway=v.ACCOMMODATION,
        need="Loses shared rooms to other people's visits, offends within three weeks of losing one.",
        goal="A room of his own with a door that locks, six months without a warning.", spoc="Chidi Nwosu",
        due_on=book.day(30).isoformat(), status="Under way",
    )  # fmt: skip
    book.edit(room, book.ago(65, "16:00"), "nwosu", status="Not met")
    book.add(
        book.ago(40, "10:40"), "nwosu", "plan", label="housing", pathway=v.ACCOMMODATION,
        need="Released with nowhere to go. The shared house will not have him back.",
        goal="A supported room from the day he comes out.", spoc="Chidi Nwosu", due_on=book.day(_OUT).isoformat(),
        status="Under way",
    )  # fmt: skip
    book.add(
        book.ago(180, "13:20"), "wojcik", "plan", label="substance_engagement", pathway=v.DRUGS,
        need="Uses on top of his script when he sleeps out.", goal="No gap in the script from prison to the chemist.",
        spoc="Kasia Wójcik", due_on=book.day(_OUT - 3).isoformat(), status="Under way",
    )  # fmt: skip
    group = book.add(
        book.ago(170, "11:15"), "okonkwo", "plan", label="behaviour", pathway=v.ATTITUDES,
        need="Says yes to whoever asks.", goal="Eight of ten sessions of the thinking skills group.",
        spoc="Stacey Okonkwo-Reid", due_on=book.day(60).isoformat(), status="Under way",
    )  # fmt: skip
    book.edit(group, book.ago(61, "11:00"), "okonkwo", status="Stopped")
    book.add(
        book.ago(12, "15:20"), "nwosu", "release_address", state="Not arranged", who="Chidi Nwosu",
        detail="Elm Lodge has him second on the list. Answer promised by Monday. Night shelter asked as a stopgap.",
    )  # fmt: skip


_UPDATES = """
66 17:40 nwosu housing: Landlord
    Third warning at the shared house, for a guest again. Licence ends Friday. He carried his own bags down.
64 21:15! walsh behaviour: Patrol
    Seen in the stairwell at Perryfields, sleeping bag, said he was between places. No offences. Rang the night duty.
63 11:20 okonkwo sentence: Recall
    Recalled: no address, two missed appointments, phone off. Standard recall, not a new offence.
41 14:05 whitmore behaviour: Resettlement interview
    On 40 ml, supervised, no issues on the wing. Only asks where he is going. I told him we do not know yet.
13 10:10 okonkwo behaviour: Prison contact
    Video call. Wants to be met at the gate. Says last time he lasted as far as the first bus stop.
"""
