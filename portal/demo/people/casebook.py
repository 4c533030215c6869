"""A casebook collects what agencies write on one case and gives it out as drafts, oldest first."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from portal.demo.people import days, staff
from portal.demo.people.boroughs import Borough
from portal.demo.people.shapes import Assignment, CaseDraft, Draft, Edit, Steered


def reference(borough: Borough, opened: date, number: int) -> str:
    """The reference under which a borough files a case: "BN-2025-0147", by the year that the case was opened."""
    return f"{borough.prefix}-{opened.year}-{number:04d}"


SHORT = {
    "police": "Police", "probation": "Probation", "prisons": "Prisons", "housing": "Housing", "youth": "Youth Justice",
    "children": "Children's Services", "bridges": "Bridges", "recovery": "Recovery Service",
    "safety": "Community Safety",
}  # fmt: skip
"""What the parties to whom actions are given are called on the pages."""


@dataclass
class Casebook:
    """One case of a person born on `birth`, in a borough, as the partnership writes it up.

    `number` is the person's number, unique in a telling; `reference` must be unique too. Times are aware UTC. A draft's
    owner is its author's party unless `owner` says otherwise. What is written before the 18th birthday is labelled so.
    """

    borough: Borough
    today: date
    birth: date
    number: int
    reference: str
    _drafts: list[Draft] = field(default_factory=list)
    _assigned: list[Assignment] = field(default_factory=list)

    def ago(self, back: int, clock: str = "10:00", *, any_day: bool = False) -> datetime:
        """The working moment `back` days before today; see `days.ago`."""
        return days.ago(self.today, back, clock, any_day=any_day)

    def day(self, back: int) -> date:
        """The date `back` days before today, or after it if negative."""
        return self.today - timedelta(days=back)

    def on(self, back: int) -> date:
        """The date of the working moment `back` days before today: for what was signed as it was written."""
        return self.ago(back).date()

    def add(
        self, at: datetime, author: str, kind: str, /, label: str | None = None, owner: str | None = None, **values: str
    ) -> int:
        """Adds a record; empty values are left out. Returns a handle for `edit`."""
        filled = {name: text for name, text in values.items() if text}
        youth = at.date() < days.birthday(self.birth, 18)
        party = owner or staff.by_key()[author].party
        self._drafts.append(Draft(kind, label, party, at, author, filled, made_as_youth=youth))
        return len(self._drafts) - 1

    def note(
        self,
        at: datetime,
        author: str,
        label: str,
        text: str,
        source: str = "",
        *,
        opinion: bool = False,
        days_before: int = 0,
        owner: str | None = None,
    ) -> int:
        """Adds an update to the timeline; it happened `days_before` days before it was written. Returns its handle."""
        return self.add(
            at,
            author,
            "update",
            label=label,
            owner=owner,
            text=text,
            nature="Opinion" if opinion else "Fact",
            source=source,
            happened_on=(at.date() - timedelta(days=days_before)).isoformat(),
        )

    def edit(self, handle: int, at: datetime, author: str, /, state: str | None = None, **values: str) -> None:
        """Adds a later version to the record of `handle`.

        Weekends fold days together: a version that would not come after the one before is moved to 20 minutes after it.
        """
        draft = self._drafts[handle]
        last = draft.later[-1].at if draft.later else draft.at
        later = (*draft.later, Edit(max(at, last + timedelta(minutes=20)), author, values, state))
        self._drafts[handle] = replace(draft, later=later, state=state or draft.state)

    def withdraw(self, handle: int, at: datetime, author: str, note: str) -> None:
        """Withdraws a record (a consent, an entry made in error), saying why in its `note` or `text`."""
        basis = self._drafts[handle].kind == "basis"
        name = "note" if basis or "note" in self._drafts[handle].values else "text"
        dated = {"withdrawn_on": at.date().isoformat()} if basis else {}
        self.edit(handle, at, author, state="withdrawn", **{name: note}, **dated)

    def assign(
        self,
        at: datetime,
        key: str,
        role: str = "practitioner",
        *,
        pathway: str | None = None,
        until: date | None = None,
    ) -> None:
        """Gives the case to a member of staff: the operating row, and the record that says who is responsible."""
        member = staff.by_key()[key]
        self._assigned.append(Assignment(key, role, at.date(), until, pathway))
        words = f"{pathway} SPOC" if pathway else {"lead": "Lead professional"}.get(role, "Practitioner")
        last = {"until": until.isoformat()} if until else {}
        self.add(at, key, "assignment", practitioner=member.name, role=words, telephone=member.telephone, **last)

    def party_of(self, key: str) -> str:
        """The party of a member of staff."""
        return staff.by_key()[key].party

    def act(self, at: datetime, author: str, label: str, task: str, due: date, to: str) -> int:
        """Adds an action for a colleague of its author, the lead of another party (staff keys), or a party. Returns
        its handle."""
        member, party = staff.by_key().get(to), self._short(to)
        words = party
        if member is not None:
            party = self._short(member.party)
            own = member.party == staff.by_key()[author].party
            words = f"{member.name}, {party}" if own else f"The lead professional, {party}"
        handle = self.add(at, author, "action", label=label, task=task, given_to=words, due_on=due.isoformat())
        steered = Steered(f"action-{handle}", member.party if member else to, member.key if member else "")
        self._drafts[handle] = replace(self._drafts[handle], steered=steered)
        return handle

    def answer(self, handle: int, at: datetime, author: str, outcome: str, *, dropped: bool = False) -> None:
        """Closes an action: in its record, where its party wrote it, else in an update of the author's own party."""
        draft = self._drafts[handle]
        result = "No longer needed" if dropped else "Done"
        if draft.owner == self.party_of(author):
            self.edit(handle, at, author, result=result, outcome=outcome)
            return
        assert draft.steered is not None
        note = self.note(at, author, draft.label or "", f"Action {result.lower()}. {outcome}")
        self._drafts[note] = replace(self._drafts[note], answers=draft.steered.name)

    def _short(self, party: str) -> str:
        return SHORT.get(party.partition("_")[2] or party, party)

    def last_value(self, handle: int, name: str) -> str:
        """The value of a field after all edits, "" if it was never filled."""
        draft = self._drafts[handle]
        for edit in reversed(draft.later):
            if name in edit.values:
                return edit.values[name]
        return draft.values.get(name, "")

    def close(
        self, state: str, review_due: date, lead_party: str, closed: date | None = None
    ) -> tuple[CaseDraft, tuple[Draft, ...]]:
        """The finished case and its drafts, oldest first; it opened on the day of its oldest draft."""
        drafts = tuple(sorted(self._drafts, key=lambda draft: draft.at))
        opened = drafts[0].at.date()
        assigned = tuple(self._assigned)
        return CaseDraft(
            self.reference, self.borough.agreement, state, review_due, lead_party, opened, closed, assigned
        ), drafts
