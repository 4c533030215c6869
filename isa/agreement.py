"""The signed agreement as immutable values: what the parties wrote, with every reference already resolved.

Made by `isa.loading` only (tests may build smaller ones by hand). Standard library only, so that a lawyer's
technician can read the model and the decisions without learning a framework.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from isa.gateway import Gateway

ACTIONS = ("read", "create", "edit", "share", "export", "search")
OWN_ACTIONS = frozenset({"create", "edit", "share"})  # only ever for the party that owns the record
DISCLOSING = frozenset({"read", "export", "search"})  # a value, or the fact of a match, reaches the reader
OBLIGATIONS = frozenset({"justify", "notify", "review"})
EMERGENCY = "emergency"  # the fact that an emergency clause needs besides its `when`
LONDON = ZoneInfo("Europe/London")


def natural(number: str) -> tuple[tuple[int, str], ...]:
    """Sort key of a clause number: "5.10" comes after "5.9", "5.3A" after "5.3"."""
    parts = (re.match(r"(\d*)(.*)", part) for part in number.split("."))
    return tuple((int(m.group(1) or 0), m.group(2)) for m in parts if m)


@dataclass(frozen=True, slots=True)
class Controller:
    """The legal entity that answers in law. `competent`: full, extent (as far as its law-enforcement functions go,
    DPA 2018 s.30(1)(b)) or none."""

    id: str
    name: str
    competent: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Party:
    """An agency that takes part. `acts_for` names the party whose contracted processor or agent it is."""

    id: str
    name: str
    short: str
    controller: str
    kind: str
    signatory: str
    contact: str
    acts_for: str | None = None
    contract: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Role:
    """What a person acts as. `content` false: never any case content. `kinds`: the only kinds of party that may
    hold it (None: any)."""

    id: str
    name: str
    reach: str
    content: bool
    standing_purpose: str | None = None
    kinds: frozenset[str] | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Capacity:
    """One person acting in one `role` for one `party`."""

    party: str
    role: str


@dataclass(frozen=True, slots=True)
class Purpose:
    """Why someone looks; `ask` are the words of the purpose question, `example` one plain case of it."""

    id: str
    name: str
    ask: str
    example: str
    task: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A circumstance that is true, false or unknown. `per` "category" or "field": asked for each owner and each such
    part of its records apart, as "fact:owner:category" or "fact:owner:field"; "person": of whoever acts, whichever the
    case, as training is; "": once for all."""

    id: str
    name: str
    per: str = ""
    note: str = ""

    def of(self, owner: str, field: "Field") -> str:
        """How it is asked about a field of the records of `owner`."""
        if self.per not in ("category", "field"):
            return self.id
        return f"{self.id}:{owner}:{field.category if self.per == 'category' else field.key}"


@dataclass(frozen=True, slots=True)
class Retention:
    """Keep for `period` (ISO 8601 duration) `after` an event, `then` do this."""

    after: str
    period: str
    then: str


@dataclass(frozen=True, slots=True)
class LogRetention:
    """Keep sealed details of the access log for `years` after the end of the year (UTC) they were written in, as
    `clause` says in words."""

    years: int
    clause: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Category:
    """A sort of data. `special` (UK GDPR Art 9) and `criminal` (Art 10) need a condition; `silent` leaves no trace."""

    id: str
    name: str
    sensitivity: str
    owners: frozenset[str]
    special: bool = False
    criminal: bool = False
    silent: bool = False
    retention: Retention | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that is decided. `key` is "person.surname", or "update.text@housing" where the record's label
    gives the category. `owners` are the parties whose records may carry it."""

    key: str
    name: str
    category: str
    owners: frozenset[str]
    type: str = "text"
    choices: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    note: str = ""

    @property
    def kind(self) -> str:
        return self.key.partition(".")[0]

    @property
    def local(self) -> str:
        """The name inside its kind: "text" of "update.text@housing"."""
        return self.key.partition(".")[2].partition("@")[0]

    @property
    def label(self) -> str | None:
        return self.key.partition("@")[2] or None


@dataclass(frozen=True, slots=True)
class Kind:
    """A sort of record. `labelled`: the categories its writer chooses from; empty when each field has its own.
    `fields`: the local names in the document's order."""

    id: str
    name: str
    section: str
    labelled: tuple[str, ...]
    fields: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Obligation:
    """What a permit costs: justify (give a reason), notify `who` `within` an ISO 8601 duration, review `by`."""

    do: str
    who: str = ""
    within: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Clause:
    """One numbered clause: prose for people and the rule it states. `said` keeps what the author wrote ("@group").

    `to`, `acting`, `owners`, `can`, `what`, `purposes` are resolved to ids; None means everything ("*" or, for
    `owners`, absent). A statement has words only.
    """

    number: str
    heading: str
    effect: str
    prose: str
    to: frozenset[str] | None = frozenset()
    acting: frozenset[str] | None = frozenset()
    owners: frozenset[str] | None = None
    can: frozenset[str] | None = frozenset()
    what: frozenset[str] | None = frozenset()
    purposes: frozenset[str] | None = frozenset()
    gateways: tuple[str, ...] = ()
    condition: str | None = None
    when: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    emergency: bool = False
    regime_change: bool = False
    obligations: tuple[Obligation, ...] = ()
    note: str = ""
    said: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    line: int = 0


@dataclass(frozen=True, slots=True)
class Example:
    """A worked case that the parties sign with the text. `expect` is "permit NO [do…]" or "deny NO [near NO]"."""

    say: str
    party: str
    role: str
    action: str
    field: str
    owner: str
    purpose: str
    true: tuple[str, ...]
    false: tuple[str, ...]
    expect: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Arrangement:
    """The joint controllers' arrangement (DPA 2018 s.58; UK GDPR Art 26): which party answers whom."""

    subjects_contact: str
    breach_contact: str
    text: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Agreement:
    """The whole document. Mappings keep the document's order; `clauses` and `fields` are keyed by number and key."""

    id: str
    version: int
    title: str
    borough: str
    effective: date
    expires: date
    review_by: date
    silence: str
    digest: str
    preamble: tuple[str, ...]
    arrangement: Arrangement
    controllers: Mapping[str, Controller]
    parties: Mapping[str, Party]
    party_groups: Mapping[str, tuple[str, ...]]
    roles: Mapping[str, Role]
    role_groups: Mapping[str, tuple[str, ...]]
    purposes: Mapping[str, Purpose]
    facts: Mapping[str, Fact]
    gateways: Mapping[str, Gateway]
    categories: Mapping[str, Category]
    kinds: Mapping[str, Kind]
    fields: Mapping[str, Field]
    clauses: Mapping[str, Clause]
    examples: tuple[Example, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict, repr=False)
    log: LogRetention | None = None
    _shapes: dict[tuple[str, str | None], tuple[Field, ...]] = field(
        init=False, default_factory=dict, repr=False, compare=False
    )

    @property
    def reference(self) -> str:
        """How an entry of the access log names this text: "barnet-iom@4#<64 hex digits>"."""
        return f"{self.id}@{self.version}#{self.digest}"

    @property
    def inducted(self) -> Mapping[str, bool]:
        """The facts of somebody who is trained, vetted and whatever else is asked of a person: of whom a worked
        example, the truth table and "who will see it" speak, unless they say otherwise."""
        return {fact.id: True for fact in self.facts.values() if fact.per == "person"}

    def own_only(self, gateway: str) -> bool:
        """Whether a gateway is the mark of an own-records clause: it excludes every recipient there is."""
        return gateway in self.gateways and self.gateways[gateway].not_to >= frozenset(self.parties)

    def starts(self) -> datetime:
        """The first instant it applies: 00:00 Europe/London of `effective`."""
        return datetime.combine(self.effective, time.min, LONDON)

    def ends(self) -> datetime:
        """The first instant it no longer applies: 00:00 Europe/London of the day after `expires` (half-open)."""
        return datetime.combine(self.expires + timedelta(days=1), time.min, LONDON)

    def in_force(self, now: datetime) -> bool:
        """Whether `now` lies within the agreement's dates. A time without a zone is no instant: never in force."""
        return now.utcoffset() is not None and self.starts() <= now < self.ends()

    def fields_of(self, kind: str, label: str | None = None) -> tuple[Field, ...]:
        """The fields of one record of `kind` (with the writer's `label` where the kind is labelled), in order."""
        if not self._shapes:
            found: dict[tuple[str, str | None], list[Field]] = {}
            for each in self.fields.values():
                found.setdefault((each.kind, each.label), []).append(each)
            self._shapes.update({shape: tuple(fields) for shape, fields in found.items()})
        return self._shapes.get((kind, label), ())


def leaves_part3(agreement: Agreement, owner: str, recipient: str) -> bool:
    """Whether data pass from a competent authority (DPA 2018 Part 3, s.30) to a party that is none."""
    controllers, parties = agreement.controllers, agreement.parties
    return (
        controllers[parties[owner].controller].competent != "none"
        and controllers[parties[recipient].controller].competent == "none"
    )
