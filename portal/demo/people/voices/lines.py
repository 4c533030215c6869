"""How a line of a voice is written down and spoken: templates with slots, one tone each, never the same text twice."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random

GOOD, PLAIN, BAD = "+", "=", "-"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing a member of staff might write. `tone`: getting better, plain or worse; `nature`: Fact or Opinion."""

    tone: str
    nature: str
    source: str
    text: str


def lines(block: str) -> tuple[Line, ...]:
    """Reads "tone nature | source | text" lines; nature is F or O, an indented line goes on with the one above.

    Raises ValueError on a malformed line.
    """
    return tuple(_read(line) for line in block.strip().replace("\n    ", " ").splitlines())


def _read(line: str) -> Line:
    mark, source, text = (part.strip() for part in line.split("|", 2))
    tone, nature = mark.split()
    return Line(tone, {"F": "Fact", "O": "Opinion"}[nature], source, text)


_POOLS: Mapping[str, tuple[str, ...]] = {
    "weekday": ("Mon", "Tues", "Weds", "Thurs", "Fri"),
    "anyday": ("Mon", "Tues", "Weds", "Thurs", "Fri", "Sat", "Sun"),
    "clock": ("0915", "1040", "1120", "1310", "1405", "1530", "1615", "1650"),
    "night": ("2140", "2215", "2305", "2350", "0020", "0110", "0245"),
    "two": ("two", "three", "four", "a couple of"),
    "few": ("3", "4", "5", "6", "8", "9"),
    "weeks": ("two weeks", "three weeks", "a month", "six weeks", "ten days"),
    "sum": ("£42", "£68", "£115", "£140", "£236", "£310", "£485", "£620", "£1,140"),
    "goods": ("meat and coffee", "spirits", "razor blades and baby milk", "cosmetics", "cheese", "washing capsules"),
    "thing": (
        "a small lock knife", "a crowbar", "a window hammer", "cannabis, personal", "two SIM-free phones",
        "nothing of note",
    ),
    "vehicle": (
        "white Transit", "grey Golf", "black Corsa", "silver Astra", "moped, no plates", "blue e-bike",
        "hired Mercedes",
    ),
    "man": (
        "older male", "known male", "younger lad", "male in grey tracksuit", "ex cell-mate",
        "male he called his cousin",
    ),
    "relative": ("mum", "dad", "sister", "partner", "nan", "older brother", "aunt"),
    "shop": (
        "the Co-op", "Sainsbury's Local", "Boots", "the Polish shop", "Tesco Express", "Iceland",
        "the garage shop",
    ),
    "trade": (
        "scaffolding", "warehouse nights", "kitchen porter", "dryliner's mate", "valeting", "removals",
        "street cleansing", "groundworks", "parcel sorting", "barbering",
    ),
    "course": (
        "CSCS", "forklift", "Level 1 functional skills", "food hygiene", "traffic marshal", "first aid at work",
        "SIA",
    ),
    "paper": (
        "bank statement", "proof of address", "birth certificate", "photo ID", "last two payslips",
        "the licence itself",
    ),
    "month": ("September", "January", "the spring", "the summer", "March"),
    "reason": (
        "said he forgot", "phone off", "no reason given", "says bus was late", "text at the last minute",
        "said unwell", "thought it was tomorrow",
    ),
    "prison": ("Pentonville", "Wormwood Scrubs", "Thameside", "The Mount", "Highpoint", "Brixton"),
}  # fmt: skip


Known = Mapping[str, str | tuple[str, ...]]


class Slots(dict[str, str]):
    """Fills a template: from what is known of the person (one of several, where there are), else from the pool."""

    def __init__(self, rng: Random, known: Known) -> None:
        super().__init__({name: value for name, value in known.items() if isinstance(value, str)})
        self._several = {name: value for name, value in known.items() if not isinstance(value, str)}
        self._rng = rng

    def __missing__(self, name: str) -> str:
        return self._rng.choice(self._several.get(name) or _POOLS[name])


class Speaker:
    """Speaks lines with a memory: across one telling no text is said twice while any other can be found."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._said: set[str] = set()
        self._used: set[Line] = set()

    def turn_to_another(self) -> None:
        """From here on another person is spoken of, for whom every line is fresh."""
        self._used.clear()

    def speak(self, pool: tuple[Line, ...], tails: tuple[str, ...], course: str, known: Known) -> tuple[Line, str]:
        """A line of the pool that suits the course ("up", "down", "mixed"), its slots filled, at times with a tail."""
        wanted = {"up": GOOD + PLAIN, "down": BAD + PLAIN}.get(course, GOOD + PLAIN + BAD)
        fitting = [line for line in pool if line.tone in wanted] or list(pool)
        line, text = fitting[0], ""
        for line, text in self._tries(fitting, tails, known):
            if text not in self._said and line not in self._used:
                break
        self._said.add(text)
        self._used.add(line)
        return line, text

    def _tries(self, fitting: list[Line], tails: tuple[str, ...], known: Known) -> Iterator[tuple[Line, str]]:
        for _ in range(25):
            line = self._rng.choice(fitting)
            text = line.text
            if tails and self._rng.random() < 0.4:
                text = f"{text} {self._rng.choice(tails)}"
            yield line, text.format_map(Slots(self._rng, known))
