"""A universe small enough to try every request: parties, roles, purposes, facts, gateways – and clauses to order."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from itertools import product

from hypothesis import strategies as st

from isa.agreement import (
    ACTIONS,
    Agreement,
    Arrangement,
    Category,
    Clause,
    Controller,
    Fact,
    Field,
    Kind,
    Obligation,
    Party,
    Purpose,
    Role,
)
from isa.gateway import Gateway

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
PARTIES = ("police", "health", "charity")
ROLES = ("worker", "lead", "dpo")
PURPOSES = ("risk", "care")
FACTS = ("assigned", "confidence_met", "emergency")
OWNERS = frozenset(PARTIES)

_GATEWAYS = (
    Gateway("power", "A power", "to authorities", not_to=frozenset({"charity"}), not_category=frozenset({"health"})),
    Gateway(
        "confidence",
        "Confidence",
        "when met",
        not_pair=frozenset({("police", "charity")}),
        needs=("confidence_met",),
        to=frozenset({"police", "charity"}),
    ),
    Gateway("listed", "Section 14", "anchor", anchor=frozenset({"health"}), listed=frozenset({"police", "charity"})),
    Gateway("own", "Own", "own records", not_to=OWNERS),
)
_CATEGORIES = (
    Category("identity", "Identity", "official", OWNERS),
    Category("health", "Health", "official-sensitive", frozenset({"health", "police"}), special=True),
    Category("intelligence", "Intelligence", "official-sensitive", frozenset({"police"}), silent=True),
)
_FIELDS = (
    Field("person.name", "Name", "identity", OWNERS),
    Field("person.rag", "RAG", "identity", frozenset({"police"})),
    Field("health.note", "Note", "health", frozenset({"health", "police"})),
    Field("intelligence.text", "Text", "intelligence", frozenset({"police"})),
)
OWNED = sorted({f"{owner}:{field.category}" for field in _FIELDS for owner in field.owners})

HAND_WRITTEN = [
    Clause(
        "5.2",
        "Names",
        "grant",
        "",
        to=OWNERS,
        acting=frozenset({"worker", "lead", "dpo"}),
        can=frozenset({"read", "search", "export", "create", "edit", "share"}),
        what=frozenset({"person.name", "person.rag"}),
        purposes=frozenset(PURPOSES),
        gateways=("power",),
        when=("assigned",),
    ),
    Clause(
        "5.10",
        "Health",
        "grant",
        "",
        to=OWNERS,
        acting=frozenset({"worker"}),
        can=frozenset({"read", "export"}),
        what=frozenset({"health.note", "person.name"}),
        purposes=frozenset({"care"}),
        gateways=("confidence", "listed"),
    ),
    Clause(
        "5.11",
        "Intelligence",
        "grant",
        "",
        to=frozenset({"police"}),
        acting=frozenset({"worker", "lead"}),
        can=frozenset({"read", "export", "create"}),
        what=frozenset({"intelligence.text"}),
        purposes=frozenset({"risk"}),
        gateways=("own",),
    ),
    Clause(
        "6.1",
        "Never the charity",
        "prohibit",
        "",
        to=frozenset({"charity"}),
        acting=None,
        can=None,
        what=frozenset({"person.name"}),
        purposes=None,
        unless=("confidence_met",),
    ),
    Clause(
        "7.1",
        "Emergency",
        "grant",
        "",
        to=frozenset({"police"}),
        acting=frozenset({"worker"}),
        can=frozenset({"read"}),
        what=frozenset({"health.note", "person.name"}),
        purposes=frozenset({"care"}),
        gateways=("listed",),
        emergency=True,
        obligations=(Obligation("justify"), Obligation("review")),
    ),
]


def agreement(clauses: Iterable[Clause]) -> Agreement:
    """The universe's agreement with `clauses` besides the silence clause 1.4."""
    silence = Clause("1.4", "Silence", "statement", "What no clause grants is refused.")
    return Agreement(
        id="universe",
        version=1,
        title="Universe",
        borough="Nowhere",
        effective=date(2026, 1, 1),
        expires=date(2026, 12, 31),
        review_by=date(2026, 7, 1),
        silence="1.4",
        digest="0" * 64,
        preamble=(),
        arrangement=Arrangement("police", "police", ()),
        controllers={
            "state": Controller("state", "State", "full"),
            "free": Controller("free", "Free", "none"),
        },
        parties={
            "police": Party("police", "Police", "Police", "state", "police", "Chief", "ask the police"),
            "health": Party("health", "Trust", "Trust", "free", "health", "Guardian", "ask the trust"),
            "charity": Party("charity", "Charity", "Charity", "free", "voluntary", "Head", "ask the charity"),
        },
        party_groups={},
        roles={
            "worker": Role("worker", "worker", "assigned", True),
            "lead": Role("lead", "lead", "assigned", True, kinds=frozenset({"police", "voluntary"})),
            "dpo": Role("dpo", "officer", "none", False),
        },
        role_groups={},
        purposes={key: Purpose(key, key, key, key) for key in PURPOSES},
        facts={key: Fact(key, f"{key} holds", per="category" if key == "confidence_met" else "") for key in FACTS},
        gateways={gateway.id: gateway for gateway in _GATEWAYS},
        categories={category.id: category for category in _CATEGORIES},
        kinds={key: Kind(key, key, key, (), ()) for key in ("person", "health", "intelligence")},
        fields={field.key: field for field in _FIELDS},
        clauses={clause.number: clause for clause in (silence, *clauses)},
    )


def facts() -> Iterator[dict[str, bool]]:
    """Every state of every fact: true, false, unknown (absent). Confidence is alike for all owners and categories."""
    for states in product((True, False, None), repeat=len(FACTS)):
        known: dict[str, bool] = {}
        for name, state in zip(FACTS, states, strict=True):
            if state is not None:
                names = [f"{name}:{of}" for of in OWNED] if name == "confidence_met" else [name]
                known.update(dict.fromkeys(names, state))
        yield known


def keys(actions: Iterable[str] = ACTIONS) -> Iterator[tuple[str, str, str]]:
    """Every (action, field, owner), unknown ones among them."""
    fields = [field.key for field in _FIELDS]
    yield from product(actions, [*fields, "person.unknown"], [*PARTIES, "nobody"])


def _some(items: Iterable[str]) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(sorted(items)), min_size=1)


def _or_all(items: Iterable[str]) -> st.SearchStrategy[frozenset[str] | None]:
    return st.none() | _some(items)


_DO = st.sampled_from(["justify", "notify", "review", "sing"])


@st.composite
def clause(draw: st.DrawFn, number: str) -> Clause:
    """Any grant or prohibition of the universe, now and then with an obligation that nobody knows."""
    fields = [field.key for field in _FIELDS]
    if draw(st.integers(0, 3)) == 0:
        return Clause(
            number,
            f"Ban {number}",
            "prohibit",
            "",
            to=draw(_or_all(PARTIES)),
            acting=draw(_or_all(ROLES)),
            owners=draw(_or_all(PARTIES)),
            can=draw(_or_all(ACTIONS)),
            what=draw(_or_all(fields)),
            purposes=draw(_or_all(PURPOSES)),
            unless=tuple(sorted(draw(st.frozensets(st.sampled_from(FACTS), max_size=2)))),
        )
    return Clause(
        number,
        f"Grant {number}",
        "grant",
        "",
        to=draw(_some(PARTIES)),
        acting=draw(_some(ROLES)),
        owners=draw(_or_all(PARTIES)),
        can=draw(_some(ACTIONS)),
        what=draw(_some(fields)),
        purposes=draw(_some(PURPOSES)),
        gateways=tuple(sorted(draw(st.frozensets(st.sampled_from([g.id for g in _GATEWAYS]), max_size=2)))),
        when=tuple(sorted(draw(st.frozensets(st.sampled_from(FACTS[:2]), max_size=2)))),
        emergency=draw(st.booleans()),
        obligations=tuple(Obligation(do) for do in sorted(draw(st.frozensets(_DO, max_size=2)))),
    )


@st.composite
def agreements(draw: st.DrawFn, most: int = 6) -> Agreement:
    """An agreement of up to `most` clauses. Numbers run so that natural and plain order differ (5.9, 5.10)."""
    return agreement([draw(clause(f"5.{8 + at}")) for at in range(draw(st.integers(0, most)))])
