"""Where each key of a TOML text stands. The standard parser keeps no positions, and a lawyer needs the line.

Reads only what positions need: headers, keys, and enough of strings and brackets to know what is not a key. The
text has already been accepted by `tomllib`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Location = tuple[str | int, ...]
Lines = Mapping[Location, int]

_HEADER = re.compile(r"\s*(\[\[?)\s*(.*?)\s*\]\]?\s*(?:#.*)?$")
_PART = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|\'([^\']*)\'|([A-Za-z0-9_-]+))\s*(\.?)')


def _parts(text: str) -> tuple[tuple[str, ...], int]:
    """The dotted key at the start of `text` and where it ends."""
    found: list[str] = []
    at = 0
    while match := _PART.match(text, at):
        found.append(next(group for group in match.groups()[:3] if group is not None))
        at = match.end()
        if not match.group(4):
            break
    return tuple(found), at


@dataclass
class _Value:
    """What is still open in a value that runs over several lines: brackets, and the mark that ends a string."""

    depth: int = 0
    quote: str = ""

    def read(self, text: str) -> list[int]:
        """Take in one line; returns, for each element that starts in the outermost array, where it starts."""
        at, starts, fresh = 0, [], self.depth == 1
        while at < len(text):
            if self.quote:
                at = self._string(text, at)
                continue
            char = text[at]
            if char == "#":
                break
            if self.depth == 1 and fresh and char not in " \t],":
                starts.append(at)
                fresh = False
            if char in "\"'":
                self.quote = char * 3 if text.startswith(char * 3, at) else char
                at += len(self.quote)
                continue
            if char in "[{":
                self.depth += 1
                fresh = self.depth == 1
            elif char in "]}":
                self.depth -= 1
            elif char == "," and self.depth == 1:
                fresh = True
            at += 1
        if len(self.quote) == 1:
            self.quote = ""
        return starts

    def _string(self, text: str, at: int) -> int:
        if text[at] == "\\" and self.quote[0] == '"':
            return at + 2
        if text.startswith(self.quote, at):
            width, self.quote = len(self.quote), ""
            return at + width
        return at + 1

    def open(self) -> bool:
        return bool(self.depth or self.quote)


@dataclass
class _Scan:
    table: tuple[str | int, ...] = ()
    counts: dict[tuple[str, ...], int] = field(default_factory=dict)
    lines: dict[tuple[str | int, ...], int] = field(default_factory=dict)

    def header(self, brackets: str, names: tuple[str, ...], number: int) -> None:
        if brackets == "[[":
            self.counts[names] = self.counts.get(names, -1) + 1
        path: tuple[str | int, ...] = ()
        for end in range(1, len(names) + 1):
            path += (names[end - 1],)
            if names[:end] in self.counts:
                path += (self.counts[names[:end]],)
            self.lines.setdefault(path, number)
        self.table = path


def positions(text: str) -> dict[tuple[str | int, ...], int]:
    """Line (from 1) of every table, key and element of a list: ("clause", 3, "gateway", 0) → 212."""
    scan, value = _Scan(), _Value()
    path: tuple[str | int, ...] = ()
    element = 0
    for number, line in enumerate(text.split("\n"), 1):
        if not value.open():
            if header := _HEADER.match(line):
                scan.header(header.group(1), _parts(header.group(2))[0], number)
                continue
            names, end = _parts(line)
            if not names or not line[end:].lstrip().startswith("="):
                continue
            path, element = scan.table + names, 0
            for stop in range(len(scan.table) + 1, len(path) + 1):
                scan.lines.setdefault(path[:stop], number)
            line = line[end:].lstrip()[1:].lstrip()
            is_list = line.startswith("[")
        starts = value.read(line)
        if is_list:
            for _ in starts:
                scan.lines[(*path, element)] = number
                element += 1
    return scan.lines


def path_of(location: Location, raw: Mapping[str, Any]) -> str:
    """ "clause[5.3].gateway[0]" for ("clause", 7, "gateway", 0): clauses are named by number, not by place."""
    path = ""
    for at, step in enumerate(location):
        if step == "[key]":
            continue
        if isinstance(step, int):
            name = str(step)
            if at == 1 and location[0] == "clause":
                part = raw["clause"][step]
                name = str(part.get("no", step)) if isinstance(part, dict) else name
            path += f"[{name}]"
        else:
            path += f".{step}" if path else step
    return path


def line_of(location: Location, lines: Lines) -> int:
    """The line of the nearest part of `location` that the file names; 0 when none is."""
    while location:
        if location in lines:
            return lines[location]
        location = location[:-1]
    return 0
