"""Whether somebody of the same surname and date of birth is another: twins are told apart by their forenames."""

import unicodedata
import uuid

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from portal.auth.actor import Actor
from portal.query import Query
from portal.sharing import said
from portal.sharing.doors import Doors
from portal.sharing.reading.case import note_broken, subject_of
from portal.sharing.reading.lists import sights_at
from portal.sharing.reading.rows import fetch, heads, opened, shape_of
from portal.sharing.sight import SEARCH
from portal.sharing.tables import CaseFile
from portal.sharing.visits import CASE, Case

FORENAME = "person.forename"
_CASES = Query(
    select(*CASE).where(
        CaseFile.person == bindparam("person"), CaseFile.agreement.in_(bindparam("served", expanding=True))
    ),
    Case._make,
)


def another(
    session: Session, doors: Doors, actor: Actor, person: uuid.UUID, forename: str, purpose: str, now: int
) -> bool:
    """Whether a search would give this capacity forenames of a person, and none of them can be this one.

    Logged as a search before any is opened. A short form is the same name: Dan, Daniel. Raises `LogUnavailable`.
    """
    if not _plain(forename):
        return False
    cases = {
        c.id: c for c in _CASES.all(session, person=person, served=[a.id for a in doors.book.of_party(actor.party)])
    }
    seen = sights_at(session, doors, actor, list(cases.values()), purpose, now)
    found = [
        head
        for head in heads(session, list(cases), ["person"])
        if seen[head.case].some_permitted(SEARCH, shape_of(head), frozenset({FORENAME}))
    ]
    if not found:
        return False
    sealed = fetch(session, doors.keys, [head.id for head in found], (FORENAME,))
    subjects = [subject_of(seen[h.case], cases[h.case], [h], agreement=seen[h.case].reference) for h in found]
    with doors.log.transaction(session) as tx:
        tx.append(said.entry("search", actor, purpose=purpose, subjects=subjects))
    names = set()
    for head in found:
        broken: list[tuple[uuid.UUID, str]] = []
        texts = {v.key: v.text for v in opened(seen[head.case], head, sealed, broken, SEARCH)}
        names |= {_plain(texts.get(FORENAME, ""))} - {""}
        if broken:
            note_broken(session, doors, actor, purpose, cases[head.case], broken)
    given = _plain(forename)
    return bool(names) and not any(name.startswith(given) or given.startswith(name) for name in names)


def _plain(text: str) -> str:
    """The first of several forenames, in small letters without marks."""
    first = next(iter(text.split()), "")
    return "".join(c for c in unicodedata.normalize("NFKD", first).casefold() if c.isalpha())
