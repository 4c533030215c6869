"""The table of legal gateways: what each allows, and between whom."""

from collections.abc import Iterable

from isa.agreement import Agreement
from isa.gateway import Gateway
from isa.rendering_tables import table
from isa.wording import fact_name, high, listed, low


def gateways(agreement: Agreement) -> str:
    """The powers that clauses rely on, with their direction and exclusions as they are enforced."""
    rows = [
        (g.cite, g.text, high(_reach(agreement, g)), high(listed(fact_name(agreement, need) for need in g.needs)))
        for g in agreement.gateways.values()
    ]
    heads = ("Power", "What it allows", "From whom to whom", "Needs")
    return table("Powers to disclose that the clauses rely on", heads, rows)


def _reach(agreement: Agreement, gateway: Gateway) -> str:
    """The limits of `Gateway.fits`, one by one, in words."""

    def named(parties: Iterable[str] | None) -> str:
        return listed(party.short for party in agreement.parties.values() if party.id in (parties or ()))

    if agreement.own_only(gateway.id):
        return "to nobody else"
    limits = [
        ("from", named(gateway.owners)),
        ("to", named(gateway.to)),
        ("only among", named(gateway.between)),
        ("never from", named(gateway.not_owners)),
        ("never to", named(gateway.not_to)),
        ("only between", _sides(named(gateway.anchor), named(gateway.listed))),
        (
            "never",
            listed(f"“{low(agreement.categories[c].name)}”" for c in agreement.categories if c in gateway.not_category),
        ),
    ]
    pairs = [f"never from {named([owner])} to {named([to])}" for owner, to in sorted(gateway.not_pair)]
    return "; ".join([f"{word} {said}" for word, said in limits if said] + pairs) or "any party to any party"


def _sides(anchor: str, listed_: str) -> str:
    return f"{anchor} on one side and {listed_} on the other" if anchor and listed_ else anchor or listed_
