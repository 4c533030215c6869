"""The organisations whose people can sign in, as the sign-in page lists them."""

import re
from dataclasses import dataclass

from portal import gate

EVERYWHERE = "All boroughs"
_BETWEEN = re.compile(r"[,:;()/]")


@dataclass(frozen=True, slots=True)
class Organisation:
    """A provider of the catalogue: its id, its name as people know it, and the borough it serves."""

    id: str
    name: str
    area: str


def known() -> tuple[Organisation, ...]:
    """Every organisation, by area and name; those of all boroughs first."""
    catalogue, book = gate.services().desk.relying.catalogue, gate.doors().book
    areas: dict[str, set[str]] = {}
    for rule in catalogue.rules:
        areas.setdefault(rule.provider, set()).update(a.borough for a in book.of_party(rule.id))
    found = [Organisation(p.id, p.name, _area(areas[p.id])) for p in catalogue.providers.values()]
    return tuple(sorted(found, key=lambda o: (o.area != EVERYWHERE, o.area, o.name)))


def named(all_known: tuple[Organisation, ...], typed: str) -> tuple[Organisation, ...]:
    """Those of exactly that name, else those with every typed word in their name; none for nothing typed.

    Commas and the like do not count: "Barnet Council: housing" finds "Barnet Council, Housing".
    """
    wanted = _words(typed)
    exact = tuple(o for o in all_known if _words(o.name) == wanted)
    return exact or tuple(o for o in all_known if wanted and all(w in o.name.casefold() for w in wanted))


def _words(text: str) -> list[str]:
    return _BETWEEN.sub(" ", text.casefold()).split()


def name(provider: str) -> str:
    """The name of a provider; "your organisation" for one that has gone from the catalogue."""
    found = gate.services().desk.relying.catalogue.providers.get(provider)
    return found.name if found else "your organisation"


def _area(boroughs: set[str]) -> str:
    return boroughs.pop() if len(boroughs) == 1 else EVERYWHERE
