"""Where a case stands: the changes that are recorded of it (clause 8.75), what follows from them, what makes no sense.

Three things change apart, each under a label of its own: where the person is, whether the partnership's work is
suspended, and how they are supervised. Pure rearranging of records that were opened: nothing here decides or looks up.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from isa.agreement import LONDON
from portal.sharing.disclosure import Record
from portal.sharing.fields import Invalid, clean

KIND, CUSTODY, CASE = "move", "custody", "case"
TRANSFER = "transfer"
STATUS = f"{CASE}.status"
PLACE, LISTED, SUPERVISION = "release", "selection", "sentence_summary"
"""The labels: where the person is, whether the work goes on, how they are supervised."""
TO, SINCE, WHERE, REVIEW, THEN, WHY = "to", "since", "where", "review_on", "then", "reason"
COMMUNITY, HELD, REMAND, SENTENCE, RECALL = "community", "held", "remand", "sentence", "recall"
SUSPENDED, RESUMED = "suspended", "resumed"
STATUTORY, RESET, VOLUNTARY = "statutory", "reset", "voluntary"
ASKED = "The panel is asked"
RUNNING = frozenset({"Selected", "Active", "In custody", "Suspended"})
"""The statuses of somebody who was taken on and is not de-selected: what changes among them is told by the changes."""


@dataclass(frozen=True, slots=True)
class Step:
    """One change. `to`: the choice of its record; `asks`: the other fields that its form has, by their names;
    `held_as`: what a record of custody says then."""

    code: str
    label: str
    to: str
    asks: tuple[str, ...]
    held_as: str = ""


STEPS: Mapping[str, Step] = {
    step.code: step
    for step in (
        Step(REMAND, PLACE, "In custody on remand", (SINCE, WHERE, WHY), "Remand"),
        Step(SENTENCE, PLACE, "In custody on a sentence", (SINCE, WHERE, WHY), "Sentence"),
        Step(RECALL, PLACE, "Recalled to prison", (SINCE, WHERE, REVIEW, WHY), "Recall"),
        Step(COMMUNITY, PLACE, "Back in the community", (SINCE, WHY)),
        Step(SUSPENDED, LISTED, "Suspended", (SINCE, REVIEW, WHY)),
        Step(RESUMED, LISTED, "Suspension ended", (SINCE, WHY)),
        Step(STATUTORY, SUPERVISION, "Statutory supervision", (SINCE, WHY)),
        Step(RESET, SUPERVISION, "Probation Reset", (SINCE, THEN, WHY)),
        Step(VOLUNTARY, SUPERVISION, "Voluntary, without supervision", (SINCE, WHY)),
    )
}
BY_WORDS = {step.to: step for step in STEPS.values()}
_HELD_AS = {step.held_as: step.code for step in STEPS.values() if step.held_as}


class Since(NamedTuple):
    """A state and the day it began. `code` "": nobody has said; `on` None: no day was given. `at` is when it was
    recorded, `where` the place and `review` the ISO day by which it is to be reviewed, "" for none."""

    code: str = ""
    on: date | None = None
    at: datetime | None = None
    where: str = ""
    review: str = ""


UNSAID = Since()


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a case stands, as far as its reader may read it. `status` is that of the panel's list."""

    status: str = ""
    place: Since = UNSAID
    listed: Since = UNSAID
    supervision: Since = UNSAID

    @property
    def shown(self) -> str:
        """The status in one word for a tag."""
        return status_shown(self.status, self.place.code, self.listed.code)

    @property
    def held(self) -> bool:
        """Whether the person is in custody, whatever for."""
        return self.place.code not in ("", COMMUNITY)

    def of(self, label: str) -> Since:
        """The state that changes under a label."""
        return {PLACE: self.place, LISTED: self.listed}.get(label, self.supervision)


def stand(records: Iterable[Record]) -> Stand:
    """Where a case stands by its records of changes, of custody and of its status; others are passed over."""
    told = list(records)
    status = next((t for r in told if r.kind == CASE and (t := r.text("status"))), "")
    moves = [(r.label, _moved(r)) for r in told if r.kind == KIND and r.text(TO) in BY_WORDS]
    places = [s for label, s in moves if label == PLACE]
    recalled = {s.on for s in places if s.code == RECALL}
    place = _last([*places, *(s for r in told if r.kind == CUSTODY for s in _of_custody(r, recalled))])
    place = next((s for s in places if s[:2] == place[:2]), place)  # a record of custody made with it says less
    listed = _last(s for label, s in moves if label == LISTED)
    if not place.code and status == "In custody":
        place = Since(HELD)
    if not listed.code and status == "Suspended":
        listed = Since(SUSPENDED)
    return Stand(status, place, listed, _last(s for label, s in moves if label == SUPERVISION))


def _moved(record: Record) -> Since:
    on = _day(record.text(SINCE)) or record.at.astimezone(LONDON).date()
    code = BY_WORDS[record.text(TO)].code
    return Since(code, on, record.at, record.text(WHERE), record.text(REVIEW))


def _of_custody(record: Record, recalled: Collection[date | None]) -> Iterable[Since]:
    """What a record of custody says: held since a day, and perhaps released on another. Whoever is recalled on the very
    day they were released had been released before it, whenever that record was corrected last."""
    held = _HELD_AS.get(record.text("held_as"), HELD)
    since = _day(record.text("since")) or record.at.astimezone(LONDON).date()
    yield Since(held, since, record.at, record.text("prison"))
    out = _day(record.text("released_on"))
    if out and not (out in recalled and since < out):
        yield Since(COMMUNITY, out, record.changed_at)


def _last(found: Iterable[Since]) -> Since:
    """The one that began last; of one day that which was recorded last."""
    return max(found, key=lambda s: (s.on or date.min, s.at.timestamp() if s.at else 0.0), default=UNSAID)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def status_shown(status: str, place: str, listed: str) -> str:
    """The status in one word: who was taken on is in custody or suspended as the changes say, else active."""
    if status not in RUNNING:
        return status
    if place not in ("", COMMUNITY):
        return "In custody"
    if listed == SUSPENDED:
        return "Suspended"
    stale = (status == "In custody" and place) or (status == "Suspended" and listed)
    return "Active" if stale else status


def refusal(step: Step, now: Stand) -> str:
    """Why a change cannot follow from where the case stands, in words; "" where it can."""
    if step.code == COMMUNITY:
        return "" if now.held else "They are in the community already, as far as anybody has recorded."
    if step.code == RESUMED:
        return "" if now.listed.code == SUSPENDED else "The work is not suspended."
    if step.code == now.of(step.label).code:
        return f"Already recorded: {low(step)}."
    if step.code == SUSPENDED:
        return "" if now.status in RUNNING else "Nobody is suspended who has not been taken on."
    if step.code == RESET and now.held:
        return "Probation Reset ends supervision in the community: somebody in custody is not under it."
    if step.code == RESET and now.supervision.code == VOLUNTARY:
        return "They are not under supervision, so there is none that could end early."
    return _refused_custody(step.code, now.place.code)


def _refused_custody(code: str, place: str) -> str:
    if code == REMAND and place == SENTENCE:
        return "They are serving a sentence. A remand beside it does not change where they are: share an update."
    if code == REMAND and place == RECALL:
        return "They are in custody on recall. A remand beside it does not change where they are: share an update."
    if code == RECALL and place == SENTENCE:
        return "Somebody who is serving a sentence has not been released, so they cannot be recalled."
    return ""


def low(step: Step) -> str:
    """The words of a change within a sentence."""
    return step.to[0].lower() + step.to[1:] if step.code != RESET else step.to


def by_hand(kind: str, before: Mapping[str, str], typed: Mapping[str, str]) -> Mapping[str, str]:
    """What of a form may be changed in a record by itself: of a change of where the case stands, or of a transfer, the
    reason alone.

    Raises `Invalid` where a status is typed that follows from a change, with its day and its reason; and where the
    reason of a change would be emptied.
    """
    if kind in (KIND, TRANSFER):
        told = {key: text for key, text in typed.items() if key in correctable(typed)}
        if empty := [key for key, text in told.items() if not clean(text)]:
            raise Invalid(dict.fromkeys(empty, "Say why: no change stands without its reason"))
        return told
    status = clean(typed.get(STATUS, ""))
    if kind == CASE and status in ("In custody", "Suspended") and status != before.get(STATUS):
        raise Invalid({STATUS: "Say it under “Change where the case stands”: since when, and why"})
    return typed


def correctable(keys: Collection[str]) -> frozenset[str]:
    """Of the fields of a change, or of a transfer, those that may be corrected: why. What changed since when is what
    the next one says."""
    return frozenset(key for key in keys if key.startswith((f"{KIND}.{WHY}@", f"{TRANSFER}.{WHY}")))
