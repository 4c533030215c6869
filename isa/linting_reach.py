"""Linter rules of reach: clauses that do nothing, fields that nobody sees or writes."""

from isa.agreement import OWN_ACTIONS, Agreement, Clause
from isa.linting_law import Found, grants, reaching


def uncreated(agreement: Agreement) -> Found:
    """Fields that no capacity may ever create."""
    for field in agreement.fields.values():
        writers = {
            party
            for clause in grants(agreement)
            if "create" in (clause.can or ()) and field.key in (clause.what or ())
            for party in clause.to or ()
        }
        if not field.owners & writers:
            line = agreement.lines.get(f"field.{field.key.partition('@')[0]}", 0)
            yield line, f"no owner of {field.key} may create it"


def dead(agreement: Agreement) -> Found:
    """Clauses that no request can reach."""
    for clause in agreement.clauses.values():
        if clause.effect == "statement":
            continue
        if not (_held(agreement, clause) and _touches(agreement, clause)):
            yield clause.line, f"clause {clause.number} can never apply"


def _held(agreement: Agreement, clause: Clause) -> bool:
    """Whether some party that the clause names can fill some role that it names and that sees content."""
    parties = agreement.parties if clause.to is None else clause.to
    roles = agreement.roles if clause.acting is None else clause.acting
    kinds = {agreement.parties[party].kind for party in parties}
    return any(
        agreement.roles[role].content
        and (agreement.roles[role].kinds is None or kinds & (agreement.roles[role].kinds or set()))
        for role in roles
    )


def _touches(agreement: Agreement, clause: Clause) -> bool:
    """Whether the clause says anything about some owner's field: own data, or data that a gateway lets through."""
    fields = [agreement.fields[key] for key in (agreement.fields if clause.what is None else clause.what)]
    owned = {owner for field in fields for owner in field.owners if clause.owners is None or owner in clause.owners}
    if clause.effect == "prohibit":
        return bool(owned) and bool(clause.can is None or clause.can)
    return bool(owned & (clause.to or frozenset())) or (
        bool((clause.can or frozenset()) - OWN_ACTIONS) and bool(reaching(agreement, clause))
    )


def shadowed(agreement: Agreement) -> Found:
    """A grant all of whose requests another grant permits on the same or easier terms."""
    found = grants(agreement)
    for clause in found:
        for other in found:
            if (
                other is not clause
                and _covers(other, clause)
                and not (_covers(clause, other) and clause.line < other.line)
            ):
                yield clause.line, f"clause {clause.number} adds nothing to clause {other.number}"
                break


def _covers(other: Clause, clause: Clause) -> bool:
    return (
        _within(clause.to, other.to)
        and _within(clause.acting, other.acting)
        and _within(clause.owners, other.owners)
        and _within(clause.can, other.can)
        and _within(clause.what, other.what)
        and _within(clause.purposes, other.purposes)
        and set(other.when) <= set(clause.when)
        and set(other.gateways) <= set(clause.gateways)
        and bool(other.gateways or not clause.gateways)
        and {o.do for o in other.obligations} <= {o.do for o in clause.obligations}
        and (clause.emergency or not other.emergency)
    )


def _within(few: frozenset[str] | None, many: frozenset[str] | None) -> bool:
    return many is None or (few is not None and few <= many)


def unseen(agreement: Agreement) -> Found:
    """Fields that nobody may read."""
    read = {key for clause in grants(agreement) if "read" in (clause.can or ()) for key in clause.what or ()}
    for key in agreement.fields:
        if key not in read:
            yield agreement.lines.get(f"field.{key.partition('@')[0]}", 0), f"nobody may see {key}"


def overridden(agreement: Agreement) -> Found:
    """Grants that a prohibition without exception always overrides."""
    prohibitions = [c for c in agreement.clauses.values() if c.effect == "prohibit" and not c.unless]
    for clause in grants(agreement):
        for ban in prohibitions:
            if (
                _within(clause.to, ban.to)
                and _within(clause.acting, ban.acting)
                and _within(clause.owners, ban.owners)
                and _within(clause.can, ban.can)
                and _within(clause.what, ban.what)
                and _within(clause.purposes, ban.purposes)
            ):
                yield clause.line, f"clause {clause.number} is always overridden by clause {ban.number}"


RULES = {"L02": uncreated, "L40": dead, "L41": shadowed, "L42": unseen, "L43": overridden}
