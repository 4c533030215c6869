"""Hand-over and cover: many cases of one person to a colleague of the same party, in one step and one entry."""

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from isa.agreement import Agreement
from portal.auth import away as resting
from portal.auth import capacities
from portal.auth.actor import Actor
from portal.casework import team
from portal.sharing import acts, assigning, posts
from portal.sharing.assigning import TELEPHONE, At, Begin, End
from portal.sharing.days import day_at
from portal.sharing.disclosure import Receipt
from portal.sharing.doors import Doors
from portal.sharing.fields import LONGEST_REASON, Invalid, check
from portal.sharing.posts import Post
from portal.sharing.reading import staff

NOBODY = "Choose a colleague who works on cases"


@dataclass(frozen=True, slots=True)
class Order:
    """Cases of `user` go to the colleague `to`. `chosen`: case → its `team.stamp` when it was ticked.

    `until` None: handed over, what `user` held ends when the colleague begins. Else cover: both work on them, and the
    colleague's part ends at that instant by itself.
    """

    user: uuid.UUID
    to: uuid.UUID
    chosen: Mapping[uuid.UUID, str]
    starts: int
    until: int | None
    reason: str = field(repr=False)
    telephone: str = ""


@dataclass(frozen=True, slots=True)
class Moved:
    """How many cases went over. `left`: references of those that were assigned otherwise meanwhile, or that the
    colleague works on already; `gone`: how many more the party no longer works on."""

    count: int
    left: tuple[str, ...]
    gone: int
    receipt: Receipt | None


def move(session: Session, doors: Doors, actor: Actor, order: Order) -> Moved:
    """Carry out an order. Raises `NotFound` unless the actor's capacity assigns, `Invalid` with what to correct,
    `LogUnavailable`. Access changes with the next request of either."""
    now = doors.clock()
    doors.book.refresh(session)
    purpose = team.require(doors, actor)
    wrong = problems(session, doors, actor, order)
    if wrong:
        raise Invalid(wrong)
    team.look(session, doors, actor, "consultation", [order.user, order.to])
    names = staff.names(session, doors, [order.user, order.to])
    with doors.log.transaction(session) as tx:
        capacities.require(session, actor, now)
        held = posts.held(session, actor.party, order.chosen, now)
        cases = posts.cases(session, list(order.chosen))
        known = assigning.at_cases(session, doors, actor, list(cases.values()), purpose, now)
        steps = _Steps(order, names, held, max(order.starts, now))
        for at in known.values():
            steps.take(at)
        receipt = None
        if steps.begins or steps.ends:
            receipt = assigning.change(tx, doors, actor, steps.begins, steps.ends, purpose, order.reason)
        if order.until is None and steps.starts <= now:
            acts.hand_over(session, actor.party, steps.moved, order.user, order.to)
    gone = len(order.chosen) - len(steps.moved) - len(steps.left)
    return Moved(len(steps.moved), tuple(sorted(steps.left)), gone, receipt)


def end(session: Session, doors: Doors, actor: Actor, who: uuid.UUID, whom: uuid.UUID) -> int:
    """End the cover that `who` gives `whom` now; on how many cases. Raises `NotFound`, `LogUnavailable`."""
    now = doors.clock()
    doors.book.refresh(session)
    purpose = team.require(doors, actor)
    with doors.log.transaction(session) as tx:
        capacities.require(session, actor, now)
        ids = [p.case for p in posts.cover(session, actor.party, now, who)]
        held = [p for p in posts.held(session, actor.party, ids, now) if (p.user, p.covers) == (who, whom)]
        cases = posts.cases(session, [p.case for p in held])
        known = assigning.at_cases(session, doors, actor, list(cases.values()), purpose, now)
        ends = [End(known[p.case], p, now) for p in held]
        if ends:
            assigning.change(tx, doors, actor, [], ends, purpose, "Cover ended early")
    return len({p.case for p in held})


def problems(session: Session, doors: Doors, actor: Actor, order: Order) -> dict[str, str]:
    """What stands against an order before anything of it is looked at, by part: to, case, until, reason,
    telephone."""
    now, found = doors.clock(), {}
    away = resting.of_party(session, actor.party, max(order.starts, now))
    if order.to == order.user or order.to not in team.may_take(session, doors, actor.party, now):
        found["to"] = NOBODY
    elif order.to in away:
        found["to"] = (
            f"They are away then, until {said_day(away[order.to])}. Choose somebody else, or a later first day"
        )
    if not order.chosen:
        found["case"] = "Tick at least one case"
    if order.until is not None and order.until <= max(order.starts, now):
        found["until"] = "The last day must not be before the first"
    return found | unfit(doors, actor, order.reason, order.telephone)


def unfit(doors: Doors, actor: Actor, reason: str, telephone: str) -> dict[str, str]:
    """What stands against the words about an assignment: the reason in the log, the telephone in its record."""
    found = {}
    if not reason.strip():
        found["reason"] = "Say why, such as annual leave. It is kept in the access log"
    elif len(reason) > LONGEST_REASON:
        found["reason"] = f"The reason must be {LONGEST_REASON:,} characters or fewer"
    described = doors.book.of_party(actor.party)[0].fields[TELEPHONE]
    try:
        check([described], {TELEPHONE: telephone}, day_at(doors.clock()))
    except Invalid as wrong:
        found["telephone"] = wrong.problems[TELEPHONE]
    return found


class _Steps:
    """What an order does at each case, from the posts as they are held."""

    def __init__(self, order: Order, names: Mapping[uuid.UUID, str], held: Sequence[Post], starts: int) -> None:
        self.order, self.names, self.starts = order, names, starts
        self.begins: list[Begin] = []
        self.ends: list[End] = []
        self.moved: set[uuid.UUID] = set()
        self.left: list[str] = []
        self._own: dict[uuid.UUID, list[Post]] = defaultdict(list)
        self._theirs: dict[uuid.UUID, list[Post]] = defaultdict(list)
        for post in held:
            side = {order.user: self._own, order.to: self._theirs}.get(post.user)
            if side is not None:
                side[post.case].append(post)

    def take(self, at: At) -> None:
        """Hand this case over or have it covered, or leave it."""
        case = at.case
        own = [p for p in self._own[case.id] if p.starts <= at.now]
        lasting = [p for p in own if p.ends is None or p.ends > self.starts]
        if not (at.may_assign and case.state == "open"):
            return
        unchanged = team.stamp(self._own[case.id]) == self.order.chosen[case.id]
        if not (unchanged and lasting) or (self.order.until is not None and self._works_then(case.id)):
            self.left.append(case.reference)
            return
        self.moved.add(case.id)
        if self.order.until is not None:
            self._begin(at, lasting[0], self.order.user, f"Cover for {self.names[self.order.user]}")
            return
        for post in lasting:
            self.ends.append(End(at, post, self.starts))
            if not self._works_for_good(post):
                self._begin(at, post, post.covers, words_of(at.engine.agreement, post.role, post.pathway))

    def _begin(self, at: At, post: Post, covers: uuid.UUID | None, words: str) -> None:
        """The colleague gets what `post` is, for as long as it lasts at most."""
        known = {"practitioner": self.names[self.order.to], "role": words, "telephone": self.order.telephone}
        bounds = [e for e in (self.order.until, post.ends) if e is not None]
        ends = min(bounds) if bounds else None
        self.begins.append(Begin(at, self.order.to, post.role, post.pathway, self.starts, ends, covers, known))

    def _works_then(self, case: uuid.UUID) -> bool:
        """The colleague works on the case from the first day of the cover anyway, until its last day or longer."""
        until = self.order.until
        assert until is not None
        return any(p.starts <= self.starts and (p.ends is None or p.ends >= until) for p in self._theirs[case])

    def _works_for_good(self, post: Post) -> bool:
        return any(
            p.starts <= self.starts and p.ends is None and p.pathway == post.pathway for p in self._theirs[post.case]
        )


def said_day(ends: int) -> str:
    """The last day of what ends at an instant, in words."""
    last = day_at(ends - 1)
    return f"{last.day} {last:%B %Y}"


def words_of(agreement: Agreement, role: str, pathway: str | None) -> str:
    """What a post is called in the record of who is responsible."""
    if pathway:
        return f"{pathway} SPOC"
    name = agreement.roles[role].name if role in agreement.roles else role
    return name[:1].upper() + name[1:]
