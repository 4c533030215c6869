"""The words of letters, compacts and privacy notices: plain text files that a borough may edit, checked at the start.

A file begins with "# " and its title. "## " begins a heading, "- " an item of a list, an empty line ends a paragraph.
`{slot}` is replaced by one value, `{slot}` alone on its line by a list where the slot holds one. That is all: no
conditions, no code, no markup. What is filled in is never read again, so a value cannot name a slot.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from portal.errors import Misconfigured
from portal.sharing.typed import hidden

BLANK = "____________________"
"""Stands for what is not known or may not leave: to be written by hand."""
SLOT = re.compile(r"\{([^{}]*)\}")
TITLE, HEADING, ITEM = "# ", "## ", "- "
ABOUT = ("borough", "title", "version", "effective", "answers", "contact")
RULES = ("controllers", "parties", "purposes", "categories", "powers", "retention", "kept")
PERSON = ("name", "address", "reference", "date", "maker", "role", "agency", "selected_on", "review_on")
Is = Literal["heading", "text", "item"]


@dataclass(frozen=True, slots=True)
class Sort:
    """One sort of document: what it is called, and what it may be filled with, as one value or as a list."""

    name: str
    values: frozenset[str]
    lists: frozenset[str]

    @property
    def slots(self) -> frozenset[str]:
        """Every slot."""
        return self.values | self.lists


def _sort(name: str, values: Iterable[str], lists: Iterable[str]) -> Sort:
    return Sort(name, frozenset(values), frozenset(lists))


_LETTER = ((*PERSON, "borough", "title", "answers"), ("responsible", *RULES))
LETTERS: Mapping[str, Sort] = {
    "letter-selected": _sort("Letter: chosen for IOM", *_LETTER),
    "letter-deselected": _sort("Letter: no longer on IOM", *_LETTER),
    "letter-privacy": _sort("Letter: information and rights", *_LETTER),
    "compact": _sort("Compact to sign", (*PERSON, "borough", "version", "state"), ("terms", "responsible")),
    "referral-form": _sort("Referral form", (*PERSON, "borough", "born", "crime", "source"), ("reasons",)),
}
NOTICES: Mapping[str, Sort] = {
    "privacy-notice": _sort("Privacy notice", ABOUT, RULES),
    "privacy-easy-read": _sort("Privacy notice, Easy Read", ABOUT, RULES),
}
SORTS = {**LETTERS, **NOTICES}


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of a text, with its slots still in it or filled."""

    kind: Is
    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """A whole text: its title, which has no slot for a person, and its blocks."""

    title: str
    blocks: tuple[Block, ...]

    @property
    def slots(self) -> frozenset[str]:
        """The slots that it uses."""
        return frozenset(name for b in (Block("text", self.title), *self.blocks) for name in SLOT.findall(b.text))

    def filled(self, values: Mapping[str, str], lists: Mapping[str, Sequence[str]]) -> "Text":
        """With everything in its place. What is missing or empty becomes a line to write on."""

        def put(text: str) -> str:
            return SLOT.sub(lambda found: values.get(found[1], "") or BLANK, text)

        blocks: list[Block] = []
        for block in self.blocks:
            alone = SLOT.fullmatch(block.text)
            if alone and alone[1] in lists:
                blocks += [Block("item", text) for text in lists[alone[1]] or (BLANK,)]
            else:
                blocks.append(Block(block.kind, put(block.text)))
        return Text(put(self.title), tuple(blocks))


class Papers:
    """Every text, by agreement and sort. A borough's own file stands before the common one."""

    def __init__(self, own: Mapping[tuple[str, str], Text], common: Mapping[str, Text]) -> None:
        self._own, self._common = own, common

    def of(self, agreement: str, sort: str) -> Text:
        """The text of a sort for an agreement. Raises `KeyError` for a sort there is none of."""
        return self._own.get((agreement, sort)) or self._common[sort]


def load(folder: Path, agreements: Collection[str]) -> Papers:
    """Read `<sort>.txt` of every sort, and `<agreement>/<sort>.txt` where there is one.

    Raises `Misconfigured` with every problem, each with its file and line: an unknown slot, a lone brace, no title, a
    missing text, a file or folder that names no sort or agreement. Nothing is passed over, or a borough would believe
    that its own words are sent; only what an editor or a file manager leaves behind is (".name", "name~").
    """
    problems: list[str] = []
    common = {sort: text for sort in SORTS if (text := _read(folder / f"{sort}.txt", folder, sort, problems))}
    own: dict[tuple[str, str], Text] = {}
    for path in _in(folder):
        if path.is_file() and path.name not in _FILES:
            problems.append(f"{path.name}: is no sort of document")
        elif path.is_dir() and path.name not in agreements:
            problems.append(f"{path.name}: names no agreement that there is")
        for file in _in(path):
            where = file.relative_to(folder)
            if path.name not in agreements or file.name not in _FILES or file.is_dir():
                problems.append(f"{where}: names no agreement and sort of document that there is")
            elif text := _read(file, folder, file.stem, problems):
                own[path.name, file.stem] = text
    if problems:
        raise Misconfigured("documents: " + "; ".join(problems))
    return Papers(own, common)


_FILES = frozenset(f"{sort}.txt" for sort in SORTS)


def _in(folder: Path) -> list[Path]:
    """What lies in a folder, without what a desk leaves behind."""
    found = folder.iterdir() if folder.is_dir() else ()
    return sorted(p for p in found if not p.name.startswith(".") and not p.name.endswith("~"))


def _read(path: Path, folder: Path, sort: str, problems: list[str]) -> Text | None:
    where = path.relative_to(folder)
    try:
        lines = path.read_text("utf-8-sig").splitlines()  # Notepad writes a mark at the head
    except (OSError, UnicodeDecodeError):
        problems.append(f"{where}: cannot be read as text")
        return None
    before = len(problems)
    for number, line in enumerate(lines, 1):
        problems += [f"{where}, line {number}: {wrong}" for wrong in _wrong(line, SORTS[sort])]
    title = lines[0] if lines else ""
    if not title.startswith(TITLE):
        problems.append(f"{where}, line 1: begins with “# ” and the title")
    elif set(SLOT.findall(title)) - {"borough"}:
        problems.append(f"{where}, line 1: a title may hold {{borough}} and no other slot, for file properties show it")
    if len(problems) > before:
        return None
    return Text(title.removeprefix(TITLE), tuple(_blocks(lines[1:], SORTS[sort].lists)))


def _wrong(line: str, sort: Sort) -> Iterable[str]:
    for name in SLOT.findall(line):
        if name not in sort.slots:
            yield f"{{{name}}} is no slot of this document; there are {', '.join(sorted(sort.slots))}"
        elif name in sort.lists and not SLOT.fullmatch(line.strip()):
            yield f"{{{name}}} is a list and stands alone on its line"
    if set("{}") & set(SLOT.sub("", line)):
        yield "a brace that begins or ends no slot"
    if hidden(line.replace("\t", " ")):
        yield "holds characters that cannot be seen: type the line again"


def _blocks(lines: Sequence[str], lists: Collection[str]) -> Iterable[Block]:
    """Lines of one paragraph keep their ends: an address is written in lines. A list ends the paragraph before it."""
    paragraph: list[str] = []

    def ended() -> Iterable[Block]:
        if paragraph:
            yield Block("text", "\n".join(paragraph))
            paragraph.clear()

    for line in map(str.strip, lines):
        alone = SLOT.fullmatch(line)
        if alone and alone[1] in lists:
            yield from ended()
            yield Block("text", line)
        elif line.startswith(HEADING) or line.startswith(ITEM) or not line:
            yield from ended()
            if line:
                kind: Is = "heading" if line.startswith(HEADING) else "item"
                yield Block(kind, line.partition(" ")[2].strip())
        else:
            paragraph.append(line)
    yield from ended()
