"""The form of a set of criteria: one line for each thing it may ask, filled from rules or as it was typed, and back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from portal.casework.criteria import COHORT, CRIME, NAMES, PREDICTORS, ROSH, SCORE, VIOLENCE, Criterion, Rules
from portal.sharing.typed import LEVELS
from portal.sharing.typed import score as normal

NOT_ASKED, COUNTS, ALWAYS = "", "counts", "always"
USES = ((NOT_ASKED, "Not asked"), (COUNTS, "Counts"), (ALWAYS, "Always needed"))
HINTS = {
    CRIME: "As the referral or the case has it. Tick those that are local priorities",
    VIOLENCE: "The same field once more, for what counts as violent here",
    COHORT: "Fixed, flex or free, once somebody has said so",
}
BEGIN = {"needed": "1", "oldest": "365"}
"""What a first set begins with."""

Typed = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """A predictor: its least figure, or of RoSH its least level (`levels`)."""

    name: str
    label: str
    least: str
    use: str
    levels: tuple[str, ...]
    error: str


@dataclass(frozen=True, slots=True)
class ChoiceLine:
    """A list of choices that may be ticked."""

    name: str
    label: str
    hint: str
    choices: tuple[tuple[str, bool], ...]
    use: str
    error: str


@dataclass(frozen=True, slots=True)
class Form:
    """The whole form as typed, each line with what is wrong with it."""

    scores: tuple[ScoreLine, ...]
    choices: tuple[ChoiceLine, ...]
    needed: str
    oldest: str


def typed_of(rules: Rules | None) -> MultiDict[str, str]:
    """What a form would hold if this set had been typed; a first form's where there is none."""
    typed: MultiDict[str, str] = MultiDict()
    if rules is None:
        typed.update(BEGIN)
        return typed
    typed.update({"needed": str(rules.needed), "oldest": str(rules.oldest)})
    for c in rules.criteria:
        name = c.predictor if c.about == SCORE else c.about
        typed[f"use_{name}"] = ALWAYS if c.always else COUNTS
        if c.about == SCORE:
            typed[f"least_{name}"] = c.least
        else:
            typed.setlist(name, list(c.among))
    return typed


def rules_of(typed: MultiDict[str, str], choices: Mapping[str, Sequence[str]]) -> Rules:
    """The rules that were typed, right or wrong: a number that is none comes out as -1."""
    found = []
    for predictor in choices["predictor"]:
        if use := typed.get(f"use_{predictor}", ""):
            least = typed.get(f"least_{predictor}", "").strip()[:20]
            least = normal(least, predictor) or least
            found.append(Criterion(SCORE, use == ALWAYS, predictor=predictor, least=least))
    for about in (CRIME, VIOLENCE, COHORT):
        if use := typed.get(f"use_{about}", ""):
            found.append(Criterion(about, use == ALWAYS, among=tuple(dict.fromkeys(typed.getlist(about)))))
    counted = any(not c.always for c in found)
    return Rules(tuple(found), _number(typed.get("needed", "")) if counted else 0, _number(typed.get("oldest", "")))


def form(typed: MultiDict[str, str], choices: Mapping[str, Sequence[str]], problems: Mapping[str, str]) -> Form:
    """The lines of the form, filled from what was typed."""
    return Form(
        scores=tuple(
            ScoreLine(
                name=p,
                label=PREDICTORS[p][:1].upper() + PREDICTORS[p][1:],
                least=typed.get(f"least_{p}", ""),
                use=typed.get(f"use_{p}", ""),
                levels=LEVELS[1:] if p == ROSH else (),
                error=problems.get(f"least_{p}", ""),
            )
            for p in choices["predictor"]
        ),
        choices=tuple(
            ChoiceLine(
                name=about,
                label=NAMES[about],
                hint=HINTS[about],
                choices=tuple((c, c in typed.getlist(about)) for c in choices[COHORT if about == COHORT else CRIME]),
                use=typed.get(f"use_{about}", ""),
                error=problems.get(about, ""),
            )
            for about in (CRIME, VIOLENCE, COHORT)
        ),
        needed=typed.get("needed", ""),
        oldest=typed.get("oldest", ""),
    )


def _number(text: str) -> int:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else -1
