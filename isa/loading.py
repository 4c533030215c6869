"""From the file to the `Agreement`: parse, check the shape, resolve every reference, run the worked examples.

Every error found is reported at once, with its path and line. The order is shape → text → references → examples; a
part of the wrong shape is set aside, so that the references of the other parts are still checked.
"""

import copy
import tomllib
import unicodedata
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from isa.agreement import Agreement
from isa.building import Builder
from isa.digest import digest, texts
from isa.document import Document
from isa.errors import AgreementInvalid, Problem
from isa.examples import failures
from isa.positions import Lines, line_of, path_of, positions


def load(path: Path) -> Agreement:
    """The agreement in the file at `path` (UTF-8).

    Raises AgreementInvalid with every problem found, OSError if the file cannot be read.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise AgreementInvalid(path.name, (Problem("file", 0, f"the file is not UTF-8: {error.reason}"),)) from None
    return loads(text, path.name)


def loads(text: str, name: str = "agreement") -> Agreement:
    """The agreement in `text`; `name` is used in messages only. Raises AgreementInvalid with every problem found."""
    text = text.replace("\r\n", "\n")
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise AgreementInvalid(name, (Problem("file", _line_of(error), f"not TOML: {error}"),)) from None
    lines = positions(text)
    found = [
        Problem(path_of(at, raw), line_of(at, lines), "not in Unicode normalisation form C (NFC); retype it")
        for at, words in texts(raw)
        if not unicodedata.is_normalized("NFC", words)
    ]
    document, shape = _shape(raw, lines)
    found += shape
    if document is None:
        raise _invalid(name, found)
    builder = Builder(document, raw, lines)
    agreement = builder.build("" if found else _digest(raw, found))
    found += builder.problems
    if not found:
        found += failures(agreement)
    if found:
        raise _invalid(name, found)
    return agreement


def _digest(raw: dict[str, Any], found: list[Problem]) -> str:
    try:
        return digest(raw)
    except ValueError as error:
        found.append(Problem("file", 0, str(error)))
        return ""


def _invalid(name: str, found: list[Problem]) -> AgreementInvalid:
    return AgreementInvalid(name, tuple(sorted(set(found), key=lambda p: (p.line, p.path, p.message))))


def _line_of(error: tomllib.TOMLDecodeError) -> int:
    _, _, tail = str(error).partition("(at line ")
    number = tail.partition(",")[0]
    return int(number) if number.isdigit() else 0


def _shape(raw: dict[str, Any], lines: Lines) -> tuple[Document | None, list[Problem]]:
    """The document without the parts of the wrong shape (None when its head is wrong), and what was wrong."""
    whole, found = copy.deepcopy(raw), list[Problem]()
    for _ in range(2):
        try:
            return Document.model_validate(whole), found
        except ValidationError as error:
            errors = error.errors(include_url=False, include_input=False)
        found += [Problem(path_of(e["loc"], raw), line_of(e["loc"], lines), _plain(e["msg"])) for e in errors]
        if not _set_aside(whole, [e["loc"] for e in errors]):
            break
    return None, found


def _set_aside(whole: dict[str, Any], locations: list[tuple[int | str, ...]]) -> bool:
    """Take the parts at `locations` out of `whole`; false if one is the head itself, which cannot be left out."""
    parts: set[tuple[str, int | str]] = set()
    for location in locations:
        section = str(location[0]) if location else ""
        if section in whole and section not in Document.model_fields:
            del whole[section]
            continue
        container = whole.get(section)
        if len(location) < 2 or section == "arrangement" or not isinstance(container, dict | list):
            return False
        parts.add((section, location[1]))
    for section, key in parts:
        if isinstance(whole[section], list):
            whole[section][int(key)] = None
        else:
            whole[section].pop(key, None)
    for section in ("clause", "example"):
        if isinstance(whole.get(section), list):
            whole[section] = [part for part in whole[section] if part is not None]
    return True


def _plain(message: str) -> str:
    return {
        "Extra inputs are not permitted": "there is no such key in format 1; take it out or mend its spelling",
        "Field required": "this key is missing",
    }.get(message, message)
