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
_PLAIN_ROAD = "road|rd|street|avenue|ave|lane|crescent|terrace|mews|grove"
_BETWEEN = (
    "metres?|meters?|yards?|feet|miles?|km|hours?|days?|weeks?|months?|years?|am|pm|of|on|in|at|to|the|near|and|or|nor|not"
    "|from|by|off|along|past|into|onto|with|for|an|any|his|her|their|this|that|between|until|till|except|unless|outside"
    "|other|named|more|main|busy|side|bus"
)
"""What makes of a number and a road something else than an address: “10 metres along the road”."""
_ANYBODY = (
    "(?!(?i:Any\\w*|Every\\w*|All|The|Those|One|Two|Three|An?|His|Her|Their|Children|Child|People|Persons?|Women|Men|Others?"
    "|Witness(?:es)?|Police|Probation|Staff|Orders?|Licence|Schedule|Appendix|Conditions?|Offender|Ask|Tell|Unless|Except"
    "|Must|Not?|Nor|And|Or|If|In|At|On|Council|Housing|\\w+\\s+(?:Council|Homes|Housing|Court|Team))\\b)"
)
_CAPITAL, _SMALL = r"[^\W\d_a-z]", r"(?:[^\W\d_A-Z]|['’-])"
"""Letters of any alphabet: names begin with É, Ł or Ö as well."""
_WRITTEN = rf"{_CAPITAL}{_SMALL}+"
_PARTICLE = r"(?:(?:de|da|di|del|van|von|der|den|la|le|al|el|bin|ibn|ben)[\s-]+){0,2}"
_PERSON = rf"{_PARTICLE}{_ANYBODY}(?:{_CAPITAL}\.?\s+|(?:PC|DC|DS|PS)\s+)?(?:{_WRITTEN}|{_CAPITAL}{{4,}})"
"""A word that is written like a name, or in capitals. It is looked for only where nothing but a person can stand."""
_MEETING = (
    "contact|meet|speak to|speak with|communicate with|associate with|message|telephone|phone|text|write to"
    "|harass|molest|pester|threaten|intimidate|talk to|talk with|e-?mail|ring|call|see|be with|be alone with|live with"
    "|stay with|be in the company of|contacting|meeting|speaking (?:to|with)|communicating with|associating with"
    "|messaging|(?:tele)?phoning|texting|writing to|harassing|molesting|pestering|threatening|intimidating"
    "|talking (?:to|with)|e-?mailing|ringing|calling|seeing"
)
"""What is done to or with a person."""
_COMING = (
    "approach|visit|follow|stalk|pursue|seek(?: out)?|look for|search for|wait for|call on|drop in on|go near|go up to"
    "|come near|come up to|come close to|get close to|be near|be around|be close to|be seen with|track|observe|spy on"
    "|confront|bother|disturb|trouble|attack|assault|hurt|harm|approaching|visiting|following|stalking|going near"
)
"""What is done to a person, and some of it to a place as well; what is done to places alone (enter) is not among it."""
_KIN = (
    "mother|mum|father|dad|daughter|son|sister|brother|cousin|niece|nephew|aunt|uncle|nan|gran|parents|in-laws|missus"
    "|(?:step|grand)-?(?:mother|mum|ma|father|dad|pa|daughter|son|sister|brother|child|children|kid|parent)"
)
_HOME = (
    "home|house|flat|address|door|place of work|workplace|work|place|family|relatives|parents|children|kids|friends"
    f"|partner|employer|{_KIN}"
)
_OPENS = r"[,:]?\s+(?:[–—-]\s+)?[\"“‘'(]?"
"""What stands between an instruction and whom it is about."""
_OURS = "Barnet|Brent|Harrow|London"
_HOW = rf"(?:,?\s+(?:either|directly|indirectly|or|and|in|by|any|way|means|whatsoever)\b)*{_OPENS}"
_NEVER = (
    r"(?:(?:\b(?:not|never|nor|cannot)|n['’]t|\b(?:prohibited|banned|barred|forbidden|prevented|refrain|stop(?=\s+[a-z]+ing)|desist)"
    r"(?:\s+from)?)\s+(?:[a-z]+,?\s+){0,6}?)"
)
_WHO = (
    r"(?i:(?:(?:a|an|the|his|her|their)\s+)?(?:young|little|baby|former|old|colleague|neighbour|witness|friend|girl|boy"
    r"|woman|man|lady|child|co-(?:defendant|accused)|associate|person)s?\s+(?:(?:called|named|known as)\s+)?){0,2}"
    r"(?i:(?:the\s+)?(?:home|address|flat|family|relatives|friends?|parents|children|workplace|place of work) of\s+)?"
)
"""What may stand before a name and says what sort of person it is."""

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
_WITH = (
    rf"(?i:\b(?:contact\w*|nc),?\s+(?:[a-z]+,?\s+){{0,6}}?(?:with\b|w/){_OPENS}|\bno\s+contact\s*:\s*"
    rf"|{_NEVER}(?:{_MEETING}){_HOW})"
)
"""What comes before whoever is not to be met."""
_AWAY = (
    r"(?i:\b(?:keep|stay|remain|live|be)\s+(?:well\s+|right\s+)?(?:away|clear|off|out of the way)\s+(?:from|of)"
    r"|(?:\bwithin\s+[\w.,]{1,20}|\b\d[\d.,]{0,8})\s*(?:metres?|meters?|m|yards?|feet|miles?|kilometres?|km)"
    r"\s+(?:away\s+)?(?:of|from|to)"
    rf"|{_NEVER}(?:{_COMING})|\bprotect(?:s|ing)?|\bfor\s+the\s+(?:safety|protection)\s+of"
    r"|\b(?:no|not|avoid|nor)\s+(?:[a-z]+,?\s+){0,6}?(?:approach(?:es|ing)?|visit(?:s|ing)?|follow(?:ing)?)(?:\s+(?:to|by))?"
    rf"|\bavoid(?:ing)?){_HOW}"
)
"""What comes before whoever, or wherever, is to be kept away from."""
_NAMED = rf"(?P<name>{_PERSON}\w*(?:[ -](?:{_WRITTEN}\w*|{_CAPITAL}{{2,}}|{_CAPITAL}\.)){{0,6}})"
_OFF = re.compile(rf"{_AWAY}{_WHO}{_NAMED}")
_BESIDE = (
    re.compile(rf"\b(?i:persons?)\s*[,:(–—-]\s*(?>{_NAMED})"),
    re.compile(
        rf"\b(?!\w+s\s+(?:must|are|may|should)\b)(?>{_NAMED})\s+(?:must|is|are|may|should)\s+(?:not|never)\s+(?:to\s+)?be\s+(?:contact|approach|visit|follow)ed"
    ),
    re.compile(rf"\b(?i:to|at|past|outside|round)\s+(?>{_NAMED})(?<=['’]s)(?=\s*(?:[.,;)]|$))"),
)
"""Where a name, or a place, stands otherwise: “one named person, …”, “… must not be approached”, “to …’s”."""
_NEXT = re.compile(rf"(?:\s+[a-z]+){{0,3}}?,?\s+(?i:and|or|nor)\s+(?:from\s+|of\s+)?{_NAMED}")
"""What may follow a place: another, or somebody."""
_IN_THE_INSTRUCTION = (
    (re.compile(rf"{_WITH}{_WHO}{_PERSON}"), _NAME),
    (re.compile(rf"(?:{_WITH}|{_AWAY})(?:{_CAPITAL}\.\s?){{2}}|{_WITH}{_CAPITAL}\.(?!\w)"), _NAME),
    (
        re.compile(
            rf"(?:{_WITH}|{_AWAY})(?i:the)\s+{_WRITTEN}\s+(?i:family|household|brothers|sisters|children|kids)\b"
        ),
        _NAME,
    ),
    (
        re.compile(rf"(?:{_WITH}|{_AWAY})(?i:(?:his|her|their|the)\s+(?:[a-z]+['’]s?\s+|baby\s+)?(?:{_KIN})s?\b)"),
        _RELATION,
    ),
    (
        re.compile(rf"{_WITH}(?i:(?:baby\s+)?(?:mum|mother|dad|father)\b|(?:his|her|their)\s+(?:children|kids)\b)"),
        _RELATION,
    ),
    (re.compile(rf"\b(?!(?:{_OURS})\b){_PERSON}['’]s\s+(?:[a-z]+\s+)?(?:{_HOME})\b(?!['’])"), _NAME),
    (re.compile(rf"\b(?i:mr|mrs|ms|miss|mx)\.?\s+(?!Teams\b){_ANYBODY}{_WRITTEN}"), _NAME),
    (re.compile(rf"\b(?:mrs?|ms|mx)\.?\s+(?:[a-z]\.?\s+)?{_SMALL}{{2,}}"), _NAME),
    (re.compile(rf"\bwhere\s+{_PERSON}\w*(?:\s+{_WRITTEN})?\s+(?:now\s+)?(?:lives?|works?|stays?)\b"), _PLACE),
    (re.compile(rf"\b{_PERSON}\s+(?:now\s+)?lives\b"), _PLACE),
    (re.compile(r"\b[a-z]{1,2}\d[a-z\d]?\s?\d[abd-hjlnp-uw-z]{2}\b|\b(?:flat|apartment)\s+\d+", re.I), _PLACE),
    (re.compile(r"\b(?i:flat|apartment)\s+[A-Z]\b"), _PLACE),
    (re.compile(rf"\b\d{{1,4}}[a-z]?,?\s+(?:[A-Z][\w.'’-]+\s+){{1,3}}(?i:{_ROAD})\b"), _PLACE),
    (re.compile(rf"\b\d{{1,4}}[a-z]?,?\s+(?:(?!(?:{_BETWEEN})\b)[a-z][\w.'’-]+\s+){{1,2}}(?:{_PLAIN_ROAD})\b"), _PLACE),
    (re.compile(r"\b(?:at|of|to|near|outside|from)\s+(?:number|no\.?)\s*\d{1,4}[a-z]?\b(?!\s+bus)", re.I), _PLACE),
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
    beside = (found for pattern in _BESIDE for found in pattern.finditer(text))
    if any(not is_place(found["name"], text[found.end("name") :]) for found in beside):
        return True
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
