"""The months between the forms: who writes when, in which voice, and the slips that people make."""

from dataclasses import dataclass
from random import Random

from portal.demo.people import vocabulary as v
from portal.demo.people.casebook import Casebook
from portal.demo.people.profile import Profile
from portal.demo.people.voices import care, police, probation, settling
from portal.demo.people.voices.lines import Line, Speaker
from portal.sharing.days import age


@dataclass(frozen=True, slots=True)
class Voice:
    """A kind of party writing under a category; `weekend` voices also write on Saturdays and Sundays."""

    kind: str
    label: str
    pool: tuple[Line, ...]
    tails: tuple[str, ...]
    weight: int
    weekend: bool = False


# Who writes of someone in prison: the prison, and the panel that keeps the place warm.
_INSIDE = [
    Voice("prisons", "behaviour", settling.PRISON, settling.TAILS, 6, weekend=True),
    Voice("probation", "behaviour", probation.PRISON, probation.TAILS, 4),
    Voice("council", "behaviour", settling.PANEL, settling.TAILS, 1),
]


def months(book: Casebook, p: Profile, rng: Random, speaker: Speaker) -> None:
    """Adds the updates: about one in three weeks, more often for someone on Red, in the voices of their own team."""
    speaker.turn_to_another()
    voices = _voices(p)
    pace = {v.RED: 16, v.AMBER: 24, v.GREEN: 34}[p.rag]
    count = max(2, min(14, p.opened // pace + rng.randrange(3)))
    first = max(1, p.opened - 2)
    for back in sorted((rng.randrange(1, first + 1) for _ in range(count)), reverse=True):
        likely = _INSIDE if back < p.inside else voices
        voice = rng.choices(likely, [each.weight for each in likely])[0]
        _update(book, p, rng, speaker, voice, back)
    if rng.random() < 0.45 and p.opened > 30:
        _intelligence(book, p, rng, speaker)


def _update(book: Casebook, p: Profile, rng: Random, speaker: Speaker, voice: Voice, back: int) -> None:
    course = "down" if p.course == "down" or (p.course == "up" and back > p.opened * 2 // 3) else p.course
    line, text = speaker.speak(_fitting(voice.pool, p, book), voice.tails, course, p.words)
    by = p.worker(voice.kind)
    clock = f"{rng.randrange(8, 19):02d}:{rng.randrange(60):02d}"
    at = book.ago(back, clock, any_day=voice.weekend)
    earlier = rng.choice((0, 0, 0, 1, 1, 2, 4))
    handle = book.note(
        at, by, voice.label, text.strip(), line.source, opinion=line.nature == v.OPINION, days_before=earlier,
    )  # fmt: skip
    if rng.random() < 0.04 and back > 3:
        _mend(book, rng, handle, by, back)


def _fitting(pool: tuple[Line, ...], p: Profile, book: Casebook) -> tuple[Line, ...]:
    """The lines that can be true of this person: recall needs a licence, unpaid work an order, leaving care youth."""
    barred = set()
    if p.sentence not in ("Licence", "Recalled on licence", "Post-sentence supervision"):
        barred |= {"Prison contact", "Licence", "Recall"}
    if p.sentence not in ("Community order", "Suspended sentence order"):
        barred |= {"Unpaid work", "Breach"}
    if age(p.birth, book.today) > 24:
        barred |= {"Leaving care", "School"}
    return tuple(line for line in pool if line.source not in barred) or pool


def _mend(book: Casebook, rng: Random, handle: int, by: str, back: int) -> None:
    """A slip put right: usually a word added, now and then a whole entry on the wrong person."""
    at = book.ago(max(1, back - rng.randrange(2, 6)), "17:20", any_day=True)
    text = book.last_value(handle, "text")
    if rng.random() < 0.3:
        book.withdraw(handle, at, by, "Entered on the wrong person. Withdrawn, moved to the right record.")
    else:
        book.edit(handle, at, by, text=f"{text} Correction: {rng.choice(_CORRECTIONS)}")


_CORRECTIONS = (
    "this was the Thursday, not the Wednesday.",
    "seen by my colleague, not by me.",
    "one missed appointment, not two, the other was moved by us.",
    "address read off the old card, new one is on the record.",
    "time should read 1540.",
    "spoke to the brother, not the father.",
)


def _intelligence(book: Casebook, p: Profile, rng: Random, speaker: Speaker) -> None:
    """A report that stays with the police, and in most cases its sanitised twin a day later."""
    back = rng.randrange(3, p.opened - 2)
    by = p.worker("police")
    _, text = speaker.speak(police.INTELLIGENCE, (), "mixed", p.words)
    at = book.ago(back, "07:50", any_day=True)
    book.add(
        at, by, "intelligence", text=text, grade=rng.choice(("E41", "B31", "A11", "C32")),
        recorded_on=at.date().isoformat(),
    )  # fmt: skip
    if rng.random() < 0.7:
        _, text = speaker.speak(police.SANITISED, (), "mixed", p.words)
        at = book.ago(back - 1, "13:05", any_day=True)
        book.add(at, by, "sanitised", text=text, recorded_on=at.date().isoformat())


def _voices(p: Profile) -> list[Voice]:
    lead = "youth_justice" if "Youth" in p.sentence else "probation"
    voices = [Voice("police", "behaviour", police.BEHAVIOUR, police.TAILS, 9, weekend=True)]
    if lead == "youth_justice":
        voices.append(Voice(lead, "behaviour", settling.YOUTH, settling.TAILS, 11))
    else:
        voices.append(Voice(lead, "behaviour", probation.BEHAVIOUR, probation.TAILS, 11))
        voices.append(Voice(lead, "sentence", probation.SENTENCE, probation.TAILS, 2))
    if p.crime == v.DOMESTIC:
        voices.append(Voice("police", "victims", police.VICTIMS, police.TAILS[:3], 3))
        voices.append(Voice("probation", "victims", probation.VICTIMS, (), 2))
    if p.state != v.REFERRED:
        voices.append(Voice("council", "behaviour", settling.COUNCIL, settling.TAILS, 2))
        voices += _pathway_voices(p)
    return voices


def _pathway_voices(p: Profile) -> list[Voice]:
    chosen = set(p.pathways)
    voices: list[Voice] = []
    if v.ACCOMMODATION in chosen:
        voices.append(Voice("housing", "housing", settling.HOUSING, settling.TAILS, 6))
        voices.append(Voice("police", "safety", police.SAFETY, police.TAILS, 1))
    if chosen & {v.WORK, v.FINANCE}:
        voices.append(Voice("dwp", "ete", settling.WORK, settling.TAILS, 5))
    if v.WORK in chosen:
        voices.append(Voice("voluntary", "ete", settling.BRIDGES, settling.TAILS, 4))
    if v.HEALTH in chosen:
        voices.append(Voice("health", "health_engagement", care.HEALTH_ENGAGEMENT, care.TAILS, 4))
        voices.append(Voice("health", "health_need", care.HEALTH_NEED, care.TAILS, 1))
        voices.append(Voice("adult_care", "behaviour", care.BEHAVIOUR, care.TAILS, 1))
    if chosen & {v.DRUGS, v.ALCOHOL}:
        voices.append(Voice("substance", "substance_engagement", care.SUBSTANCE_ENGAGEMENT, care.TAILS, 6))
        voices.append(Voice("substance", "substance_need", care.SUBSTANCE_NEED, care.TAILS, 1))
        voices.append(Voice("probation", "substance_engagement", probation.SUBSTANCE, probation.TAILS, 1))
    if v.FAMILY in chosen:
        voices.append(Voice("children", "children", care.CHILDREN, care.TAILS, 5))
    return voices
