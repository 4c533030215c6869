"""Writes up a background person: the forms of each agency, then the months of updates."""

from datetime import date
from random import Random

from portal.demo.people import days, numbers, phrases, staff
from portal.demo.people import vocabulary as v
from portal.demo.people.careers import careers
from portal.demo.people.casebook import Casebook, reference
from portal.demo.people.months import months
from portal.demo.people.names import LANGUAGES, nickname
from portal.demo.people.profile import Profile, postcode
from portal.demo.people.release import gate
from portal.demo.people.shapes import Nominal
from portal.demo.people.todo import to_do
from portal.demo.people.voices.lines import Slots, Speaker
from portal.sharing.days import age


def write_up(profile: Profile, rng: Random, speaker: Speaker, today: date) -> Nominal:
    """The whole of a background person; `speaker` is shared over a telling, so that no two people read alike."""
    p = profile
    filed = reference(p.borough, days.ago(today, p.opened).date(), p.number)
    book = Casebook(p.borough, today, p.birth, p.number, filed)
    _identity(book, p, rng)
    review = _selection(book, p, rng)
    careers(book, p, rng)
    if p.state != v.REFERRED:
        _team(book, p, rng)
        _plans(book, p, rng)
    months(book, p, rng, speaker)
    to_do(book, p)
    gate(book, p)
    closed = book.day(rng.randrange(2, 40)) if p.state == v.DESELECTED else None
    lead = "youth_justice" if "Youth" in p.sentence else "probation"
    case, drafts = book.close(p.state, review, p.borough.parties[lead], closed)
    return Nominal(f"n{p.number:04d}", (case,), {case.reference: drafts})


def _identity(book: Casebook, p: Profile, rng: Random) -> None:
    start = p.opened
    by = p.worker("probation") if "Youth" not in p.sentence else p.worker("youth_justice")
    forename = p.forenames.split()[0]
    person = book.add(
        book.ago(start, "09:20"), by, "person", surname=p.surname, forename=p.forenames,
        also_known_as=nickname(rng, forename) if rng.random() < 0.25 else "", date_of_birth=p.birth.isoformat(),
        gender="Female" if p.woman else "Male", address=p.address, postcode="" if p.address == "NFA" else p.postcode,
        telephone=numbers.mobile(p.number) if rng.random() < 0.8 else "",
    )  # fmt: skip
    _moves(book, p, rng, person, by)
    book.add(book.ago(start, "09:24"), p.worker("police"), "identifiers", pnc=p.pnc)
    book.add(book.ago(start, "09:22"), p.worker("probation"), "identifiers", crn=p.crn)
    if p.released is not None:
        book.add(book.ago(start, "11:02"), p.worker("prisons"), "identifiers", nomis=numbers.nomis(p.number))
    language = rng.choice(LANGUAGES.get(p.ethnicity, ("English",)))
    book.add(
        book.ago(start, "09:31"), by, "equality", ethnicity=p.ethnicity, first_language=language,
        religion=rng.choice(("", "", "None", "Christian", "Muslim", "Not said")),
        disability=rng.choice(("", "", "", "Dyslexia", "Hearing loss, left ear", "ADHD")),
    )  # fmt: skip
    if language != "English" and p.number % 3 == 0:
        book.add(
            book.ago(start, "09:40"), by, "needs", interpreter=f"{language}, for anything that is to be signed",
            communication="Understands more than he says; give him time." if not p.woman else "",
        )  # fmt: skip


def _moves(book: Casebook, p: Profile, rng: Random, person: int, by: str) -> None:
    """What becomes of addresses and numbers: a move, a new telephone, another agency that has it otherwise."""
    if p.opened < 60:
        return
    if rng.random() < 0.3:
        street = f"{rng.randrange(2, 120)} {rng.choice(p.borough.streets)}"
        book.edit(person, book.ago(p.opened // 2, "14:12"), by, address=street, postcode=postcode(rng, p.borough))
    if rng.random() < 0.2:
        moved = book.ago(max(1, p.opened // 3), "16:40")
        book.edit(person, moved, by, telephone=numbers.mobile(p.number + 311))
    if rng.random() < 0.15:
        book.add(
            book.ago(p.opened // 2 - 5, "15:05"), p.worker("housing"), "person", surname=p.surname,
            forename=p.forenames.split()[0], address=f"c/o {rng.randrange(2, 90)} {rng.choice(p.borough.streets)}",
            postcode=postcode(rng, p.borough),
        )  # fmt: skip


def _selection(book: Casebook, p: Profile, rng: Random) -> date:
    """The referral and the case as the coordinator keeps it; returns the day the next review is due."""
    words = Slots(rng, p.words | {"crime": p.crime.lower()})
    coordinator = p.coordinator
    referred = book.ago(p.opened, "09:40")
    waiting = p.state == v.REFERRED and p.opened <= 12
    # A referral that waits or was just answered is its writer's; the coordinator keeps those the panel has dealt with.
    referrer = p.worker(rng.choice(("probation", "probation", "police", "housing"))) if waiting else coordinator
    if p.state == v.REFERRED and not waiting:
        referrer = p.worker(("police", "housing", "probation")[p.number % 3])
    reasons = phrases.YOUNG if age(p.birth, referred.date()) < 22 and rng.random() < 0.4 else phrases.REFERRAL
    referral = book.add(
        referred, referrer, "referral", reason=rng.choice(reasons).format_map(words), priority_crime=p.crime,
        referred_on=referred.date().isoformat(), outcome="" if p.state == v.REFERRED else "Waiting",
        source=rng.choice(("Monthly extract", "Panel", "Neighbourhood team", "Release planning", "Self-presented")),
    )  # fmt: skip
    case = book.add(
        book.ago(p.opened, "15:10"), coordinator, "case", status=v.REFERRED, priority_crime=p.crime, cohort=p.cohort,
    )  # fmt: skip
    if p.state == v.REFERRED:
        if not waiting:
            outcome = rng.choice(("Refused", "More asked"))
            reason = rng.choice(phrases.OUTCOME[outcome])
            answered = book.ago(p.opened - 9, "12:30")
            book.add(answered, coordinator, "referral", outcome=outcome, outcome_reason=reason)
        return book.day(-rng.randrange(2, 12))
    panel = p.opened - rng.randrange(1, 3)
    book.edit(
        referral, book.ago(panel, "12:40"), coordinator, outcome="Accepted",
        outcome_reason=rng.choice(phrases.OUTCOME["Accepted"]),
    )  # fmt: skip
    review = _review(book, p, rng)
    _stages(book, p, rng, case, panel, review)
    _decisions(book, p, panel)
    return review


def _decisions(book: Casebook, p: Profile, panel: int) -> None:
    """What the panel decided and why, where it has met on the case; by a dice of its own."""
    rng = Random(f"{book.reference} panel")  # noqa: S311 invented people need no secrets
    decided: list[tuple[int, str, tuple[str, ...]]] = [(panel, "Select", phrases.SELECTED_BECAUSE)]
    if panel > 150 and rng.random() < 0.6:
        decided.append((panel // 2, "Stay on IOM", phrases.STAYED_BECAUSE))
    if p.state == v.DESELECTED:
        decided.append((max(2, panel // 9), "De-select", phrases.LEFT_BECAUSE))
    for back, outcome, why in decided:
        at = book.ago(back, "15:20")
        book.add(
            at, p.coordinator, "decision", outcome=outcome, reason=rng.choice(why).format_map(Slots(rng, p.words)),
            decided_on=at.date().isoformat(), decided_by=f"Panel of {at:%d.%m.%Y}",
        )  # fmt: skip


def _stages(book: Casebook, p: Profile, rng: Random, case: int, panel: int, review: date) -> None:
    coordinator = p.coordinator

    def reason(colour: str) -> str:
        return rng.choice(phrases.RAG[colour]).format_map(Slots(rng, p.words))

    first = v.AMBER if p.rag == v.GREEN else p.rag
    selected = {"selected_on": book.on(panel).isoformat(), "review_on": review.isoformat()}
    book.edit(
        case, book.ago(panel, "15:40"), coordinator, status=v.SELECTED, rag=first, rag_reason=reason(first), **selected,
    )  # fmt: skip
    if p.state == v.SELECTED:
        return
    book.edit(case, book.ago(panel * 4 // 5, "11:15"), coordinator, status=v.ACTIVE)
    if panel > 100 and p.inside < panel // 2:
        middle = v.RED if p.course == "down" else v.AMBER
        book.edit(case, book.ago(panel // 2, "16:05"), coordinator, rag=middle, rag_reason=reason(middle))
    book.edit(
        case, book.ago(p.inside or max(3, panel // 9), "12:20"), coordinator, status=p.state,
        rag=p.rag, rag_reason=reason(p.rag),
    )  # fmt: skip


def _review(book: Casebook, p: Profile, rng: Random) -> date:
    """One open case in six is past its review, as in life."""
    if p.state == v.DESELECTED or rng.random() > 0.17:
        return book.day(-rng.randrange(1, 56))
    return book.day(rng.randrange(1, 35))


def _team(book: Casebook, p: Profile, rng: Random) -> None:
    start = p.opened - 3
    youth = "Youth" in p.sentence
    book.assign(book.ago(start, "10:30"), p.worker("youth_justice" if youth else "probation"), "lead")
    book.assign(book.ago(start, "10:45"), p.worker("police"))
    for pathway in p.pathways:
        kind = v.SPOC[pathway]
        if kind in p.team and kind not in ("probation", "police"):
            book.assign(book.ago(start, "11:20"), p.worker(kind), "spoc", pathway=pathway)


def _plans(book: Casebook, p: Profile, rng: Random) -> None:
    words = Slots(rng, p.words)
    for pathway in p.pathways:
        need, goal = rng.choice(phrases.PLAN[pathway])
        by = p.worker(v.SPOC[pathway])
        begun = max(2, p.opened - rng.randrange(4, 20))
        plan = book.add(
            book.ago(begun, "14:30"), by, "plan", label=v.LABEL[pathway], pathway=pathway, need=need.format_map(words),
            goal=goal.format_map(words), spoc=staff.by_key()[by].name, due_on=book.day(begun - 90).isoformat(),
            status="Not started",
        )  # fmt: skip
        if begun > 50:
            book.edit(plan, book.ago(begun - 30, "14:45"), by, status="Under way")
        if begun > 90 and rng.random() < 0.6:
            book.edit(plan, book.ago(begun - 80, "09:50"), by, status="Not met" if p.course == "down" else "Met")
