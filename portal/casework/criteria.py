"""Criteria for selection: what a set asks, and whether what is known of somebody meets it. Pure: no clock, no database.

A criterion is met, not met or not known. What nobody recorded, what the reader may not see and what is too old are not
known, never "not met". The answer decides nothing (clauses 3.6 and 8.50): the panel does.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache

from portal.sharing import unseen as withheld
from portal.sharing.typed import LEVELS
from portal.sharing.typed import score as normal

MET, NOT_MET, UNKNOWN = "Met", "Not met", "Not known"
ADULTS, YOUTH = "adults", "youth"
GROUPS: Mapping[str, str] = {ADULTS: "adults", YOUTH: "people under 18"}
SCORE, CRIME, VIOLENCE, COHORT = withheld.SCORE, withheld.CRIME, "violence", withheld.COHORT
ROSH = "RoSH"
PREDICTORS: Mapping[str, str] = {
    "OVP": "violent reoffending, OVP",
    "VRP": "violent reoffending, VRP",
    "OGRS3": "all reoffending, OGRS3",
    "ARP": "all reoffending, ARP",
    "OGP": "general reoffending, OGP",
    "CSRP": "combined serious reoffending, CSRP",
    ROSH: "serious harm, RoSH",
}
BANDS: Mapping[str, tuple[Decimal, ...]] = {
    predictor: (Decimal(0), *map(Decimal, bounds.split()))
    for predictor, bounds in (
        *((name, "30 60 80") for name in ("OVP", "VRP")),
        *((name, "50 75 90") for name in ("OGRS3", "ARP")),
        ("CSRP", "1 3 6.9"),
        (ROSH, "1 2 3"),
    )
}
"""Where each of `LEVELS` begins, as HMPPS has it; RoSH has no figure, so its levels stand for themselves. A predictor
that is not here has no bands that tell a figure."""
MOST, MOST_DAYS = 100, 3660
NAMES = {CRIME: "Priority crime", VIOLENCE: "Violent crime", COHORT: "Cohort"}
NOTHING = "nothing recorded that you may see"
MORE = "more may be recorded than you are shown"


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing a set asks. A score of `predictor` of `least` or more, or one `among` some choices. `always`: without
    it the set is not met; else it counts towards the number needed."""

    about: str
    always: bool
    predictor: str = ""
    least: str = ""
    among: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """What it asks: "OVP (…) of 60 or more"."""
        if self.about != SCORE:
            return f"{NAMES[self.about]}: {_either(self.among)}"
        return f"Risk of {PREDICTORS[self.predictor]}: {self.least} or {'higher' if self.least in LEVELS else 'more'}"


@dataclass(frozen=True, slots=True)
class Rules:
    """A set: its criteria, how many of those that are not always needed must be met, and after how many days a score
    is too old to use."""

    criteria: tuple[Criterion, ...]
    needed: int
    oldest: int

    def written(self) -> str:
        """Canonical JSON: the same rules are the same text."""
        told = [
            {"about": c.about, "always": c.always}
            | ({"predictor": c.predictor, "least": c.least} if c.about == SCORE else {"among": list(c.among)})
            for c in self.criteria
        ]
        whole = {"criteria": told, "needed": self.needed, "oldest": self.oldest}
        return json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Scored:
    """One assessment: its figure, or its band alone. `on` None: no date that is known."""

    predictor: str
    on: date | None
    value: str = ""
    band: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """A priority crime or a cohort as somebody recorded it."""

    text: str
    on: date
    by: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one reader may see of one person. `born` None: they may not see it, or nobody recorded it. `unseen`: which
    of scores, crimes and cohorts may be withheld from them, whether or not anything is (`portal.sharing.unseen`)."""

    born: date | None = None
    scores: tuple[Scored, ...] = ()
    crimes: tuple[Choice, ...] = ()
    cohorts: tuple[Choice, ...] = ()
    unseen: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Finding:
    """How one criterion stands, and what says so: the value or band with its date."""

    criterion: Criterion
    answer: str
    because: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a set stands for one person, criterion by criterion. `needed`: how many of those that count."""

    answer: str
    findings: tuple[Finding, ...]
    needed: int

    @property
    def counted(self) -> str:
        """How many of those that count are met and needed, in words; "" where none counts."""
        counted = [f.answer for f in self.findings if not f.criterion.always]
        if not counted:
            return ""
        return f"Of the {len(counted)} that count, {self.needed} must be met; {counted.count(MET)} met here"


@lru_cache(maxsize=256)
def read(written: str) -> Rules:
    """The rules of a text that `Rules.written` made."""
    told = json.loads(written)
    some = tuple(
        Criterion(c["about"], c["always"], c.get("predictor", ""), c.get("least", ""), tuple(c.get("among", ())))
        for c in told["criteria"]
    )
    return Rules(some, told["needed"], told["oldest"])


def evaluate(rules: Rules, known: Evidence, on: date) -> Outcome:
    """How a set stands on a day. Not met only where a value says so; met only where nothing unknown is needed."""
    findings = tuple(Finding(c, *_judge(c, known, on, rules.oldest)) for c in rules.criteria)
    always = [f.answer for f in findings if f.criterion.always]
    counted = [f.answer for f in findings if not f.criterion.always]
    met, open_ = counted.count(MET), counted.count(UNKNOWN)
    if NOT_MET in always or met + open_ < rules.needed:
        return Outcome(NOT_MET, findings, rules.needed)
    if UNKNOWN in always or met < rules.needed:
        return Outcome(UNKNOWN, findings, rules.needed)
    return Outcome(MET, findings, rules.needed)


@lru_cache(maxsize=256)
def _least(asked: Criterion) -> Decimal:
    found = figure(asked.predictor, asked.least)
    assert found is not None  # `problems` lets no other set be kept
    return found


def figure(predictor: str, text: str) -> Decimal | None:
    """The figure of a score; of RoSH the place of its level. None for what is neither."""
    found = normal(text, predictor)
    if found is None:
        return None
    return Decimal(LEVELS.index(found)) if predictor == ROSH else Decimal(found)


def band_tells(predictor: str, band: str, least: Decimal) -> str:
    """What a band alone says: met where all of it reaches `least`, not met where none of it does, else not known."""
    bounds = BANDS.get(predictor)
    if bounds is None or band not in LEVELS:
        return UNKNOWN
    place = LEVELS.index(band)
    if bounds[place] >= least:
        return MET
    if place + 1 < len(bounds) and bounds[place + 1] <= least:
        return NOT_MET
    return UNKNOWN


def day(on: date) -> str:
    """ "3 March 2026" """
    return f"{on.day} {on:%B %Y}"


def _judge(asked: Criterion, known: Evidence, on: date, oldest: int) -> tuple[str, str]:
    """Not met is said only to whom nothing that could meet it may be withheld: to others it is not known, always. Were
    it said to them where nothing is withheld, "not known" would tell that something is."""
    answer, because = _by_what_is_seen(asked, known, on, oldest)
    about = CRIME if asked.about == VIOLENCE else asked.about
    return (UNKNOWN, f"{because}; {MORE}") if answer == NOT_MET and about in known.unseen else (answer, because)


def _by_what_is_seen(asked: Criterion, known: Evidence, on: date, oldest: int) -> tuple[str, str]:
    if asked.about == SCORE:
        return _score(asked, [s for s in known.scores if s.predictor == asked.predictor], on, oldest)
    told = known.cohorts if asked.about == COHORT else known.crimes
    fitting = [c for c in told if c.text in asked.among]
    if not told:
        return UNKNOWN, NOTHING
    latest = {(c.text, c.by): c.on for c in sorted(fitting or told, key=lambda c: c.on)}
    return (MET if fitting else NOT_MET), "; ".join(f"{text}, {by}, {day(at)}" for (text, by), at in latest.items())


def _score(asked: Criterion, scores: Sequence[Scored], on: date, oldest: int) -> tuple[str, str]:
    """By the latest assessment: its figure where that may be seen, else its band."""
    dated = [(s.on, s) for s in scores if s.on is not None and s.on <= on]
    if not dated:
        return UNKNOWN, f"{asked.predictor} without a date that can be used" if scores else NOTHING
    latest = max(at for at, _ in dated)
    if latest < on - timedelta(days=oldest):
        return UNKNOWN, f"{asked.predictor} from {day(latest)}, too old"
    of_day = [s for at, s in dated if at == latest]
    least = _least(asked)
    valued = [s for s in of_day if s.value] or [s for s in of_day if s.band] or of_day
    found = {_one(asked.predictor, s, least) for s in valued}
    answers = {answer for answer, _ in found}
    words = "; ".join(sorted({said for _, said in found}))
    if len(answers) > 1:
        return UNKNOWN, f"{words}, both of {day(latest)}: they do not agree"
    [answer] = answers
    told = " – the band alone does not tell" if answer == UNKNOWN and all(s.band for s in valued) else ""
    return answer, f"{words}, {day(latest)}{told}"


def _one(predictor: str, scored: Scored, least: Decimal) -> tuple[str, str]:
    if not scored.value and not scored.band:
        return UNKNOWN, f"{predictor} that you may not see"
    if not scored.value:
        return band_tells(predictor, scored.band, least), f"{predictor} band {scored.band}"
    found = figure(predictor, scored.value)
    if found is None:
        return UNKNOWN, f"{predictor} “{scored.value}” is no figure"
    return (MET if found >= least else NOT_MET), f"{predictor} {scored.value}"


def in_sentences(rules: Rules) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """A set as people read it: each that is always needed, then how many of what else (the parts of that sentence)."""
    always = tuple((f"{c.words}. Always needed.", ()) for c in rules.criteria if c.always)
    counted = tuple(c.words for c in rules.criteria if not c.always)
    if not counted:
        return always
    if len(counted) == 1:
        return (*always, (f"{counted[0]}. Needed.", ()))
    number = "all" if rules.needed == len(counted) else f"at least {rules.needed}"
    return (*always, (f"And {number} of:" if always else f"{number.capitalize()} of:", counted))


def kept_words(title: str, outcome: Outcome) -> str:
    """How a set stood, for the record: one line for each criterion, with what said so."""
    lines = [f"{title}: {outcome.answer.lower()}."]
    lines += [f"{f.criterion.words}: {f.answer.lower()} ({f.because})." for f in outcome.findings]
    lines += [f"{outcome.counted}."] if outcome.counted else []
    return "\n".join(lines)


def problems(rules: Rules, choices: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """What is wrong with a set, by part of the form. `choices`: what it may name, by `predictor`, `crime`, `cohort`."""
    found: dict[str, str] = {}
    for c in rules.criteria:
        if c.about == SCORE and (c.predictor not in choices["predictor"] or figure(c.predictor, c.least) is None):
            found[f"least_{c.predictor}"] = f"{c.predictor}: give a number from 0 to {MOST}"
            if c.predictor == ROSH:
                found[f"least_{ROSH}"] = f"Choose the level of {ROSH}"
        kind = COHORT if c.about == COHORT else CRIME
        if c.about != SCORE and (not c.among or not set(c.among) <= set(choices[kind])):
            found[c.about] = f"{NAMES[c.about]}: tick at least one"
    counted = sum(not c.always for c in rules.criteria)
    if not rules.criteria:
        found[""] = "Choose at least one criterion"
    elif counted and not 1 <= rules.needed <= counted:
        found["needed"] = f"How many are needed? A number from 1 to {counted}, for so many are set to count"
    if not 1 <= rules.oldest <= MOST_DAYS:
        found["oldest"] = f"After how many days is a score too old? A number from 1 to {MOST_DAYS:,}"
    return found


def _either(texts: Sequence[str]) -> str:
    return " or ".join(filter(None, (", ".join(texts[:-1]), texts[-1] if texts else "")))
