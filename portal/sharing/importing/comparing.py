"""What a row would add and change beside what probation already keeps of the person. Decides field by field."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from isa.agreement import Agreement, Field
from portal.keys.index_tags import surname_tokens
from portal.sharing import inbox
from portal.sharing.disclosure import Record
from portal.sharing.fields import Invalid, check
from portal.sharing.importing.accepted import Accepted, Values
from portal.sharing.sight import CREATE, EDIT, READ, SHARE, Shape, Sight

KINDS = (
    "person",
    "identifiers",
    "equality",
    "sentence",
    "sentence_summary",
    "mappa",
    "referral",
    "score",
    "score_band",
)
"""The kinds of record the file makes. `assignment` is not one: clause 8.20 does not give it."""
LEFT_OUT = ("assignment",)
_SERIES: Mapping[str, tuple[str, ...]] = {
    "score": ("predictor", "version", "assessed_on"),
    "score_band": ("predictor", "assessed_on"),
}
"""Kinds that grow a record for each assessment, and what makes it the same one."""


@dataclass(frozen=True, slots=True)
class Edited:
    """New values of a record of probation's that is there already. `whole`: all its values after the change."""

    record: uuid.UUID
    base: int
    values: Mapping[str, str] = field(repr=False)
    whole: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Plan:
    """What publishing a row does. Values by field key, each permitted to the uploader for creating or editing."""

    add: tuple[tuple[str, Mapping[str, str]], ...] = field(default=(), repr=False)
    edit: tuple[Edited, ...] = field(default=(), repr=False)
    words: tuple[str, ...] = ()
    """Names of the fields and records that change, in the agreement's words."""
    left_out: tuple[str, ...] = ()
    """Names of fields that no clause lets the uploader keep, with the clause."""
    doubt: tuple[str, str] | None = field(default=None, repr=False)

    @property
    def empty(self) -> bool:
        """Whether everything is there already."""
        return not self.add and not self.edit


def plan(
    sight: Sight, accepted: Accepted, held: Sequence[Record], state: str, referred: str | None, today: date
) -> Plan:
    """Compare a row with the records of the uploader's party that its sight lets it read, newest first.

    A blank cell leaves what is kept as it is. Raises `Invalid` where a value does not fit its field; the keys of its
    problems are field keys. `state` is that of the case, `referred` that of the party's last referral in the inbox;
    someone whose case is new is held to have none.
    """
    planner = _Planner(sight, held, today)
    for kind, values in accepted.records():
        if kind in LEFT_OUT:
            continue
        if kind == "referral" and _referred(held, state, referred, today):
            continue
        planner.take(kind, values)
    if planner.problems:
        raise Invalid(planner.problems)
    return planner.made(doubt(accepted, held))


class _Planner:
    """Gathers the plan of one row, kind by kind."""

    def __init__(self, sight: Sight, held: Sequence[Record], today: date) -> None:
        self._today = today
        self._sight = sight
        self._held = held
        self._agreement: Agreement = sight.agreement
        self._party = sight.capacity.party
        self._add: list[tuple[str, Mapping[str, str]]] = []
        self._edit: list[Edited] = []
        self._words: list[str] = []
        self._left_out: list[str] = []
        self.problems: dict[str, str] = {}

    def take(self, kind: str, values: Values) -> None:
        """Add or edit one record of a kind."""
        fields = _fields(self._agreement, kind)
        try:
            cleaned = check(fields, {f"{kind}.{name}": text for name, text in values.items()}, self._today)
        except Invalid as wrong:
            self.problems.update(wrong.problems)
            return
        standing = self._same(kind, cleaned)
        if standing is None:
            self._create(kind, cleaned)
        else:
            self._alter(kind, cleaned, standing)

    def made(self, doubt: tuple[str, str] | None) -> Plan:
        """The plan of the row."""
        words, left = tuple(dict.fromkeys(self._words)), tuple(dict.fromkeys(self._left_out))
        return Plan(tuple(self._add), tuple(self._edit), words, left, doubt)

    def _same(self, kind: str, values: Mapping[str, str]) -> Record | None:
        """The record the values belong to: of the same assessment, or the newest of a kind there is one of."""
        names = _SERIES.get(kind, ())
        for record in self._held:
            if record.kind == kind and all(record.text(n) == values.get(f"{kind}.{n}", "") for n in names):
                return record if kind != "referral" else None  # whether there is to be one is settled already
        return None

    def _create(self, kind: str, values: Mapping[str, str]) -> None:
        kept = self._permitted(kind, values, (CREATE, SHARE))
        if kept:
            self._add.append((kind, kept))
            self._words.append(self._agreement.kinds[kind].name)

    def _alter(self, kind: str, values: Mapping[str, str], standing: Record) -> None:
        broken = {v.key for v in standing.values if v.broken}
        before = {v.key: v.text for v in standing.values if not v.broken}
        readable = {f.key for f, _ in self._sight.permitted(READ, self._shape(kind))}
        changed = {k: t for k, t in values.items() if t != before.get(k) and k not in broken and k in readable}
        kept = self._permitted(kind, changed, (EDIT, SHARE))
        if kept:
            self._edit.append(Edited(standing.id, standing.version, kept, before | kept))
            self._words += [self._agreement.fields[key].name for key in kept]

    def _permitted(self, kind: str, values: Mapping[str, str], actions: Sequence[str]) -> dict[str, str]:
        kept = {}
        for key, text in values.items():
            decisions = (self._sight.decide(action, key, self._party) for action in actions)
            refused = next((d for d in decisions if not d.permit), None)
            if refused is None:
                kept[key] = text
            else:
                self._left_out.append(f"{self._agreement.fields[key].name} (clause {refused.clause})")
        return kept

    def _shape(self, kind: str) -> Shape:
        return Shape(kind, "", self._party, False)


_FIELDS: dict[tuple[str, str], tuple[Field, ...]] = {}  # by digest, because an agreement itself cannot be hashed


def _fields(agreement: Agreement, kind: str) -> tuple[Field, ...]:
    found = _FIELDS.get((agreement.digest, kind))
    if found is None:
        found = _FIELDS[agreement.digest, kind] = agreement.fields_of(kind)
    return found


def _referred(held: Sequence[Record], state: str, referred: str | None, today: date) -> bool:
    """Whether a referral stands: waiting or being asked about, accepted while the case is open, or made this month.

    The same file sent again in its month so makes no second one, even where the panel has decided in between. What the
    inbox says counts before what the record says of its outcome: whoever refers does not write the answer.
    """
    for record in held:
        if record.kind == "referral":
            outcome = inbox.OUTCOMES[referred] if referred else record.text("outcome")
            this_month = record.text("referred_on")[:7] == today.isoformat()[:7]
            if outcome in ("Waiting", "More asked") or (outcome == "Accepted" and state == "open") or this_month:
                return True
    return False


def doubt(accepted: Accepted, held: Sequence[Record]) -> tuple[str, str] | None:
    """A CRN or PNC ID that leads to another name and another birthday may be mistyped: whose data would be changed?"""
    person = next((record for record in held if record.kind == "person"), None)
    if person is None:
        return None
    same_name = surname_tokens(person.text("surname"))[:1] == surname_tokens(accepted.person["surname"])[:1]
    same_day = person.text("date_of_birth") == accepted.person["date_of_birth"]
    if same_name or same_day:
        return None
    return (
        "The CRN or PNC ID is known for somebody with another surname and another date of birth.",
        "Correct the number, or confirm that this is the person.",
    )


def in_words(left_out: Sequence[Sequence[str]]) -> Iterator[str]:
    """What the sender is told of fields that were not kept, once each."""
    for name in dict.fromkeys(name for names in left_out for name in names):
        yield f"{name}: the agreement does not let it be kept."
