"""Checks what people type against the agreement's description of a field; says what to do, loses nothing."""

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import date

from isa.agreement import Field
from portal.keys import index_tags
from portal.keys.index_tags import BadNumber
from portal.sharing import restrictions
from portal.sharing import typed as rules

LIMITS = {"text": 300, "longtext": 20_000, "integer": 12, "date": 10, "choice": 200, "yesno": 3}
LONGEST_REASON = 2_000
"""Characters of a reason or note that goes, sealed, into the access log."""
NUMBERS: Mapping[str, Callable[[str], str]] = {
    "identifiers.pnc": index_tags.canonical_pnc,
    "identifiers.crn": index_tags.canonical_crn,
}
"""Kept in the one form by which they are found."""
NAMES = frozenset({"person.surname", "person.forename", "person.also_known_as"})
SCORE, PREDICTOR, BORN = "score.value", "score.predictor", "person.date_of_birth"
PAST = frozenset(
    {
        "assessed_on",
        "custody.since",
        "date_of_birth",
        "duty_to_refer_on",
        "given_on",
        "happened_on",
        "offence_date",
        "recorded_on",
        "referred_on",
        "released_on",
        "selected_on",
        "signed_on",
        "withdrawn_on",
    }
)
"""Days that say what has been: fields of these names, of any kind of record or of the one named, are never in the
future."""
IN_ORDER = (("sentence.start", "sentence.end"), ("sentence.start", "sentence.licence_end"))
LOOK_ALIKE = "mixes letters of two alphabets. If that is a slip, correct it: nobody finds the person by it."


class Invalid(ValueError):
    """What was typed cannot be kept. `problems` maps a field key to a sentence for its reader."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(sorted(problems)))
        self.problems = dict(problems)


class _Wrong(Exception):
    """The sentence that goes into `Invalid`."""


def check(fields: Iterable[Field], typed: Mapping[str, str], today: date) -> dict[str, str]:
    """Cleaned values by field key, empty ones left out, each in its normal form. Raises `Invalid` with every problem.

    `typed` may hold more than the fields: what else stands in the record, for what only two fields together tell.
    """
    values: dict[str, str] = {}
    problems: dict[str, str] = {}
    every = tuple(fields)
    for field in every:
        text = clean(typed.get(field.key, ""))
        if not text:
            continue
        try:
            values[field.key] = _checked(field, text, typed, today)
        except _Wrong as wrong:
            problems[field.key] = str(wrong)
    problems |= _out_of_order({**typed, **values}, values)
    problems |= _neither_nor({**typed, **values}, values)
    problems = restrictions.wrong({f.key for f in every}, {**typed, **values}) | problems
    if problems:
        raise Invalid(problems)
    return values


def clean(text: str) -> str:
    """NFC, one kind of line end, no control or unseen characters, no space around."""
    text = rules.visible(text).replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs")).strip()


def look_alikes(fields: Iterable[Field], values: Mapping[str, str]) -> tuple[str, ...]:
    """What a person should look at again: names of letters that look like others. They are kept as they are."""
    return tuple(
        f"{field.name} {LOOK_ALIKE}"
        for field in fields
        if field.key in NAMES and index_tags.mixes_scripts(values.get(field.key, ""))
    )


def _checked(field: Field, text: str, typed: Mapping[str, str], today: date) -> str:
    """The value in its normal form. Raises `_Wrong`."""
    limit = LIMITS[field.type]
    if len(text) > limit:
        raise _Wrong(f"{field.name} must be {limit:,} characters or fewer")
    if rules.hidden(text):
        raise _Wrong(f"{field.name} holds characters that cannot be seen: type it again")
    if field.kind == restrictions.KIND and (instead := restrictions.gives_away(field.key, text)):
        raise _Wrong(instead)
    match field.type:
        case "date":
            return _day(field, text, today)
        case "choice" if text not in field.choices:
            raise _Wrong(f"Select one of the choices for {field.name.lower()}")
        case "yesno" if text not in ("Yes", "No"):
            raise _Wrong(f"Select yes or no for {field.name.lower()}")
        case "integer" if not (text.isascii() and text.removeprefix("-").isdigit()):
            raise _Wrong(f"{field.name} must be a whole number")
        case "text":
            return _line(field, " ".join(text.split()), typed)
        case _:
            return text


def _line(field: Field, text: str, typed: Mapping[str, str]) -> str:
    if field.key in NUMBERS:
        try:
            return NUMBERS[field.key](text)
        except BadNumber as bad:
            raise _Wrong(f"{field.name} {bad.fault}. {bad.remedy}") from None
    if field.key in NAMES and not rules.is_name(text):
        raise _Wrong(f"{field.name} must be a name of at most {rules.LONGEST_NAME} characters, or empty if not known")
    if field.key == SCORE:
        found = rules.score(text, typed.get(PREDICTOR, ""))
        if found is None:
            levels = ", ".join(rules.LEVELS)
            raise _Wrong(f"{field.name} must be a number from 0 to 100, or for RoSH one of: {levels}")
        return found
    return text


def _day(field: Field, text: str, today: date) -> str:
    if not _is_day(text) or not rules.FIRST_YEAR <= int(text[:4]) <= rules.LAST_YEAR:
        raise _Wrong(f"{field.name} must be a real date, like 27 3 {today.year}")
    if PAST & {field.local, field.key} and text > today.isoformat():
        raise _Wrong(f"{field.name} must be today or in the past")
    if field.key == BORN and (years := rules.impossible_age(date.fromisoformat(text), today)) is not None:
        raise _Wrong(f"{field.name}: the person would be {years}. Correct the year")
    return text


def _out_of_order(whole: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    return {
        last if last in values else first: "The sentence ends before it starts: correct one of the two dates"
        for first, last in IN_ORDER
        if values.keys() & {first, last}
        and _is_day(whole.get(first, ""))
        and _is_day(whole.get(last, ""))
        and whole[last] < whole[first]
    }


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _neither_nor(whole: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    """Of a compact: what is agreed is not missing, and it was signed, or refused for a reason (clause 8.41)."""
    if not any(key.startswith("compact.") for key in values):
        return {}
    signed, refused, why = (clean(whole.get(f"compact.{n}", "")) for n in ("signed_on", "refused", "refusal_reason"))
    if not clean(whole.get("compact.terms", "")):
        return {"compact.terms": "Write what is agreed"}
    if refused == "Yes" and signed:
        return {"compact.refused": "It was signed or refused, not both. If it is signed now, add a new compact"}
    if refused == "Yes" and not why:
        return {"compact.refusal_reason": "Write why, or that no reason was given"}
    return {}
