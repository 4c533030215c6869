"""The truth table: everything an agreement permits, small enough to review in a change.

A row says: parties of these kinds, acting in these roles, may do this with that, owned by such parties ("own": only
by themselves), for these purposes, while these facts are known to be true, under this clause. What no row says is
refused. A row whose actions are "any" takes away: whoever it speaks of needs its facts besides. They are those of a
person, and are left out of all other rows. Equal fields of a category, roles, parties and actions are folded
together. The table is drawn from the compiled rules; that these decide as the design says is proved against the naive
reference in the tests.

`python -m isa.truth` rewrites the tables of the shipped agreements under tests/isa.
"""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from isa.agreement import ACTIONS, Agreement, Capacity, natural
from isa.decision import Engine
from isa.loading import load

HEAD = ("party_kinds", "roles", "actions", "what", "owners", "purposes", "facts", "clause")
Row = tuple[str, ...]
_Terms = tuple[str, tuple[str, ...], tuple[str, ...]]  # clause, purposes, facts


def table(agreement: Agreement) -> list[Row]:
    """The rows, in the columns of `HEAD`, by clause."""
    fields: dict[tuple[_Terms, str, str, str, str], set[str]] = defaultdict(set)
    for party, role, action, field, owner, terms in _permits(agreement):
        fields[(terms, party, role, action, owner)].add(field)
    roles: dict[tuple[_Terms, str, str, str, str], set[str]] = defaultdict(set)
    for (terms, party, role, action, owner), keys in fields.items():
        for what in _folded_fields(agreement, owner, keys):
            roles[(terms, party, action, owner, what)].add(role)
    owners: dict[tuple[_Terms, str, str, str, str], set[str]] = defaultdict(set)
    for (terms, party, action, owner, what), held in roles.items():
        acting = _folded_roles(agreement, party, held)
        owners[(terms, party, action, what, acting)].add(owner)
    actions: dict[tuple[_Terms, str, str, str, str], set[str]] = defaultdict(set)
    for (terms, party, action, what, acting), ids in owners.items():
        owned = "own" if ids == {party} else "|".join(sorted(agreement.parties[owner].kind for owner in ids))
        actions[(terms, party, what, acting, owned)].add(action)
    whats: dict[tuple[_Terms, str, str, str, str], set[str]] = defaultdict(set)
    for (terms, party, what, acting, owned), done in actions.items():
        whats[(terms, party, acting, owned, "|".join(a for a in ACTIONS if a in done))].add(what)
    parties: dict[tuple[_Terms, str, str, str, str], set[str]] = defaultdict(set)
    for (terms, party, acting, owned, done_), said in whats.items():
        parties[(terms, acting, owned, done_, "|".join(sorted(said)))].add(agreement.parties[party].kind)
    rows = list(_needs(agreement))
    rows += [
        ("|".join(sorted(kinds)), acting, done_, what, owned, "|".join(terms[1]), "|".join(terms[2]), terms[0])
        for (terms, acting, owned, done_, what), kinds in parties.items()
    ]
    return sorted(rows, key=lambda row: (natural(row[-1]), row))


def _needs(agreement: Agreement) -> Iterator[Row]:
    """What a prohibition asks of the person, whichever party they act for and whatever they do."""
    for clause in agreement.clauses.values():
        facts = [name for name in clause.unless if agreement.facts[name].per == "person"]
        if facts:
            acting = "|".join(clause.said.get("acting", ("any",)))
            what = "any" if clause.what is None else "|".join(clause.said["what"])
            yield "any", acting, "any", what, "any", "any", "|".join(facts), clause.number


def _permits(agreement: Agreement) -> Iterator[tuple[str, str, str, str, str, _Terms]]:
    engine = Engine(agreement)
    grants = [clause for clause in agreement.clauses.values() if clause.effect == "grant"]
    alike = _alike(agreement)
    for party in agreement.parties:
        for role in agreement.roles:
            mine = [c for c in grants if party in (c.to or ()) and role in (c.acting or ())]
            wanted = {(action, key) for c in mine for action in c.can or () for key in c.what or () if key in alike}
            for action, key in wanted:
                for owner in agreement.fields[key].owners:
                    for terms in _terms(engine, Capacity(party, role), action, key, owner):
                        yield from ((party, role, action, same, owner, terms) for same in alike[key])


def _alike(agreement: Agreement) -> dict[str, list[str]]:
    """Fields that no clause, owner or category tells apart, under the first of them: one of each need be worked out."""
    groups: dict[tuple[object, ...], list[str]] = defaultdict(list)
    for field in agreement.fields.values():
        named = frozenset(c.number for c in agreement.clauses.values() if c.what is None or field.key in c.what)
        groups[(field.category, field.owners, named)].append(field.key)
    return {keys[0]: keys for keys in groups.values()}


def _terms(engine: Engine, capacity: Capacity, action: str, field: str, owner: str) -> Iterator[_Terms]:
    """On what terms each grant permits, prohibitions taken into account: a lifted one adds its facts."""
    rules, personal = engine.rules(capacity, action, field, owner), engine.agreement.inducted.keys()
    for grant in rules.grants:
        by_facts: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for purpose in engine.agreement.purposes:
            if grant.purposes is not None and purpose not in grant.purposes:
                continue
            bans = [ban for ban in rules.prohibitions if ban.purposes is None or purpose in ban.purposes]
            if all(ban.names for ban in bans):
                needed = {name.partition(":")[0] for rule in (grant, *bans) for name in rule.names} - personal
                by_facts[tuple(sorted(needed))].append(purpose)
        for facts, purposes in by_facts.items():
            yield grant.clause.number, tuple(purposes), facts


def _folded_fields(agreement: Agreement, owner: str, keys: set[str]) -> Iterator[str]:
    """ "category:x" where all of the category that `owner` may own is there; single fields otherwise."""
    for category in {agreement.fields[key].category for key in keys}:
        whole = {f.key for f in agreement.fields.values() if f.category == category and owner in f.owners}
        if whole <= keys:
            yield f"category:{category}"
        else:
            yield from (f"field:{key}" for key in keys & whole)


def _folded_roles(agreement: Agreement, party: str, held: set[str]) -> str:
    """ "@group" where every role of the group that the party can fill is there."""
    kind = agreement.parties[party].kind
    for name, members in agreement.role_groups.items():
        roles = [agreement.roles[member] for member in members]
        if held == {role.id for role in roles if role.content and (role.kinds is None or kind in role.kinds)}:
            return f"@{name}"
    return "|".join(sorted(held))


def write(rows: Iterable[Row], head: Row = HEAD) -> str:
    """The rows as CSV text (RFC 4180, but with line feeds)."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return out.getvalue()


def difference(base: list[Row], other: list[Row]) -> list[Row]:
    """The rows that only `base` ("-") or only `other` ("+") has."""
    gone = [("-", *row) for row in sorted(set(base) - set(other))]
    new = [("+", *row) for row in sorted(set(other) - set(base))]
    return sorted(gone + new, key=lambda row: (natural(row[-1]), row[1:], row[0]))


def tables(agreements: Path) -> dict[str, str]:
    """File name → text for the shipped agreements: Barnet's whole table, the others as differences from it."""
    barnet = table(load(agreements / "barnet.toml"))
    found = {"truth-barnet.csv": write(barnet)}
    for name in ("brent", "harrow"):
        rows = difference(barnet, table(load(agreements / f"{name}.toml")))
        found[f"truth-{name}.csv"] = write(rows, ("change", *HEAD))
    return found


if __name__ == "__main__":
    here = Path(__file__).parent
    for name, text in tables(here / "agreements").items():
        (here.parent / "tests" / "isa" / name).write_text(text, encoding="utf-8")
