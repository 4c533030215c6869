"""Zones and contact conditions: what the person must not do, and never whom it protects (clause 8.60). Pure.

Nobody can be kept from writing a name in other words. What plainly gives somebody away is sent back to its writer,
with what to write instead, and nothing of it is kept.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import date

from portal.sharing.disclosure import Record
from portal.sharing.places import is_place

KIND = "restriction"
SORT, INSTRUCTION, FROM, UNTIL, BROKEN = (
    f"{KIND}.{name}" for name in ("sort", "instruction", "starts_on", "ends_on", "if_broken")
)

_PARTNER = "partner|wife|husband|spouse|girlfriend|boyfriend|fianc[eé]e?"
_ROAD = (
    "road|street|avenue|lane|close|drive|way|gardens|terrace|crescent|court|house|rise|grove|place|mews|hill|walk|square"
    "|row|rd|st|ave"
)
_ANYBODY = (
    "(?!(?i:Any\\w*|Every\\w*|All|The|Those|One|Two|Three|An?|His|Her|Their|Children|Child|People|Persons?|Women|Men|Others?"
    "|Witness(?:es)?|Police|Probation|Staff|Orders?|Licence|Schedule|Appendix|Conditions?)\\b)"
)
_CAPITAL, _SMALL = r"[^\W\d_a-z]", r"(?:[^\W\d_A-Z]|['’-])"
"""Letters of any alphabet: names begin with É, Ł or Ö as well."""
_WRITTEN = rf"{_CAPITAL}{_SMALL}+"
_PERSON = rf"{_ANYBODY}(?:{_CAPITAL}\.?\s+)?(?:{_WRITTEN}|{_CAPITAL}{{4,}})"
"""A word that is written like a name, or in capitals. It is looked for only where nothing but a person can stand."""
_MEETING = (
    "contact|meet|speak to|speak with|communicate with|associate with|message|telephone|phone|text|write to"
    "|harass|molest|pester|threaten|intimidate|talk to|talk with|e-?mail|ring|call|see|be with|be alone with|live with"
    "|stay with|be in the company of"
)
"""What is done to or with a person."""
_COMING = (
    "approach|visit|follow|stalk|pursue|seek(?: out)?|look for|search for|wait for|call on|drop in on|go near|go up to"
    "|come near|come up to|come close to|get close to|be near|be around|be close to|be seen with|track|observe|spy on"
    "|confront|bother|disturb|trouble|attack|assault|hurt|harm"
)
"""What is done to a person, and some of it to a place as well; what is done to places alone (enter) is not among it."""
_KIN = "mother|mum|father|dad|daughter|son|sister|brother|cousin|niece|nephew|aunt|uncle|step-?\\w+|grand\\w+"
_HOME = "home|house|flat|address|door|place of work|workplace"
_HOW = r"(?:,?\s+(?:either|directly|indirectly|or|and|in|by|any|way|means|whatsoever)\b)*,?\s+"

_CONFERENCE = "Leave out MARAC and any adviser: that alone tells who spoke. Write what the person must not do"
_HARMED = "Leave out any word for who was harmed. Write “one named person”, and that the offender manager says who"
_RELATION = "Leave out who it is to the person. Write “one named person”, and that the offender manager says who"
_NAME = "Leave out the name. Write “No contact with one named person; ask the offender manager who”"
_NAME_OR_PLACE = (
    "Leave out the name. Write “one named person; ask the offender manager who”. If it is a place, write what it is: "
    "“Slough station”, “the area of Slough”"
)
_PLACE = (
    "Leave out where somebody lives or works, house numbers and whole postcodes. Write “Must not go into the area "
    "bounded by” and the roads, or “at the approved address”"
)

_ANYWHERE = (
    (
        re.compile(
            r"\bm\W?a\W?r\W?a\W?c\W?s?\b|\bi[ds]vas?\b|\brisk assessment conference"
            r"|\b(?:domestic|sexual) (?:abuse|violence) (?:advis[eo]r|advocate)",
            re.I,
        ),
        _CONFERENCE,
    ),
    (re.compile(r"\bvictims?\b|\bcomplainants?\b|\bsurvivors?\b|\binjured party\b", re.I), _HARMED),
    (re.compile(rf"\bex\b(?!-)|\bex[- ]?(?:{_PARTNER})\b", re.I), _RELATION),
    (re.compile(rf"\b(?:his|her|their|the|former|previous|estranged) (?:{_PARTNER})s?\b(?! agenc)", re.I), _RELATION),
    (re.compile(r"\bwhere (?:she|he|they) (?:now )?(?:lives?|works?|stays?)\b|\brefuge\b", re.I), _PLACE),
)
"""What gives somebody away in whichever box it stands."""
_WITH = rf"(?i:\bcontact\w*,?\s+(?:[a-z]+,?\s+){{0,6}}?with\s+|\bnot\s+(?:[a-z]+,?\s+){{0,6}}?(?:{_MEETING}){_HOW})"
"""What comes before whoever is not to be met."""
_AWAY = (
    r"(?i:\b(?:keep|stay|remain|live|be)\s+(?:well\s+|right\s+)?(?:away|clear|off|out of the way)\s+(?:from|of)"
    r"|\bwithin\s+[\w.,]+\s*(?:metres?|meters?|m|yards?|feet|miles?|kilometres?|km)\s+of"
    rf"|\b(?:not|never|nor)\s+(?:[a-z]+,?\s+){{0,6}}?(?:{_COMING})"
    r"|\b(?:no|not|avoid|nor)\s+(?:[a-z]+,?\s+){0,6}?(?:approach(?:es|ing)?|visit(?:s|ing)?|follow(?:ing)?)(?:\s+(?:to|by))?"
    rf"|\bavoid(?:ing)?){_HOW}"
)
"""What comes before whoever, or wherever, is to be kept away from."""
_NAMED = rf"(?P<name>{_PERSON}\w*(?:[ -](?:{_WRITTEN}\w*|{_CAPITAL}{{2,}}|{_CAPITAL}\.))*)"
_OFF = re.compile(rf"{_AWAY}{_NAMED}")
_NEXT = re.compile(rf"(?:\s+[a-z]+){{0,3}}?,?\s+(?i:and|or|nor)\s+(?:from\s+|of\s+)?{_NAMED}")
"""What may follow a place: another, or somebody."""
_IN_THE_INSTRUCTION = (
    (re.compile(rf"{_WITH}{_PERSON}"), _NAME),
    (re.compile(rf"{_WITH}(?i:(?:his|her|their|the)\s+(?:{_KIN})\b)"), _RELATION),
    (re.compile(rf"{_AWAY}(?i:(?:his|her|their|the)\s+(?:{_KIN})\b)"), _RELATION),
    (re.compile(rf"\b{_PERSON}['’]s\s+(?:[a-z]+\s+)?(?:{_HOME})\b"), _NAME),
    (re.compile(rf"\b(?i:mr|mrs|ms|miss|mx)\.?\s+{_ANYBODY}{_WRITTEN}"), _NAME),
    (re.compile(r"\b[a-z]{1,2}\d[a-z\d]?\s?\d[abd-hjlnp-uw-z]{2}\b|\b(?:flat|apartment)\s+\d+", re.I), _PLACE),
    (re.compile(rf"\b\d{{1,4}}[a-z]?,?\s+(?:[A-Z][\w'’-]+\s+){{1,3}}(?i:{_ROAD})\b"), _PLACE),
)
"""What does so only there: whom to ring if it is broken may have a name and an address."""


def tells_who_spoke(text: str) -> bool:
    """Whether a text names a MARAC, an adviser or whom somebody harmed: nothing for the hand of that person."""
    return any(pattern.search(text) for pattern, words in _ANYWHERE if words in (_CONFERENCE, _HARMED))


def gives_away(key: str, text: str) -> str:
    """What to leave out and what to write instead, "" where a text plainly gives nobody away."""
    patterns = (*_ANYWHERE, *_IN_THE_INSTRUCTION) if key == INSTRUCTION else _ANYWHERE
    found = next((words for pattern, words in patterns if pattern.search(text)), "")
    return found or (_NAME_OR_PLACE if key == INSTRUCTION and _kept_from_somebody(text) else "")


def _kept_from_somebody(text: str) -> bool:
    """Whether somebody, by what is written like a name and is no place, is to be kept away from."""
    for first in _OFF.finditer(text):
        found: re.Match[str] | None = first
        while found is not None:
            if not is_place(found["name"], text[found.end() :]):
                return True
            found = _NEXT.match(text, found.end())
    return False


def wrong(keys: Collection[str], whole: Mapping[str, str]) -> dict[str, str]:
    """What is missing or out of order in the whole record, where one of its fields (`keys`) is written."""
    if not any(key.startswith(f"{KIND}.") for key in keys):
        return {}
    problems = {}
    if not whole.get(SORT, "").strip():
        problems[SORT] = "Select what it is"
    if not whole.get(INSTRUCTION, "").strip():
        problems[INSTRUCTION] = "Write what the person must not do"
    first, last = _day(whole.get(FROM, "")), _day(whole.get(UNTIL, ""))
    if first and last and last < first:
        problems[UNTIL] = "It ends before it starts: correct one of the two dates"
    return problems


def is_over(record: Record, today: date) -> bool:
    """Whether its last day has passed. One without a last day, or whose day does not open, is not over."""
    last = _day(record.text("ends_on")) if record.kind == KIND else None
    return last is not None and last < today


def standing(records: Iterable[Record], today: date, to_correct: bool) -> list[Record]:
    """Without the restrictions that are over; with `to_correct` whoever may change one keeps it."""
    return [r for r in records if not is_over(r, today) or (to_correct and r.can_edit)]


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
