"""Seal classes: fields of one owner that the same parties may ever read share a data key.

A class depends on the agreement's text alone: facts, roles, purposes, prohibitions and emergencies do not move it,
so a key opens nothing that its class's parties are not somewhere granted.
"""

import hashlib

from isa.agreement import DISCLOSING, Agreement


def seal_class(agreement: Agreement, owner: str, field: str) -> str:
    """Eight hexadecimal digits for the parties that ordinary grants may serve with `field` of `owner`, and the owner.

    The first 8 hex digits of SHA-256 over the sorted party ids, one a line. Raises KeyError for an undeclared field
    or owner: nothing is sealed under a class that means nothing.
    """
    return class_id(served(agreement, owner, field))


def class_id(parties: frozenset[str]) -> str:
    """The id of the class of `parties`."""
    return hashlib.sha256("\n".join(sorted(parties)).encode()).hexdigest()[:8]


def served(agreement: Agreement, owner: str, field: str) -> frozenset[str]:
    """The owner and every party that some non-emergency grant, by a gateway that reaches it, may let read, export or
    search `field`. Raises KeyError for an undeclared field or owner."""
    category = agreement.fields[field].category
    found = {agreement.parties[owner].id}
    for clause in agreement.clauses.values():
        if clause.effect != "grant" or clause.emergency or not DISCLOSING & (clause.can or frozenset()):
            continue
        if field not in (clause.what or ()) or (clause.owners is not None and owner not in clause.owners):
            continue
        gateways = [agreement.gateways[name] for name in clause.gateways]
        found |= {p for p in clause.to or () if gateways and all(g.fits(owner, p, category) for g in gateways)}
    return frozenset(found)


def classes(agreement: Agreement) -> dict[str, frozenset[str]]:
    """Every class of the agreement by id, with its parties. For the linter and for planning a change of agreement."""
    sets = {served(agreement, owner, f.key) for f in agreement.fields.values() for owner in f.owners}
    return {class_id(parties): parties for parties in sorted(sets, key=sorted)}
