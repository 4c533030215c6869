"""Fields of a record as boxes of a form, and back: what was typed stays as it was typed until it is kept."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from isa.agreement import Field
from portal.pages.presenting import as_date

PARTS = ("day", "month", "year")
HINTS = {"date": "For example, 27 3 2026"}
SAYS: Mapping[str, str] = {
    "restriction.instruction": "Never the name, the address or the work of whom it protects, or that a MARAC sat: "
    "it is sent back to you. For example: “Must not go into the area bounded by Bridge Lane, the A41 and Finchley "
    "Road” or “No contact with one named person; ask the offender manager who”",
    "restriction.starts_on": "Leave it empty if it holds already",
    "restriction.ends_on": "It is no longer shown after that day. Leave it empty if it holds until further order",
    "restriction.if_broken": "Whom to ring, by day and by night, and what to say first",
    "restriction.source": "Shown only to those who enforce it",
    "needs.interpreter": "For example, Somali, or British Sign Language. Leave it empty if none is needed",
    "needs.communication": "What to do, not why: large print, say it and do not only send it, a step-free room. No "
    "diagnosis",
    "needs.gender": "What to do, not why: for example, a woman worker, or no appointments beside a group of men",
    "needs.care_leaver": "Children’s services were their parent, and owe them an adviser until 25",
}
"""What stands above the box of a field, where its name does not say enough."""

Typed = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Box:
    """One field of a form. `value` is a text, or (day, month, year) as typed for a date."""

    name: str
    label: str
    type: str
    hint: str
    error: str
    value: str | tuple[str, str, str]
    choices: tuple[tuple[str, str, str], ...]


def boxes(fields: Iterable[Field], typed: Typed, problems: Mapping[str, str]) -> tuple[Box, ...]:
    """A box for each field, filled from a form as it was sent (`typed`, by input name); `problems` by field key."""
    return tuple(
        Box(
            name=name_of(field),
            label=field.name,
            type=field.type,
            hint=SAYS.get(field.key, HINTS.get(field.type, "")),
            error=problems.get(field.key, ""),
            value=day_typed(typed, name_of(field)) if field.type == "date" else typed.get(name_of(field), ""),
            choices=tuple((c, c, "") for c in field.choices),
        )
        for field in fields
    )


def name_of(field: Field) -> str:
    """Name and id of a field's input: the same under every label, so that nothing is lost when it changes."""
    return field.key.partition("@")[0]


def stored(fields: Iterable[Field], values: Mapping[str, str]) -> dict[str, str]:
    """What a form would hold if these values (by field key) had been typed."""
    typed: dict[str, str] = {}
    for field in fields:
        text = values.get(field.key, "")
        if field.type == "date":
            typed |= day_parts(name_of(field), text)
        else:
            typed[name_of(field)] = text
    return typed


def values(fields: Iterable[Field], typed: Typed) -> dict[str, str]:
    """What was typed, by field key; a date as year-month-day, whether or not there is such a day."""
    return {
        f.key: day_text(typed, name_of(f)) if f.type == "date" else typed.get(name_of(f), "").strip() for f in fields
    }


def errors(fields: Iterable[Field], problems: Mapping[str, str]) -> list[tuple[str, str]]:
    """(input id, message) in the order of the form."""
    return [(name_of(f), problems[f.key]) for f in fields if f.key in problems]


def day_parts(name: str, text: str) -> dict[str, str]:
    """The three inputs of an ISO date; a text that is no date goes into the first, so that it is not lost."""
    on = as_date(text) if text else None
    told = (str(on.day), str(on.month), str(on.year)) if on else (text, "", "")
    return {f"{name}-{part}": value for part, value in zip(PARTS, told, strict=True)}


def day_typed(typed: Typed, name: str) -> tuple[str, str, str]:
    """Day, month and year as they were typed."""
    day, month, year = (typed.get(f"{name}-{part}", "").strip() for part in PARTS)
    return day, month, year


def day_text(typed: Typed, name: str) -> str:
    """ISO text of three inputs, "" if all are empty. A day that does not exist comes out as a text that is no date."""
    day, month, year = day_typed(typed, name)
    return f"{year}-{month:0>2}-{day:0>2}" if day or month or year else ""
