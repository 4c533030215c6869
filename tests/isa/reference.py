"""A naive interpreter, written from the text of the design and docs/formats/agreement.md: loops over clauses, nothing
compiled, nothing kept. It shares the data model with the engine and not one line of its logic."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from isa.agreement import Agreement, Clause


class Answer(NamedTuple):
    permit: bool
    clause: str
    near: str | None
    obligations: frozenset[str]


class Request(NamedTuple):
    party: str
    role: str
    action: str
    field: str
    owner: str
    purpose: str


def numbers(clause: Clause) -> list[int]:
    return [int(digits) for digits in re.findall(r"\d+", clause.number)]


def holds(agreement: Agreement, fact: str, r: "Request", facts: Mapping[str, bool]) -> bool:
    if fact not in agreement.facts:
        return False
    what = {"category": agreement.fields[r.field].category, "field": r.field}.get(agreement.facts[fact].per)
    name = f"{fact}:{r.owner}:{what}" if what else fact
    return facts.get(name) is True


def names(ids: frozenset[str] | None, one: str) -> bool:
    return ids is None or one in ids


def carries(agreement: Agreement, gateway_id: str, owner: str, recipient: str, category: str) -> bool:
    g = agreement.gateways.get(gateway_id)
    if g is None:
        return False
    if g.owners is not None and owner not in g.owners:
        return False
    if g.to is not None and recipient not in g.to:
        return False
    if owner in g.not_owners or recipient in g.not_to:
        return False
    for first, second in g.not_pair:
        if first == owner and second == recipient:
            return False
    if g.between is not None and (owner not in g.between or recipient not in g.between):
        return False
    if category in g.not_category:
        return False
    if g.anchor is not None:
        listed = g.listed or frozenset()
        outward = owner in g.anchor and recipient in listed
        inward = recipient in g.anchor and owner in listed
        return outward or inward
    return True


def missing(agreement: Agreement, clause: Clause, request: Request, facts: Mapping[str, bool]) -> list[str]:
    """What keeps a grant on this action and field from permitting, one word each."""
    r, lacks = request, []
    category = agreement.fields[r.field].category
    needed = set(clause.when)
    everyone = set(agreement.parties)
    own = r.party != r.owner and any(
        everyone <= agreement.gateways[g].not_to for g in clause.gateways if g in agreement.gateways
    )
    if own or (clause.owners is not None and r.owner not in clause.owners):
        lacks.append("owner")
    odd = [o.do for o in clause.obligations if o.do not in ("justify", "notify", "review")]
    if r.party not in (clause.to or ()):
        lacks.append("party")
    elif odd and not own:
        lacks.append("obligation")
    elif r.party != r.owner and not own:
        lacks += ["gateway" for g in clause.gateways if not carries(agreement, g, r.owner, r.party, category)]
        if not clause.gateways:
            lacks.append("gateway")
    if r.party != r.owner:
        for gateway in clause.gateways:
            needed |= set(agreement.gateways[gateway].needs)
    if r.role not in (clause.acting or ()):
        lacks.append("role")
    if clause.emergency and not holds(agreement, "emergency", r, facts):
        lacks.append("emergency")
        needed.discard("emergency")
    if r.purpose not in (clause.purposes or ()):
        lacks.append("purpose")
    lacks += ["fact" for fact in needed if not holds(agreement, fact, r, facts)]
    return lacks


def decide(  # noqa: C901 - straight on purpose
    agreement: Agreement,
    request: Request,
    facts: Mapping[str, bool],
    now: datetime,
    signed: frozenset[str] | None = None,
) -> Answer:
    r = request
    refused = Answer(False, agreement.silence, None, frozenset())
    if r.party not in agreement.parties or r.role not in agreement.roles or r.purpose not in agreement.purposes:
        return refused
    if r.field not in agreement.fields or r.owner not in agreement.fields[r.field].owners:
        return refused
    if r.action not in ("read", "create", "edit", "share", "export", "search"):
        return refused
    role = agreement.roles[r.role]
    if not role.content or (role.kinds is not None and agreement.parties[r.party].kind not in role.kinds):
        return refused
    foreign = r.action in ("create", "edit", "share") and r.party != r.owner
    silent = agreement.categories[agreement.fields[r.field].category].silent
    if not foreign:
        if r.action == "export" and silent:
            return refused
        if not agreement.starts() <= now < agreement.ends():
            return refused
        if signed is not None and not {r.party, r.owner} <= signed:
            return refused
        bans = []
        for clause in agreement.clauses.values():
            if clause.effect != "prohibit":
                continue
            if not (names(clause.to, r.party) and names(clause.acting, r.role) and names(clause.owners, r.owner)):
                continue
            if not (names(clause.can, r.action) and names(clause.what, r.field) and names(clause.purposes, r.purpose)):
                continue
            if clause.unless and all(holds(agreement, fact, r, facts) for fact in clause.unless):
                continue
            bans.append(clause)
        if bans:
            return refused._replace(clause=min(bans, key=numbers).number)
    permits, nearly = [], []
    for clause in agreement.clauses.values():
        if clause.effect != "grant" or r.action not in (clause.can or ()) or r.field not in (clause.what or ()):
            continue
        lacks = missing(agreement, clause, r, facts)
        order = (clause.emergency, len(clause.obligations), numbers(clause))
        if not lacks and not foreign:
            permits.append((order, clause))
        far = [("owner",), ("party", "gateway", "obligation"), ("role",), ("emergency",), ("purpose",), ("fact",)]
        distance = [sum(lack in words for lack in lacks) for words in far]
        nearly.append(((distance, order), clause))
    if permits:
        best = min(permits, key=lambda pair: pair[0])[1]
        return Answer(True, best.number, None, frozenset(o.do for o in best.obligations))
    if nearly:
        return refused._replace(near=min(nearly, key=lambda pair: pair[0])[1].number)
    return refused
