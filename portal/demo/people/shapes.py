"""The shapes in which the invented people of the demo are told.

Nothing here knows the portal: a draft names a kind and its fields as the agreement file does, and the seeding code
carries it through the ordinary door in. Times are aware UTC `datetime`s; values are the text a person would type.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Staff:
    """One invented member of staff.

    `party` is the organisation that signs them in; `roles` are the roles held for it (none: they may sign in and
    hold no capacity). `elsewhere` are further capacities as (party, role), for someone who works for two parties.
    `borough` is the agreement they mostly work under, None for those who work across all three.
    """

    key: str
    name: str
    party: str
    roles: tuple[str, ...]
    email: str
    borough: str | None = None
    elsewhere: tuple[tuple[str, str], ...] = ()
    telephone: str = ""

    @property
    def capacities(self) -> tuple[tuple[str, str], ...]:
        """Every (party, role) this person may act in, the home party first."""
        return (*((self.party, role) for role in self.roles), *self.elsewhere)


@dataclass(frozen=True, slots=True)
class Edit:
    """A later version of a draft: only the values that changed, and the new state if that changed."""

    at: datetime
    author: str
    values: Mapping[str, str]
    state: str | None = None


@dataclass(frozen=True, slots=True)
class Steered:
    """What steers an action: a `name` within its case, the party that is to do it, and a staff key ("" for nobody)."""

    name: str
    party: str
    staff: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """One record to be: local field name → text, as first saved, with the edits that followed.

    `label` is the category that the writer chose, for labelled kinds only. Dates are "YYYY-MM-DD", yes-no values
    "Yes" or "No". `state` is the state after all edits: None (it stands) or "withdrawn". `made_as_youth` is true
    when the subject was under 18 at `at`; later birthdays do not change it. `steered` is given for actions alone;
    `answers` names the action that an update says the outcome of.
    """

    kind: str
    label: str | None
    owner: str
    at: datetime
    author: str
    values: Mapping[str, str]
    later: tuple[Edit, ...] = ()
    made_as_youth: bool = False
    state: str | None = None
    steered: Steered | None = None
    answers: str = ""


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who holds the case: a staff key, as what, from which day to which last one, and for which pathway if a SPOC."""

    staff: str
    role: str
    starts: date
    until: date | None = None
    pathway: str | None = None


@dataclass(frozen=True, slots=True)
class CaseDraft:
    """The operating columns of a case: `state` is its status now, as in the choices of `case.status`."""

    reference: str
    agreement: str
    state: str
    review_due: date
    lead_party: str
    opened: date
    closed: date | None
    assignments: tuple[Assignment, ...]


@dataclass(frozen=True, slots=True)
class Nominal:
    """One invented person: their cases, and each case's drafts by its reference, oldest first.

    `key` is stable for a seed; the six told in depth have readable keys, which `portal.demo.people.cast` lists.
    """

    key: str
    cases: tuple[CaseDraft, ...]
    drafts: Mapping[str, tuple[Draft, ...]]
