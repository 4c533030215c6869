"""Exact search by keyed tags. Policy decides what may be matched and what a hit reveals; both steps are logged."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from isa.agreement import Capacity
from isa.decision import Engine
from portal.audit.entry import Subject
from portal.auth.actor import Actor
from portal.db import MINUTE, from_micros, new_id
from portal.errors import NotFound, Refused
from portal.keys import index_tags
from portal.query import Query, insert_rows
from portal.sharing import emergency, facts, said
from portal.sharing.disclosure import Receipt, Record
from portal.sharing.doors import Doors
from portal.sharing.fields import Invalid, clean
from portal.sharing.reading import same
from portal.sharing.reading.case import note_broken
from portal.sharing.reading.lists import owner_name
from portal.sharing.reading.rows import Head, Sealed, fetch, heads, open_record, shape_of
from portal.sharing.sight import READ, SEARCH, Sight, category_of, sight
from portal.sharing.storing import tags_of
from portal.sharing.tables import CaseFile, RecordRow, SearchMade, SearchTag
from portal.sharing.visits import CASE, Case

MOST = 10
KEEP = 15 * MINUTE  # how long a result address stays good
MATCHED = {
    index_tags.PNC: ("identifiers.pnc", "the same PNC ID"),
    index_tags.CRN: ("identifiers.crn", "the same CRN"),
    index_tags.SURNAME_DOB: ("person.surname", "the same surname and date of birth"),
}
_MADE = Query(
    select(SearchMade.session, SearchMade.capacity, SearchMade.purpose, SearchMade.tags, SearchMade.made_at).where(
        SearchMade.id == bindparam("search")
    )
)
_FOUND = Query(
    select(SearchTag.kind, RecordRow.owner, *CASE)
    .join(CaseFile, CaseFile.id == SearchTag.case)
    .join(RecordRow, RecordRow.id == SearchTag.record)
    .where(
        SearchTag.tag.in_(bindparam("tags", expanding=True)),
        CaseFile.agreement.in_(bindparam("agreements", expanding=True)),
    )
    .limit(MOST * 4)
)


@dataclass(frozen=True, slots=True)
class Hit:
    """One case found, as far as the agreement lets this capacity know of it before it is theirs. `others`: further hits
    that are linked with it as the same person; `also`: cases linked with it that were not found and may be opened."""

    case: uuid.UUID
    reference: str
    borough: str
    name: str
    date_of_birth: str
    matched: tuple[str, ...]
    agencies: tuple[str, ...]
    safety: tuple[Record, ...]
    may_open: bool
    in_emergency: bool  # whether an emergency would open something of it to this capacity
    others: tuple["Hit", ...] = ()
    also: tuple[tuple[uuid.UUID, str], ...] = ()  # id and reference


@dataclass(frozen=True, slots=True)
class Results:
    """What a search found, and the receipt of having shown it. `more`: there were more than may be listed."""

    hits: tuple[Hit, ...]
    more: bool
    receipt: Receipt


def make(session: Session, doors: Doors, actor: Actor, typed: Mapping[str, str]) -> uuid.UUID:
    """Log a search with its terms sealed and give the id of its results. Raises `Invalid` with what to correct.

    `typed` has pnc, crn, or surname with date_of_birth (ISO). Raises `Refused` where no agreement lets this capacity
    search at all.
    """
    values = {name: clean(typed.get(name, "")) for name in ("pnc", "crn", "surname", "date_of_birth")}
    _check(values)
    now = doors.clock()
    doors.book.refresh(session)
    purpose = doors.book.role(Capacity(actor.party, actor.role))[2]
    as_fields = {
        "identifiers.pnc": values["pnc"],
        "identifiers.crn": values["crn"],
        "person.surname": values["surname"],
        "person.date_of_birth": values["date_of_birth"],
    }
    tags = b"".join(tag for _, tag in tags_of(doors, as_fields))
    refusal = _may_search(doors, actor, purpose, now)
    identity = new_id()
    entry = said.entry(
        "search",
        actor,
        outcome="refused" if refusal else "permitted",
        purpose=purpose,
        subjects=[Subject(doors.log.nobody(session), {"terms": {k: v for k, v in values.items() if v}})],
    )
    with doors.log.transaction(session) as tx:
        receipt = tx.append(entry)
        if not refusal:
            made = (identity.bytes, actor.session, actor.capacity.bytes, purpose, tags, now)
            insert_rows(session.connection(), SearchMade.__table__, [made])
    if refusal:
        raise Refused(refusal, "Your role does not search for people.", "", receipt.reference)
    return identity


def boxes(doors: Doors, actor: Actor) -> frozenset[str]:
    """What this capacity may search by in some agreement: "pnc", "crn", "surname" (with a date of birth)."""
    capacity, purpose = Capacity(actor.party, actor.role), doors.book.role(Capacity(actor.party, actor.role))[2]
    now = doors.clock()
    known = actor.induction.facts(now)
    sights = [
        sight(doors.book.engine(a.id), capacity, known, purpose, from_micros(now))
        for a in doors.book.of_party(actor.party)
    ]
    return frozenset(
        name
        for key, name in (("identifiers.pnc", "pnc"), ("identifiers.crn", "crn"), ("person.surname", "surname"))
        if any(s.decide(SEARCH, key, owner).permit for s in sights for owner in s.agreement.fields[key].owners)
    )


def results(session: Session, doors: Doors, actor: Actor, search: uuid.UUID) -> Results:
    """What the search found. The entry names every person whose values are opened, and commits first.

    Raises `NotFound` for another session's or an old search.
    """
    now = doors.clock()
    doors.book.refresh(session)
    made = _MADE.first(session, search=search)
    if made is None or (made.session, made.capacity) != (actor.session, actor.capacity) or now - made.made_at > KEEP:
        raise NotFound
    purpose, tags = made.purpose, [made.tags[i : i + 16] for i in range(0, len(made.tags), 16)]
    found = _candidates(session, doors, actor, tags, purpose, now)
    named = [seen.case for seen in found.values() if seen.named]
    links = same.beside(session, doors, actor, named, purpose, now) if named else same.Beside({}, {})
    rows = [h for seen in found.values() for h in seen.heads]
    sealed = fetch(session, doors.keys, [h.id for h in rows])
    subjects = [
        Subject(
            seen.case.person,
            {
                "case": seen.case.id.hex,
                "agreement": seen.sight.reference,
                "records": [[h.id.hex, h.version] for h in seen.heads],
                **({"told_same": True} if _told_same(seen, found, links) else {}),
            },
            decided=seen.sight.outcome(SEARCH, {shape_of(h) for h in seen.heads}),
        )
        for seen in found.values()
    ]
    more = {case.id: case for cases in links.more.values() for case in cases}
    subjects += [Subject(c.person, {"case": c.id.hex, "records": [], "told_same": True}) for c in more.values()]
    subjects = subjects or [Subject(doors.log.nobody(session), {"records": []})]
    with doors.log.transaction(session) as tx:
        receipt = tx.append(said.entry("search", actor, purpose=purpose, subjects=subjects))
    hits = []
    for seen in list(found.values())[:MOST]:
        broken: list[tuple[uuid.UUID, str]] = []
        hits.append(_hit(seen, sealed, broken, now))
        if broken:
            note_broken(session, doors, actor, purpose, seen.case, broken)
    return Results(_together(hits, found, links), len(found) > MOST, said.receipt(receipt))


def _told_same(seen: "_Candidate", found: Mapping[uuid.UUID, "_Candidate"], links: same.Beside) -> bool:
    """Whether it is told of a hit that it is linked: with a case beside it, or with another of the hits that are
    listed."""
    of = (seen.case.agreement, seen.case.person)
    if not seen.named or of not in links.together:
        return False
    listed = {o.case.person for o in list(found.values())[:MOST] if o.named and o.case.agreement == of[0]}
    return bool(links.more.get(of)) or bool(links.together[of] & listed - {of[1]})


def _together(hits: Sequence[Hit], found: Mapping[uuid.UUID, "_Candidate"], links: same.Beside) -> tuple[Hit, ...]:
    """Hits that are linked as the same person stand in one, below the first of them that may be opened."""
    groups: dict[object, list[Hit]] = {}
    for hit in hits:
        of = (found[hit.case].case.agreement, found[hit.case].case.person)
        linked = found[hit.case].named and of in links.together
        groups.setdefault((of[0], links.together[of]) if linked else hit.case, []).append(hit)
    made = []
    for first, *others in (sorted(each, key=lambda hit: not hit.may_open) for each in groups.values()):
        case = found[first.case].case
        also = links.more.get((case.agreement, case.person), ()) if found[first.case].named else ()
        made.append(replace(first, others=tuple(others), also=tuple((c.id, c.reference) for c in also)))
    return tuple(made)


@dataclass(frozen=True, slots=True)
class _Candidate:
    case: Case
    engine: Engine
    known: facts.CaseFacts
    sight: Sight
    matched: tuple[str, ...]
    heads: tuple[Head, ...]

    @property
    def named(self) -> bool:
        """Whether a surname of it is given: links are told to nobody else (clause 8.70)."""
        only = frozenset({"person.surname"})
        return any(self.sight.some_permitted(a, shape_of(h), only) for h in self.heads for a in (SEARCH, READ))


def _candidates(
    session: Session, doors: Doors, actor: Actor, tags: Sequence[bytes], purpose: str, now: int
) -> dict[uuid.UUID, _Candidate]:
    """Cases that a tag leads to and that the agreement lets this capacity match on that very field."""
    served = {a.id: a for a in doors.book.of_party(actor.party)}
    matches: dict[uuid.UUID, list[tuple[str, str]]] = {}
    met: dict[uuid.UUID, Case] = {}
    for kind, owner, *row in _FOUND.all(session, tags=tags, agreements=list(served)):
        case = Case._make(row)
        met[case.id] = case
        matches.setdefault(case.id, []).append((kind, owner))
    cases = sorted(met.values(), key=lambda case: case.reference)
    known = facts.of_cases(session, served, actor, cases, now)
    rows: dict[uuid.UUID, list[Head]] = {}
    for head in heads(session, list(matches), ["person", "safety"]):
        rows.setdefault(head.case, []).append(head)
    capacity = Capacity(actor.party, actor.role)
    found = {}
    for case in cases:
        engine = doors.book.engine(case.agreement)
        seen = sight(engine, capacity, known[case.id].known, purpose, from_micros(now))
        reasons = {
            MATCHED[kind][1] for kind, owner in matches[case.id] if seen.decide(SEARCH, MATCHED[kind][0], owner).permit
        }
        if reasons:
            shown = tuple(h for h in rows.get(case.id, []) if _action(seen, h))
            found[case.id] = _Candidate(case, engine, known[case.id], seen, tuple(sorted(reasons)), shown)
    return found


def _action(seen: Sight, head: Head) -> str | None:
    """How a record may be shown in a result: by the search grant, or because reading it is granted anyway."""
    return next((a for a in (SEARCH, READ) if seen.permitted(a, shape_of(head))), None)


def _hit(seen: _Candidate, sealed: Sealed, broken: list[tuple[uuid.UUID, str]], now: int) -> Hit:
    opened = [
        r
        for h in seen.heads
        if (r := open_record(seen.sight, h, sealed, broken, _action(seen.sight, h) or READ)) is not None
    ]
    urgent = None
    if not seen.sight.knows_person:
        urgent = emergency.openings(seen.engine, seen.sight.capacity, seen.known.known, now)

    def text(name: str) -> str:
        return next((t for r in opened if r.kind == "person" and (t := r.text(name))), "")

    agreement = seen.sight.agreement
    return Hit(
        case=seen.case.id,
        reference=seen.case.reference,
        borough=agreement.borough,
        name=f"{text('forename')} {text('surname')}".strip(),
        date_of_birth=text("date_of_birth"),
        matched=seen.matched,
        agencies=tuple(sorted(owner_name(seen.sight, p) for p in seen.known.parties if seen.sight.may_name(p))),
        safety=tuple(r for r in opened if category_of(agreement, r.kind, r.label) == "safety"),
        may_open=seen.sight.knows_person,
        in_emergency=urgent is not None,
    )


def _check(values: Mapping[str, str]) -> None:
    problems: dict[str, str] = {}
    for name, canonical in (("pnc", index_tags.canonical_pnc), ("crn", index_tags.canonical_crn)):
        if values[name]:
            try:
                canonical(values[name])
            except ValueError as error:
                problems[name] = str(error)[0].upper() + str(error)[1:]
    if bool(values["surname"]) != bool(values["date_of_birth"]):
        missing = "date_of_birth" if values["surname"] else "surname"
        problems[missing] = "Search by name needs both the surname and the date of birth"
    elif values["date_of_birth"]:
        try:
            date.fromisoformat(values["date_of_birth"])
        except ValueError:
            problems["date_of_birth"] = "Date of birth must be a real date, like 27 3 1991"
    if not any(values.values()):
        problems["pnc"] = "Enter a PNC ID, a CRN, or a surname with a date of birth"
    if problems:
        raise Invalid(problems)


def _may_search(doors: Doors, actor: Actor, purpose: str, now: int) -> str:
    """ "" if some agreement lets this capacity search for somebody, else the clause that says no."""
    clause, capacity, known = "", Capacity(actor.party, actor.role), actor.induction.facts(now)
    for agreement in doors.book.of_party(actor.party):
        seen = sight(doors.book.engine(agreement.id), capacity, known, purpose, from_micros(now))
        for owner in sorted(agreement.fields["person.surname"].owners):
            decision = seen.decide(SEARCH, "person.surname", owner)
            if decision.permit:
                return ""
            clause = decision.clause
    return clause or "1.4"
