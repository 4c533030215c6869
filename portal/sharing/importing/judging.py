"""What becomes of each row: new, changed, unchanged or refused. Compares through the reading door, logged first."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy.orm import Session

from portal.audit.entry import Subject
from portal.auth.actor import Actor
from portal.keys.deks import chunks
from portal.sharing import inbox, said
from portal.sharing.days import day_at
from portal.sharing.disclosure import Record
from portal.sharing.doors import Doors
from portal.sharing.fields import Invalid
from portal.sharing.importing.accepted import Accepted
from portal.sharing.importing.comparing import KINDS, Plan, doubt, plan
from portal.sharing.importing.matching import PURPOSE, Known, Match, match, new_sight
from portal.sharing.reading.case import note_broken
from portal.sharing.reading.rows import Head, fetch, heads, open_record, shape_of
from portal.sharing.sight import READ, Sight

NEW, CHANGED, UNCHANGED, REFUSED = "new", "changed", "unchanged", "refused"
CHUNK = 200
Told = tuple[str, str, str]
"""Column (or nothing), what is wrong, what to do."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One checked row with its outcome. `base`: what its case looked like, see `base_of`.

    `doubt` alone refuses a row until its sender confirms it; what it would do then is in `plan` already.
    """

    row: int
    agreement: str
    state: str
    match: Match = field(default=Match(), repr=False)
    plan: Plan = field(default=Plan(), repr=False)
    base: tuple[int, int] = (0, 0)
    problems: tuple[Told, ...] = field(default=(), repr=False)
    doubt: tuple[str, str] | None = field(default=None, repr=False)


def judge(
    session: Session,
    doors: Doors,
    actor: Actor,
    run: uuid.UUID,
    rows: Sequence[Accepted],
    wanted: frozenset[int],
    confirmed: frozenset[int],
) -> Iterator[list[Judged]]:
    """Match all rows; read what probation keeps of the known persons and compare those that are wanted, some at a time.

    Before some are compared, an entry names every person who is opened for them.
    """
    now = doors.clock()
    matches = match(session, doors, actor, rows, now)
    fresh: dict[str, Sight] = {}
    for some in chunks([pair for pair in zip(rows, matches.rows, strict=True) if pair[0].row in wanted], CHUNK):
        opened = [matches.known[case] for _, one in some if (case := one.case or one.before)]
        held = _held(session, doors, actor, run, opened) if opened else {}
        referred = inbox.stands(session, actor.party, list(held))
        judged = []
        for row, one in some:
            known = matches.known[one.case] if one.case else None
            agreement = known.case.agreement if known else agreement_of(doors, row)
            base, records = held.get(one.case, ((0, 0), [])) if one.case else ((0, 0), [])
            if one.before:  # nothing of the earlier case goes along: it says whether this can be the same person
                one = replace(one, doubt=one.doubt or doubt(row, held[one.before][1]))
            if known is None and agreement not in fresh:
                fresh[agreement] = new_sight(session, doors, actor, agreement, now)
            sight = known.sight if known else fresh[agreement]
            state = known.case.state if known else "open"
            stands = (state, referred.get(one.case) if one.case else None)
            judged.append(_one(row, one, agreement, sight, records, base, stands, row.row in confirmed, now))
        yield judged


def _one(
    row: Accepted,
    one: Match,
    agreement: str,
    sight: Sight,
    records: Sequence[Record],
    base: tuple[int, int],
    stands: tuple[str, str | None],
    confirmed: bool,
    now: int,
) -> Judged:
    if one.problem:
        return Judged(row.row, agreement, REFUSED, one, problems=(("", *one.problem),))
    try:
        planned = plan(sight, row, records, *stands, day_at(now))
    except Invalid as wrong:
        names = sight.agreement.fields
        problems = tuple(
            (names[key].name, words.rstrip(".") + ".", "Correct the cell.")
            for key, words in sorted(wrong.problems.items())
        )
        return Judged(row.row, agreement, REFUSED, one, problems=problems)
    unsure = one.doubt or planned.doubt
    state = NEW if one.case is None else UNCHANGED if planned.empty else CHANGED
    if unsure and not confirmed:
        return Judged(row.row, agreement, REFUSED, one, planned, base, (("", *unsure),), unsure)
    return Judged(row.row, agreement, state, one, planned, base, doubt=unsure)


def agreement_of(doors: Doors, row: Accepted) -> str:
    """The agreement of the borough that a row names."""
    found = doors.book.of_borough(row.borough)
    assert found is not None  # a row of another borough was refused when it was checked
    return found.id


def own_heads(session: Session, party: str, cases: Sequence[uuid.UUID]) -> Iterator[Head]:
    """The heads of the party's own records of the kinds the file makes."""
    return (head for head in heads(session, cases, KINDS) if head.owner == party)


def base_of(found: Sequence[Head]) -> tuple[int, int]:
    """What tells whether a case changed: how many such records, and the sum of their versions. Neither ever falls."""
    return len(found), sum(head.version for head in found)


def _held(
    session: Session, doors: Doors, actor: Actor, run: uuid.UUID, wanted: Sequence[Known]
) -> Mapping[uuid.UUID, tuple[tuple[int, int], list[Record]]]:
    """The readable own records of these cases with their base, opened after the entry that names them has committed."""
    by_case: dict[uuid.UUID, list[Head]] = {known.case.id: [] for known in wanted}
    for head in own_heads(session, actor.party, list(by_case)):
        by_case[head.case].append(head)
    shown = {
        known.case.id: [h for h in by_case[known.case.id] if known.sight.permitted(READ, shape_of(h))]
        for known in wanted
    }
    sealed = fetch(session, doors.keys, [h.id for found in shown.values() for h in found])
    subjects = [_subject(run, known, shown[known.case.id]) for known in wanted]
    with doors.log.transaction(session) as tx:
        tx.append(said.entry("import", actor, purpose=PURPOSE, subjects=subjects, visit=run))
    opened: dict[uuid.UUID, tuple[tuple[int, int], list[Record]]] = {}
    for known in wanted:
        broken: list[tuple[uuid.UUID, str]] = []
        found = (open_record(known.sight, h, sealed, broken) for h in shown[known.case.id])
        opened[known.case.id] = base_of(by_case[known.case.id]), [record for record in found if record]
        if broken:
            note_broken(session, doors, actor, PURPOSE, known.case, broken)
    return opened


def _subject(run: uuid.UUID, known: Known, shown: Sequence[Head]) -> Subject:
    detail = {"case": known.case.id.hex, "records": [[h.id.hex, h.version] for h in shown], "run": run.hex}
    return Subject(known.case.person, detail, decided=known.sight.outcome(READ, {shape_of(h) for h in shown}))
