"""The plan by pathways and the day of release as pages lay them out: pure rearranging of what the agreement gave."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from isa.explaining import Group
from portal.pages.presenting import as_date, day, near, past
from portal.sharing import moves
from portal.sharing.disclosure import Action, Disclosure, Record
from portal.sharing.moves import Stand
from portal.sharing.reading.part import Part
from portal.sharing.release import CUSTODY, GAPS, KINDS, NOT_ARRANGED, THINGS, State, judged

PLAN = "plan"
PATHWAYS: Mapping[str, str] = {
    "Accommodation": "housing",
    "Alcohol": "substance_engagement",
    "Attitudes, thinking and behaviour": "behaviour",
    "Children and family": "children",
    "Drugs": "substance_engagement",
    "Education, training and employment": "ete",
    "Finance": "ete",
    "Mental and physical health": "health_engagement",
}
"""The eight pathways in the field's order → the category that a goal on it is mostly about."""
DONE = frozenset({"Met", "Not met", "Stopped"})
NAMES: Mapping[str, str] = {
    "address": "Address for the first night",
    "appointment": "First appointment",
    "prescription": "Prescription",
    "travel": "Journey from the gate",
}
"""What is to be arranged for the day of release, in words."""
STATES: Mapping[State, tuple[str, str]] = {
    "arranged": ("Arranged", "green"),
    "open": ("Not arranged", "red"),
    "nobody": ("Nobody yet", "red"),
    "not_needed": ("Not needed", "grey"),
    "unknown": ("Not shown to you", "grey"),
}
"""How a thing stands → the words of its tag and their colour."""
MISSING: Mapping[State, str] = {"open": "not arranged", "nobody": "nobody is arranging it"}
"""A gap, in the words of a list."""
OLD = 60  # days after which a release is no longer news at the head of a case


@dataclass(frozen=True, slots=True)
class Spoc:
    """Whom to ask about a pathway, as the record of who is responsible names them."""

    name: str
    agency: str
    telephone: str


@dataclass(frozen=True, slots=True)
class Pathway:
    """One pathway of the plan. `goals` are (record, late), those not yet met first; `label` is the category under
    which this reader may add a goal, "" for none; `slug` names the pathway in the address that adds it. `whole`: no
    goal may be withheld, whichever category somebody wrote it under."""

    name: str
    slug: str
    goals: tuple[tuple[Record, bool], ...]
    spocs: tuple[Spoc, ...]
    actions: tuple[Action, ...]
    label: str
    withheld: tuple[Group, ...]
    whole: bool


@dataclass(frozen=True, slots=True)
class Arranged:
    """One record that says how a thing stands."""

    record: Record
    state: str
    who: str
    detail: str


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing that is to be arranged. `add`: (kind, its name) that this reader may add, their party having none."""

    name: str
    state: State
    words: str
    colour: str
    records: tuple[Arranged, ...]
    add: tuple[tuple[str, str], ...]
    withheld: tuple[Group, ...]


def slug(pathway: str) -> str:
    """A pathway as the end of an address: it says nothing of anybody."""
    return re.sub(r"[^a-z]+", "-", pathway.lower())


def preset(kind: str, chosen: str) -> dict[str, str]:
    """What a form for a goal begins with, where it was asked for on a pathway."""
    named = next((p for p in PATHWAYS if slug(p) == chosen), "")
    return {"plan.pathway": named} if kind == PLAN and named else {}


def after(kind: str) -> str:
    """The page to go back to when a record of this kind was kept."""
    return {PLAN: "plan.show", CUSTODY: "plan.release", **dict.fromkeys(KINDS, "plan.release")}.get(kind, "case.view")


def plan(part: Part, today: date) -> tuple[Pathway, ...]:
    """The eight pathways with what may be read of each."""
    goals: dict[str, list[Record]] = {name: [] for name in PATHWAYS}
    for record in part.of(PLAN):
        goals.setdefault(record.text("pathway"), []).append(record)
    labels = [w.label for w in part.writable if w.kind == PLAN]
    todo = _by_pathway(part.actions, goals)
    whole = not any(groups for (kind, _), groups in part.withheld.items() if kind == PLAN)
    return tuple(
        Pathway(
            name=name or "No pathway chosen",
            slug=slug(name),
            goals=_in_order(found, today),
            spocs=tuple(_spocs(part, name, today)),
            actions=tuple(todo.get(name, ())),
            label=_label(PATHWAYS.get(name, ""), labels),
            withheld=part.withheld[PLAN, PATHWAYS[name]] if name in PATHWAYS else (),
            whole=whole,
        )
        for name, found in goals.items()
        if found or name in PATHWAYS
    )


def _label(mostly: str, labels: list[str]) -> str:
    if mostly in labels:
        return mostly
    return "behaviour" if "behaviour" in labels else labels[0] if labels else ""


def _in_order(records: Iterable[Record], today: date) -> tuple[tuple[Record, bool], ...]:
    """What is still to be reached first, as it is due."""

    def key(record: Record) -> tuple[bool, date]:
        return record.text("status") in DONE, as_date(record.text("due_on") or "") or date.max

    ordered = sorted(records, key=key)
    return tuple((r, r.text("status") not in DONE and past(r.text("due_on"), today)) for r in ordered)


def _by_pathway(actions: Iterable[Action], goals: Mapping[str, list[Record]]) -> dict[str, list[Action]]:
    """Open actions under the pathway that their category belongs to: of two, the one on which there is a goal."""
    found: dict[str, list[Action]] = {}
    for action in actions:
        alike = [name for name, label in PATHWAYS.items() if label == action.record.label]
        if action.open and alike:
            found.setdefault(next((name for name in alike if goals[name]), alike[0]), []).append(action)
    return found


def _spocs(part: Part, pathway: str, today: date) -> Iterable[Spoc]:
    for record in part.of("assignment"):
        role, until = record.text("role"), record.text("until")
        if role.endswith(" SPOC") and _same(role.removesuffix(" SPOC"), pathway) and not past(until, today):
            yield Spoc(record.text("practitioner"), record.owner_name, record.text("telephone"))


def _same(one: str, other: str) -> bool:
    """Whether two spellings name the same pathway: an "and" more or less makes no other."""
    words = [set(re.findall(r"[a-z]+", text.lower())) - {"and"} for text in (one, other)]
    return words[0] == words[1]


def things(part: Part, party: str) -> tuple[Thing, ...]:
    """The four things of the day of release for a reader of this party."""
    found = []
    for key, kinds in THINGS.items():
        records = part.of(*kinds)
        stated = {kind: [r.text("state") for r in records if r.kind == kind] for kind in kinds}
        state = judged(stated, key in part.complete)
        mine = {r.kind for r in records if r.owner == party}
        add = tuple((w.kind, w.kind_name) for w in part.writable if w.kind in kinds and w.kind not in mine)
        withheld = tuple(group for kind in kinds for group in part.withheld[kind, ""])
        said = tuple(Arranged(r, r.text("state") or NOT_ARRANGED, r.text("who"), r.text("detail")) for r in records)
        found.append(Thing(NAMES[key], state, *STATES[state], said, add, withheld))
    return tuple(found)


def missing(thing: Thing) -> bool:
    """Whether it is a gap."""
    return thing.state in GAPS


def custody(d: Part | Disclosure, today: date) -> str:
    """Where somebody is held and when they come out, in one line; "" where nothing of it may be read.

    What was recorded of the last day counts, a change of where the case stands before an older record of custody.
    Without either, what the sentence says of the release."""
    of = d.of if isinstance(d, Part) else d.records
    records, changes = of(CUSTODY), [r for r in of(moves.KIND) if r.label == moves.PLACE]
    if changes:
        return _moved(moves.stand((*changes, *records)), records, today)
    if not records:
        on = d.first("sentence", "release_on")
        return f"Release {_on(on, today)}" if on and not past(on, today) else ""
    prison, since, on, out = (records[0].text(name) for name in ("prison", "since", "release_on", "released_on"))
    at = f" at {prison}" if prison else ""
    if out:
        gone = as_date(out)
        return f"Released {_on(out, today)}" if gone is None or (today - gone).days <= OLD else ""
    held = {"Remand": "On remand", "Recall": "Recalled, in custody"}.get(records[0].text("held_as"), "In custody")
    words = f"{held}{at}" + (f" since {day(since)}" if since else "")
    return f"{words}, release {_on(on, today)}" if on else f"{words}, no release date"


HELD: Mapping[str, str] = {moves.REMAND: "On remand", moves.RECALL: "Recalled, in custody"}


def _moved(stand: Stand, records: Iterable[Record], today: date) -> str:
    """The line where changes were recorded. A release date counts that stands in a custody record not yet ended."""
    place, on = stand.place, stand.place.on or today
    if not stand.held:
        return f"Back in the community since {_on(on.isoformat(), today)}" if (today - on).days <= OLD else ""
    running = [r for r in records if not r.text("released_on")]
    at = place.where or next((t for r in running if (t := r.text("prison"))), "")
    out = next((t for r in running if (t := r.text("release_on")) and not past(t, on)), "")
    words = f"{HELD.get(place.code, 'In custody')}{f' at {at}' if at else ''} since {day(on)}"
    return f"{words}, release {_on(out, today)}" if out else f"{words}, no release date"


def release_on(part: Part) -> str:
    """The date that counts: that of the last record of custody, else that of the sentence."""
    records = part.of(CUSTODY)
    return (records[0].text("release_on") if records else "") or part.first("sentence", "release_on")


def differs(part: Part) -> str:
    """The other date, where custody and sentence say two of this time in custody; "" where they do not."""
    other, own = part.first("sentence", "release_on"), release_on(part)
    began = next((as_date(r.text("since")) for r in part.of(CUSTODY)), None)
    earlier = began is not None and past(other, began)  # of an earlier time, which is over
    return other if other and other != own and not earlier else ""


def _on(text: str, today: date) -> str:
    far = near(text, today)
    return f"{day(text)} ({far})" if far else day(text)
