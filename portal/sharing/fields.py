"""Checks what people type against the agreement's description of a field; says what to do, loses nothing."""

import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date

from isa.agreement import Field

LIMITS = {"text": 300, "longtext": 20_000, "integer": 12, "date": 10, "choice": 200, "yesno": 3}


class Invalid(ValueError):
    """What was typed cannot be kept. `problems` maps a field key to a sentence for its reader."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(sorted(problems)))
        self.problems = dict(problems)


def check(fields: Iterable[Field], typed: Mapping[str, str]) -> dict[str, str]:
    """Cleaned values by field key, empty ones left out. Raises `Invalid` with every problem at once."""
    values: dict[str, str] = {}
    problems: dict[str, str] = {}
    for field in fields:
        text = clean(typed.get(field.key, ""))
        if not text:
            continue
        problem = _problem(field, text)
        if problem:
            problems[field.key] = problem
        else:
            values[field.key] = text
    if problems:
        raise Invalid(problems)
    return values


def clean(text: str) -> str:
    """NFC, one kind of line end, no control characters, no space around."""
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs")).strip()


def _problem(field: Field, text: str) -> str:
    limit = LIMITS[field.type]
    if len(text) > limit:
        return f"{field.name} must be {limit:,} characters or fewer"
    match field.type:
        case "date":
            return "" if _is_day(text) else f"{field.name} must be a real date, like 27 3 2026"
        case "choice":
            return "" if text in field.choices else f"Select one of the choices for {field.name.lower()}"
        case "yesno":
            return "" if text in ("Yes", "No") else f"Select yes or no for {field.name.lower()}"
        case "integer":
            return "" if text.isascii() and text.removeprefix("-").isdigit() else f"{field.name} must be a whole number"
        case _:
            return ""


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
