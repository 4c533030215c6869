"""The standing forms of a background person: sentence, scores, flags, and what each pathway's agency holds."""

from datetime import datetime, timedelta
from random import Random

from portal.demo.people import phrases
from portal.demo.people import vocabulary as v
from portal.demo.people.casebook import Casebook
from portal.demo.people.profile import Profile
from portal.demo.people.voices.lines import Slots

_BANDS = {"OVP": (30, 60, 80), "OGRS3": (50, 75, 90)}
_SITUATIONS = ("Settled", "With family or friends", "Hostel", "Temporary", "Approved premises")


def careers(book: Casebook, p: Profile, rng: Random) -> None:
    """Adds the forms that stand on the case; those of a pathway only where the person has that pathway."""
    _sentence(book, p, rng)
    _scores(book, p, rng)
    _flags(book, p, rng)
    if p.state == v.REFERRED:
        return
    _compact(book, p, rng)
    if v.ACCOMMODATION in p.pathways or rng.random() < 0.4:
        _accommodation(book, p, rng)
    if {v.WORK, v.FINANCE} & set(p.pathways):
        _work(book, p, rng)
    if v.HEALTH in p.pathways:
        _health(book, p, rng)
    if {v.DRUGS, v.ALCOHOL} & set(p.pathways):
        _substance(book, p, rng)
    if v.FAMILY in p.pathways:
        _family(book, p, rng)


def _sentence(book: Casebook, p: Profile, rng: Random) -> None:
    known = p.inside or p.opened
    start = known if p.inside else max(p.opened, p.released or 0) + rng.randrange(20, 200)
    at = book.ago(known, "10:05")
    length = rng.choice((180, 365, 365, 540, 730))
    ahead = start - length if start - length < -5 else -rng.randrange(6, 330)
    ahead = min(ahead, (p.released or 0) - 60) if p.inside else ahead
    end = book.day(ahead if p.state != v.DESELECTED else rng.randrange(3, 60))
    custody = p.state == v.IN_CUSTODY or p.sentence == "Licence"
    book.add(
        at, p.worker("probation"), "sentence", type=p.sentence, start=book.on(start).isoformat(), end=end.isoformat(),
        licence_end=end.isoformat() if custody else "",
        conditions=rng.choice(phrases.CONDITIONS) if p.sentence not in ("Remand",) else "", index_offence=p.offence,
        offence_date=book.day(start + rng.randrange(30, 180)).isoformat(),
        release_on=book.day(p.released).isoformat() if p.released is not None and p.sentence != "Remand" else "",
    )  # fmt: skip
    years = max(1, round((start - (book.today - end).days) / 365))
    book.add(
        book.ago(known, "10:12"), p.worker("probation"), "sentence_summary",
        text=f"{p.sentence}, about {years} year{'s' if years > 1 else ''}, for {p.crime.lower()}. Ends {end:%B %Y}.",
    )  # fmt: skip


def _scores(book: Casebook, p: Profile, rng: Random) -> None:
    base = {v.RED: 62, v.AMBER: 48, v.GREEN: 34}[p.rag]
    for step, back in enumerate((p.opened, p.opened // 2)):
        if back < 40 and step:
            return
        at = book.ago(back, f"10:{31 + step}0"[:5])
        on = at.date().isoformat()
        for predictor, (medium, high, very_high) in _BANDS.items():
            value = max(4, min(96, round(rng.gauss(base + (10 if predictor == "OGRS3" else 0), 13))))
            band = ("Low", "Medium", "High", "Very high")[sum(value >= limit for limit in (medium, high, very_high))]
            by = p.worker("probation")
            source = rng.choice(("OASys", "OASys", "Monthly extract"))
            book.add(
                at, by, "score", predictor=predictor, version="OASys legacy", value=str(value), assessed_on=on,
                source=source,
            )  # fmt: skip
            book.add(at, by, "score_band", predictor=predictor, band=band, assessed_on=on)


def _flags(book: Casebook, p: Profile, rng: Random) -> None:
    from_police = p.worker("police")
    if rng.random() < 0.12:
        book.add(book.ago(p.opened - 1, "13:15"), p.worker("probation"), "mappa", flag=v.YES)
    if p.crime == v.DOMESTIC:
        at = book.ago(p.opened - 1, "13:40")
        if rng.random() < 0.5:
            book.add(at, from_police, "marac", flag=v.YES, recorded_on=at.date().isoformat())
        book.add(
            at, from_police, "victim",
            relation=rng.choice(("Former partner", "Partner", "Mother", "Former partner's new partner")),
            note=rng.choice(phrases.VICTIM_NOTES),
        )  # fmt: skip
    if rng.random() < 0.14:
        at = book.ago(max(1, p.opened - rng.randrange(1, 50)), "08:50")
        warning, advice = rng.choice(phrases.WARNINGS)
        book.add(
            at, p.worker(rng.choice(("police", "probation", "housing"))), "safety",
            warning=warning.format_map(p.words), advice=advice.format_map(p.words), recorded_on=at.date().isoformat(),
        )  # fmt: skip


def _compact(book: Casebook, p: Profile, rng: Random) -> None:
    if p.opened < 40 or p.state == v.IN_CUSTODY:
        return
    at = book.ago(p.opened - rng.randrange(8, 25), "13:20")
    terms = rng.choice(phrases.TERMS).format_map(Slots(rng, p.words))
    if rng.random() < 0.2:
        compact = book.add(
            at, p.worker("probation"), "compact", version="1", terms=terms, refused=v.YES,
            refusal_reason=rng.choice(phrases.NOT_SIGNED),
        )  # fmt: skip
        if p.course == "up":
            signed = book.ago(max(2, p.opened // 2), "11:05")
            book.edit(
                compact, signed, p.worker("probation"), refused=v.NO, refusal_reason="",
                signed_on=signed.date().isoformat(),
            )  # fmt: skip
        return
    on = at.date().isoformat()
    book.add(at, p.worker("probation"), "compact", version="1", terms=terms, refused=v.NO, signed_on=on)


def _accommodation(book: Casebook, p: Profile, rng: Random) -> None:
    at = book.ago(max(2, p.opened - rng.randrange(5, 30)), "15:25")
    custody = p.state == v.IN_CUSTODY
    situation = "In custody" if custody else "Sleeping rough" if p.address == "NFA" else rng.choice(_SITUATIONS)
    provider = {"Hostel": rng.choice(p.borough.hostels), "Settled": p.borough.housing_office}.get(situation, "")
    book.add(
        at, p.worker("housing"), "accommodation", situation=situation, provider=provider,
        duty_to_refer_on=at.date().isoformat() if situation in ("Sleeping rough", "In custody") else "",
        note=rng.choice(phrases.HOUSING_NOTES).format_map(Slots(rng, p.words)),
    )  # fmt: skip


_CLAIM = {
    False: ("Consent", "Explicit consent in the journal, claim details only. May be taken back at any time."),
    True: ("Other lawful authority", "A court ordered the claim to be disclosed. The order is on our file."),
}
"""On what ground DWP lets the partners see a claim: seldom by an order."""


def _work(book: Casebook, p: Profile, rng: Random) -> None:
    words = Slots(rng, p.words)
    at = book.ago(max(2, p.opened - rng.randrange(5, 40)), "10:50")
    situation = rng.choice(
        {"up": ("Employed", "Training", "Self-employed"), "down": ("Seeking work", "Not able to work")}.get(
            p.course, ("Training", "Seeking work", "Education", "Not known")
        )
    )
    provider = {"Employed": f"{words['trade'].capitalize()}, agency", "Training": f"{words['course']} at the college"}
    book.add(
        at, p.worker("dwp"), "ete", situation=situation, provider=provider.get(situation, ""),
        benefits=rng.choice(phrases.BENEFITS),
        debts=rng.choice(phrases.DEBTS).format_map(words),
    )  # fmt: skip
    dice = rng.random()
    if dice < 0.5:
        ground, note = _CLAIM[dice < 0.1]
        book.add(
            at.replace(minute=56), p.worker("dwp"), "basis", label="ete", ground=ground, given_on=at.date().isoformat(),
            note=note,
        )  # fmt: skip


def _health(book: Casebook, p: Profile, rng: Random) -> None:
    nurse = p.worker("health")
    start = max(9, p.opened - rng.randrange(5, 40))
    diagnosis, medication = rng.choice(phrases.DIAGNOSES)
    book.add(
        book.ago(start, "11:10"), nurse, "health", diagnosis=diagnosis, medication=medication,
        clinician="Community team",
    )  # fmt: skip
    ground = rng.choice(("Consent", "Consent", "Consent", "Public interest override"))
    given = book.ago(start, "11:20")
    basis = book.add(
        given, nurse, "basis", label="health_engagement", ground=ground, given_on=given.date().isoformat(),
        note="Signed form, copy given." if ground == "Consent" else phrases.OVERRIDE,
    )  # fmt: skip
    bases = [basis, *_named(book, given, nurse, start)] if ground == "Consent" else [basis]
    engaging = {"up": "Engaging", "down": rng.choice(("Not engaging", "Declined"))}.get(p.course, "Sporadic")
    book.add(
        book.ago(start, "11:30"), nurse, "health_engagement", engaging=engaging, service="Community mental health team",
    )  # fmt: skip
    if rng.random() < 0.35:
        book.add(book.ago(start, "11:40"), nurse, "health_need", need=rng.choice(phrases.NEEDS).format_map(p.words))
    if ground == "Consent" and rng.random() < 0.2:
        for each in bases:
            book.withdraw(
                each, book.ago(max(1, start // 3), "09:35"), nurse, "Withdrew by phone. Reason not asked, not owed.",
            )  # fmt: skip


def _named(book: Casebook, given: datetime, worker: str, start: int) -> list[int]:
    """Most who let partners know that they engage also let them know with whom: a basis of its own."""
    if start % 3 == 0:
        return []
    at, note = given + timedelta(minutes=3), "Partners may know who the worker is and the number of the office."
    return [
        book.add(at, worker, "basis", label="responsible", ground="Consent", given_on=at.date().isoformat(), note=note)
    ]


def _substance(book: Casebook, p: Profile, rng: Random) -> None:
    worker = p.worker("substance")
    start = max(9, p.opened - rng.randrange(5, 40))
    substances, treatment, tests = rng.choice(phrases.TREATMENT)
    book.add(
        book.ago(start, "13:10"), worker, "substance", substances=substances, treatment=treatment, test_results=tests,
    )  # fmt: skip
    given = book.ago(start, "13:20")
    basis = book.add(
        given, worker, "basis", label="substance_engagement", ground="Consent", given_on=given.date().isoformat(),
        note=rng.choice(phrases.SUBSTANCE_CONSENT),
    )  # fmt: skip
    bases = [basis, *_named(book, given, worker, start)]
    engaging = {"up": "Engaging", "down": rng.choice(("Not engaging", "Sporadic"))}.get(p.course, "Sporadic")
    book.add(
        book.ago(start, "13:30"), worker, "substance_engagement", engaging=engaging, service="Adult treatment service",
    )  # fmt: skip
    if rng.random() < 0.15:
        for each in bases:
            book.withdraw(
                each, book.ago(max(1, start // 4), "14:55"), worker,
                "Took consent back after an argument about a letter.",
            )  # fmt: skip


def _family(book: Casebook, p: Profile, rng: Random) -> None:
    children, carer, plan = rng.choice(phrases.CHILDREN)
    book.add(
        book.ago(max(2, p.opened - 15), "16:20"), p.worker("children"), "family", children=children,
        carer=carer, safeguarding_plan=plan,
        social_worker=rng.choice(("MASH duty desk", "Family support team", "Care planning team")),
    )  # fmt: skip
