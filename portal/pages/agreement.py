"""The agreement: the text as signed, on paper, and what it gives to the person who asks."""

import base64
import hashlib
import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from flask import Blueprint, Response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from isa.agreement import Agreement, Capacity
from isa.rendering import Part, opening, part_of, parts, render
from isa.wording import low
from portal import gate
from portal.db import db, from_micros
from portal.errors import NotFound
from portal.pages.presenting import as_date
from portal.pages.rendering import role_name, show
from portal.sharing.outlook import Section, outlook

pages = Blueprint("agreement", __name__)


@dataclass(frozen=True, slots=True)
class Document:
    """One agreement as its page shows it. `others` are (borough, path, whether it is this one); `contents` are (title,
    path) of its parts; `opening` is what stands before them."""

    title: str
    version: int
    effective: date
    expires: date
    mine_path: str
    print_path: str
    others: tuple[tuple[str, str, bool], ...]
    opening: Markup
    contents: tuple[tuple[str, str], ...]
    signatures: tuple[tuple[str, date | None], ...]


@dataclass(frozen=True, slots=True)
class Leaf:
    """One part of an agreement on a page of its own. `previous` and `next` are (title, path), None at the ends."""

    agreement: str
    title: str
    body: Markup
    clauses: tuple[tuple[str, str], ...]
    previous: tuple[str, str] | None
    next: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class Mine:
    """What one capacity can see for one purpose. `purposes` and `boroughs` are (value, words) to choose from."""

    role: str
    agency: str
    purpose: str
    purpose_id: str
    purposes: tuple[tuple[str, str], ...]
    borough_id: str
    boroughs: tuple[tuple[str, str], ...]
    content: bool
    action: str
    agreement: str
    sections: tuple[Section, ...]


@pages.get("/agreement")
@gate.page(gate.ANYONE)
def mine_or_first() -> ResponseReturnValue:
    """To the first agreement of one's party."""
    return redirect(url_for(".document", agreement_id=_ours()[0].id))


@pages.get("/agreement/clause/<number>")
@gate.page(gate.ANYONE)
def clause_of_first(number: str) -> ResponseReturnValue:
    """To a clause of the first agreement of one's party."""
    return _to_clause(_ours()[0], number)


@pages.get("/agreement/<agreement_id>/clause/<number>")
@gate.page(gate.ANYONE)
def clause(agreement_id: str, number: str) -> ResponseReturnValue:
    """To a clause, where it stands in its part."""
    return _to_clause(_found(agreement_id), number)


def _to_clause(text: Agreement, number: str) -> ResponseReturnValue:
    if number not in text.clauses:
        raise NotFound
    return redirect(url_for(".part", agreement_id=text.id, part_id=part_of(number), _anchor=f"clause-{number}"))


@pages.get("/agreement/<agreement_id>")
@gate.page(gate.ANYONE)
def document(agreement_id: str) -> ResponseReturnValue:
    """What it is, who has signed, and the contents: every part has a page of its own."""
    text = _found(agreement_id)
    d = Document(
        title=text.title,
        version=text.version,
        effective=text.effective,
        expires=text.expires,
        mine_path=url_for(".mine", agreement=text.id),
        print_path=url_for(".on_paper", agreement_id=text.id),
        others=tuple((a.borough, url_for(".document", agreement_id=a.id), a is text) for a in _ours()),
        opening=Markup(opening(text)),  # noqa: S704 (isa.rendering escapes every text of the agreement)
        contents=tuple(_place(text, part) for part in _parts(text.digest, gate.actor().party)),
        signatures=tuple(
            (party, as_date(from_micros(at)) if at else None)
            for party, at in gate.doors().book.signatures(db.session(), text.id)
        ),
    )
    return show("agreement.html", text.title, d=d)


@pages.get("/agreement/<agreement_id>/<part_id>")
@gate.page(gate.ANYONE)
def part(agreement_id: str, part_id: str) -> ResponseReturnValue:
    """One part of the text, with one's own column and clauses marked."""
    text = _found(agreement_id)
    found = _parts(text.digest, gate.actor().party)
    at = next((at for at, each in enumerate(found) if each.id == part_id), None)
    if at is None:
        raise NotFound
    d = Leaf(
        agreement=text.title,
        title=found[at].title,
        body=Markup(found[at].body),  # noqa: S704 (isa.rendering escapes every text of the agreement)
        clauses=found[at].clauses,
        previous=_place(text, found[at - 1]) if at else None,
        next=_place(text, found[at + 1]) if at + 1 < len(found) else None,
    )
    back = url_for(".document", agreement_id=text.id)
    return show("agreement_part.html", d.title, back=back, back_text="Contents of the agreement", d=d)


def _place(text: Agreement, part: Part) -> tuple[str, str]:
    return part.title, url_for(".part", agreement_id=text.id, part_id=part.id)


@pages.get("/agreement/<agreement_id>/print")
@gate.page(gate.ANYONE)
def on_paper(agreement_id: str) -> ResponseReturnValue:
    """The whole document by itself. Its one style element is let through by its digest, and nothing else is."""
    page, style = _paper(_found(agreement_id).digest, gate.actor().party)
    response = Response(page, mimetype="text/html")
    policy = f"default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; frame-ancestors 'none'"
    response.headers["Content-Security-Policy"] = policy
    return response


@pages.get("/agreement/mine")
@gate.page(gate.ANYONE)
def mine() -> ResponseReturnValue:
    """What can I see, and why?"""
    who, book = gate.actor(), gate.doors().book
    book.refresh(db.session())
    text = _found(request.args.get("agreement") or _ours()[0].id)
    capacity = Capacity(who.party, who.role)
    _, content, standing = book.role(capacity)
    asked = request.args.get("purpose", "")
    purpose = next((p for p in (asked, standing) if p in text.purposes), next(iter(text.purposes)))
    now = from_micros(gate.doors().clock())
    d = Mine(
        role=role_name(who.party, who.role),
        agency=book.party_name(who.party),
        purpose=low(text.purposes[purpose].name),
        purpose_id=purpose,
        purposes=tuple((p.id, p.ask) for p in text.purposes.values()),
        borough_id=text.id,
        boroughs=tuple((a.id, a.borough) for a in _ours()),
        content=content,
        action=url_for(".mine"),
        agreement=url_for(".document", agreement_id=text.id),
        sections=outlook(book.engine(text.id), capacity, purpose, now) if content else (),
    )
    return show("agreement_mine.html", "What can I see, and why?", d=d)


def _ours() -> tuple[Agreement, ...]:
    """The agreements that name the actor's party, which is never none: a capacity is granted by a party to one.
    Raises `NotFound` all the same."""
    found = gate.doors().book.of_party(gate.actor().party)
    if not found:
        raise NotFound
    return found


def _found(agreement_id: str) -> Agreement:
    for agreement in _ours():
        if agreement.id == agreement_id:
            return agreement
    raise NotFound


def _by_digest(digest: str) -> Agreement:
    return next(a for a in gate.doors().book.all() if a.digest == digest)


@lru_cache(maxsize=64)
def _parts(digest: str, party: str) -> tuple[Part, ...]:
    return parts(_by_digest(digest), party)


@lru_cache(maxsize=64)
def _paper(digest: str, party: str) -> tuple[str, str]:
    page = render(_by_digest(digest), party)
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    of = hashlib.sha256(style[1].encode() if style else b"").digest()
    return page, base64.b64encode(of).decode()
