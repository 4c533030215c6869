"""The engine on the shipped agreements ⇔ the table written by hand: every capacity, purpose, field, owner and action.

Permission never shrinks when one more fact becomes known to be true (tested apart, on the reference universe). So a
decision is known for all 3^10 states of the facts once it is known where the table says it just begins to hold and
where it just fails to: those are the points asked here, with what is missing once false and once unknown.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from itertools import product
from pathlib import Path

import pytest

from isa.agreement import ACTIONS, Agreement, Capacity, Field
from isa.decision import Engine, View
from isa.loading import load
from isa.rules import Rulebook
from tests import hand

FOLDER = Path(__file__).parents[2] / "isa" / "agreements"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
BOROUGHS = ("barnet", "brent", "harrow")


@cache
def shipped(name: str) -> Agreement:
    return load(FOLDER / f"{name}.toml")


@pytest.fixture(autouse=True)
def _undecorated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refusals without the grant that came nearest: it decides nothing, and costs more than all decisions together."""
    for name in BOROUGHS:
        shipped(name)  # whose worked examples tell what is lacking
    monkeypatch.setattr(Rulebook, "nearest", lambda *asked: (None, ()))


def test_the_table_speaks_of_what_there_is() -> None:
    """Each word of the table names something, and each field of the agreement has owners in the table."""
    for name in BOROUGHS:
        agreement, table = shipped(name), hand.table(name)
        known = set(agreement.categories) | set(agreement.fields)
        known |= {f.key.partition("@")[0] for f in agreement.fields.values()}
        known |= {f"{kind}.*" for kind in agreement.kinds} | {f"!{category}" for category in agreement.categories}
        kinds = {party.kind for party in agreement.parties.values()} | {"own", "others"}
        facts = set(agreement.facts)
        for row in table.rows:
            assert row.what <= known, row.what - known
            assert row.owners <= kinds
            assert row.who <= kinds
            assert row.roles <= set(agreement.roles)
            assert row.actions <= set(ACTIONS)
            assert row.purposes <= set(agreement.purposes)
            assert row.facts <= facts, row.facts - facts
            assert row.boroughs <= set(BOROUGHS)
        assert {r.rule for r in table.rows} == {"owns", "only", "may", "needs"}


@pytest.mark.parametrize("name", BOROUGHS)
def test_every_field_is_owned_as_the_table_says(name: str) -> None:
    agreement, table = shipped(name), hand.table(name)
    kind = hand.kinds(agreement)
    for field in agreement.fields.values():
        assert {kind[owner] for owner in field.owners} == table.owners(field), field.key


def _alike(agreement: Agreement) -> dict[str, list[str]]:
    """Fields no clause, owner or row of the table tells apart, under the first of them."""
    table = hand.table(agreement.borough.lower())
    groups: dict[object, list[str]] = {}
    for field in agreement.fields.values():
        clauses = frozenset(c.number for c in agreement.clauses.values() if c.what is None or field.key in c.what)
        rows = frozenset(i for i, row in enumerate(table.rows) if row.names(field))
        groups.setdefault((field.owners, field.category, clauses, rows), []).append(field.key)
    return {keys[0]: keys for keys in groups.values()}


def _points(terms: hand.Terms, every: frozenset[str]) -> Iterator[tuple[frozenset[str], bool]]:
    """Where permission just begins, and where it just fails: from each way to permit one fact is missing."""
    for facts in terms:
        yield facts, True
    for gone in _missing(tuple(terms)):
        yield every - gone, False


@cache
def _missing(terms: tuple[frozenset[str], ...]) -> frozenset[frozenset[str]]:
    """The least sets of facts without which no way to permit is left; whoever lacks more is refused all the more."""
    least: set[frozenset[str]] = {frozenset()}
    for facts in terms:
        wider = {gone | {fact} for gone in least if not gone & facts for fact in facts}
        met = {gone for gone in least if gone & facts}
        least = met | {gone for gone in wider if not any(other < gone for other in met | wider)}
    return frozenset(least)


class _Views:
    """The engine's views of one capacity for one purpose, by the facts known to be true."""

    def __init__(self, engine: Engine, capacity: Capacity, purpose: str, every: frozenset[str]) -> None:
        self._asked = (engine, capacity, purpose)
        self._every = every
        self._kept: dict[tuple[frozenset[str], str, str], tuple[View, View]] = {}

    def of(self, true: frozenset[str], owner: str, field: Field) -> tuple[View, View]:
        """While exactly `true` is true: with the other facts unknown, and with the other facts false."""
        apart = field.key if true & hand.PER_FIELD else field.category if true & hand.PER_CATEGORY else ""
        key = (true, owner if apart else "", apart)
        if key not in self._kept:
            facts = hand.facts_of(true, owner, field)
            false = dict.fromkeys(hand.facts_of(self._every - true, owner, field), False)
            self._kept[key] = (self._open(facts), self._open({**false, **facts}))
        return self._kept[key]

    def _open(self, facts: dict[str, bool]) -> View:
        engine, capacity, purpose = self._asked
        return engine.open(capacity, facts, purpose, NOW)


def _disagreements(agreement: Agreement, fields: list[Field], each: int = 1) -> Iterator[str]:
    """Of every capacity and, in rotation, each third purpose where `each` is 3."""
    engine, kind = Engine(agreement), hand.kinds(agreement)
    table, every = hand.table(agreement.borough.lower()), frozenset(agreement.facts)
    purposes = tuple(agreement.purposes)
    for turn, (party, role, purpose) in enumerate(product(agreement.parties, agreement.roles, purposes)):
        if sum(divmod(turn, len(purposes))) % each:
            continue
        mine, views = table.of(kind[party], role), _Views(engine, Capacity(party, role), purpose, every)
        for field in fields:
            for owner, action in product(field.owners, ACTIONS):
                terms = mine.terms(action, field, kind[owner], purpose)
                for true, expected in _points(terms, every):
                    for view in views.of(true, owner, field):
                        decided = view.decide(action, field.key, owner)
                        if decided.permit != expected:
                            asked = f"{party}.{role} {action} {field.key} of {owner} for {purpose}, {sorted(true)}"
                            yield f"{asked}: {'permits' if decided.permit else 'refuses'} ({decided.clause})"


def _say(found: list[str]) -> str:
    return "\n".join([f"{len(found)} disagreements", *found[:40]])


def test_engine_and_hand_table_agree() -> None:
    """Barnet, over one field of each sort that neither the table nor any clause tells apart; purposes in rotation, all
    of them in the long run below."""
    agreement = shipped("barnet")
    found = list(_disagreements(agreement, [agreement.fields[key] for key in _alike(agreement)], each=3))
    assert not found, _say(found)


@pytest.mark.parametrize("name", ["brent", "harrow"])
def test_the_sisters_agree_where_the_table_tells_boroughs_apart(name: str) -> None:
    agreement = shipped(name)
    rows = [row for borough in BOROUGHS for row in hand.table(borough).rows if row.boroughs]
    fields = [agreement.fields[key] for key in _alike(agreement)]
    told_apart = [field for field in fields if any(row.names(field) for row in rows)]
    assert told_apart
    found = list(_disagreements(agreement, told_apart))
    assert not found, _say(found)


@pytest.mark.long
@pytest.mark.parametrize("name", BOROUGHS)
def test_engine_and_hand_table_agree_on_every_single_field(name: str) -> None:
    agreement = shipped(name)
    found = list(_disagreements(agreement, list(agreement.fields.values())))
    assert not found, _say(found)
