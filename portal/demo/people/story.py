"""The demo's invented people: seven cases told in depth, and a partnership's worth of others around them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from random import Random

from portal.demo.people import vocabulary as v
from portal.demo.people.background import write_up
from portal.demo.people.boroughs import BARNET, BRENT, HARROW, Borough
from portal.demo.people.casebook import Casebook, reference
from portal.demo.people.days import ago
from portal.demo.people.profile import Profile, imagine, known_to_probation, postcode, team_of
from portal.demo.people.shapes import Nominal
from portal.demo.people.stories import burglar, clean, eighteen, exclusion, gate, namesakes, treatment
from portal.demo.people.voices.lines import Speaker

_SHARES: tuple[tuple[Borough, int], ...] = ((BARNET, 86), (BRENT, 32), (HARROW, 29))
_FIRST = 211


def story(seed: int, today: date) -> Iterator[Nominal]:
    """Everyone in the demo, the same for the same seed and day; the people of `cast.CAST` come first.

    No record lies after the day before `today`; releases, reviews and deadlines lie on both sides of it.
    """
    yield burglar.tell(today)
    yield exclusion.tell(today)
    yield treatment.tell(today)
    yield eighteen.tell(today)
    yield clean.tell(today)
    yield from namesakes.tell(today)
    yield gate.tell(today)
    rng = Random(seed)  # noqa: S311 — invention, not secrecy
    speaker = Speaker(rng)
    number = _FIRST
    for borough, count in _SHARES:
        known = iter(known_to_probation(borough.name))
        for place in range(count):
            profile = imagine(rng, borough, number, today, next(known, None))
            nominal = write_up(profile, rng, speaker, today)
            if place == count - 1:
                nominal = _moved(nominal, profile, rng, speaker, today)
            yield nominal
            if place == count // 2:
                yield _entered_twice(profile, today, number + 500)
            number += 1


def _moved(nominal: Nominal, profile: Profile, rng: Random, speaker: Speaker, today: date) -> Nominal:
    """The same person after a move: a second case under another agreement, which shares nothing with the first."""
    borough = {"Barnet": BRENT, "Brent": HARROW, "Harrow": BARNET}[profile.borough.name]
    after = replace(
        profile, borough=borough, team=team_of(rng, borough), postcode=postcode(rng, borough), state=v.SELECTED,
        address=f"{rng.randrange(3, 90)} {rng.choice(borough.streets)}", opened=18, released=None,
        sentence="Community order",
    )  # fmt: skip
    second = write_up(after, rng, speaker, today)
    return Nominal(nominal.key, nominal.cases + second.cases, {**nominal.drafts, **second.drafts})


def _entered_twice(profile: Profile, today: date, number: int) -> Nominal:
    """The same person entered again by housing under a worse spelling, without PNC or CRN: a duplicate to be found."""
    filed = reference(profile.borough, ago(today, 6).date(), number)
    book = Casebook(profile.borough, today, profile.birth, number, filed)
    officer = profile.worker("housing")
    at = book.ago(6, "15:05")
    book.add(
        at, officer, "person", surname=_misheard(profile.surname), forename=profile.forenames.split()[0],
        date_of_birth=profile.birth.isoformat(), gender="Female" if profile.woman else "Male",
        address="c/o hostel, see note", postcode=profile.postcode,
    )  # fmt: skip
    book.add(
        book.ago(6, "15:12"), officer, "referral", priority_crime=profile.crime,
        source="Self-presented", referred_on=at.date().isoformat(),
        reason="Came to the desk with a prison bag and a probation letter he would not let go of. Could not find him "
        "on here. Please take a look.",
    )  # fmt: skip
    book.add(
        book.ago(5, "09:20"), profile.coordinator, "case", status=v.REFERRED, cohort=profile.cohort,
        priority_crime=profile.crime,
    )  # fmt: skip
    book.note(
        book.ago(2, "16:45"), profile.coordinator, "behaviour",
        f"{profile.borough.name} may have this person already under another spelling, same date of birth. "
        "Not merging until the PNC is seen.",
        "Referral check",
    )  # fmt: skip
    case, drafts = book.close(v.REFERRED, book.day(-5), profile.borough.parties["housing"])
    return Nominal(f"n{number:04d}", (case,), {case.reference: drafts})


def _misheard(surname: str) -> str:
    """A surname as taken down at a desk: accents and hyphens lost, a letter doubled or dropped."""
    plain = (
        surname.translate(str.maketrans("áéíóúñăâșțżźłłśçıİŞĐđć", "aeiounaastzzllsciISDdc"))
        .split("-")[0]
        .replace("'", "")
    )
    return plain[:-1] if plain.endswith(("s", "e", "y")) else plain + plain[-1]
