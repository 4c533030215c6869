"""Linter rules of law: gateways, conditions, regimes, processors. A flow is an owner's field reaching another party."""

from collections.abc import Iterator

from isa.agreement import DISCLOSING, OWN_ACTIONS, Agreement, Clause, leaves_part3

Found = Iterator[tuple[int, str]]
BASIS, CONTRACT = "confidence_met", "contracted"  # the facts by which the law's two locks are known


def grants(agreement: Agreement) -> list[Clause]:
    """Every grant of the agreement."""
    return [clause for clause in agreement.clauses.values() if clause.effect == "grant"]


def flows(agreement: Agreement, clause: Clause) -> Iterator[tuple[str, str, str]]:
    """The disclosures that `clause` names, gateways apart: (owner, recipient, category), each once."""
    if not DISCLOSING & (clause.can or frozenset()):
        return
    found = set()
    for key in clause.what or ():
        field = agreement.fields[key]
        for owner in field.owners if clause.owners is None else field.owners & clause.owners:
            found |= {(owner, to, field.category) for to in clause.to or () if to != owner}
    yield from sorted(found)


def reaching(agreement: Agreement, clause: Clause) -> list[tuple[str, str, str]]:
    """The flows of `clause` that all its gateways reach."""
    gateways = [agreement.gateways[name] for name in clause.gateways]
    return [f for f in flows(agreement, clause) if gateways and all(g.fits(*f) for g in gateways)]


def without_gateway(agreement: Agreement) -> Found:
    """Grants that name no legal power to disclose."""
    for clause in grants(agreement):
        if not clause.gateways and next(flows(agreement, clause), None):
            yield clause.line, f"clause {clause.number} discloses to other parties and names no gateway"


def without_condition(agreement: Agreement) -> Found:
    """Grants of special or criminal data without the second condition that the law asks for."""
    for clause in grants(agreement):
        sensitive = sorted(
            name
            for name in {agreement.fields[key].category for key in clause.what or ()}
            if agreement.categories[name].special or agreement.categories[name].criminal
        )
        if sensitive and not clause.condition:
            yield clause.line, f"clause {clause.number} grants {', '.join(sensitive)} and states no condition"


def against_direction(agreement: Agreement) -> Found:
    """Owners that a clause names must all be reached; where it names none, each recipient must get something. Not
    asked of clauses about a party's own records: those of own actions, or with a gateway that reaches nobody."""
    for clause in grants(agreement):
        if not clause.gateways or any(agreement.own_only(name) for name in clause.gateways):
            continue
        named, reached = set(flows(agreement, clause)), set(reaching(agreement, clause))
        if clause.owners is not None:
            missed = ", ".join(f"from {o} to {to} ({category})" for o, to, category in sorted(named - reached))
            if missed:
                yield clause.line, f"clause {clause.number}: its gateways do not reach {missed}"
        elif not OWN_ACTIONS & (clause.can or frozenset()):
            missed = ", ".join(sorted({f[1] for f in named} - {f[1] for f in reached}))
            if missed:
                yield clause.line, f"clause {clause.number}: its gateways let nothing reach {missed}"


def unmarked_regime(agreement: Agreement) -> Found:
    """Grants that take Part 3 data to a party outside Part 3 without saying so."""
    for clause in grants(agreement):
        leaving = sorted({(o, to) for o, to, _ in reaching(agreement, clause) if leaves_part3(agreement, o, to)})
        if leaving and not clause.regime_change:
            to = sorted({recipient for _, recipient in leaving})
            yield clause.line, f"clause {clause.number}: Part 3 data reach {', '.join(to)}; mark regime_change"
        if clause.regime_change and not leaving:
            yield clause.line, f"clause {clause.number} marks a change of regime, and none takes place"


def asked(agreement: Agreement, clause: Clause) -> set[str]:
    """The facts without which `clause` discloses nothing to another party: its own and those of its gateways."""
    return {*clause.when, *(need for name in clause.gateways for need in agreement.gateways[name].needs)}


def health_without_confidence(agreement: Agreement) -> Found:
    """s.115 does not lift the duty of confidence, nor does a contract; in an emergency the recorded justification is
    the override."""
    for clause in grants(agreement):
        if clause.emergency or BASIS in asked(agreement, clause):
            continue
        for owner, to, category in reaching(agreement, clause):
            if agreement.parties[owner].kind in {"health", "substance"} and agreement.categories[category].special:
                yield (
                    clause.line,
                    f"clause {clause.number}: {category} leaves {owner} for {to} without consent or recorded override",
                )


def dwp_without_own_gateway(agreement: Agreement) -> Found:
    """Social Security Administration Act 1992 s.123: unauthorised disclosure is an offence."""
    kinds = {party.id: party.kind for party in agreement.parties.values()}
    for clause in grants(agreement):
        own = any({kinds[o] for o in agreement.gateways[name].owners or ()} == {"dwp"} for name in clause.gateways)
        if not own and any(kinds[owner] == "dwp" for owner, _, _ in reaching(agreement, clause)):
            yield clause.line, f"clause {clause.number}: DWP data leave without a gateway that is DWP's own"


def agent_without_contract(agreement: Agreement) -> Found:
    """s.115 does not reach a charity in its own right, and a recorded override of confidence is no power to disclose
    to one: whatever reaches the voluntary sector or a contracted agent asks for the contract."""
    for clause in grants(agreement):
        if CONTRACT in asked(agreement, clause):
            continue
        for to in sorted({to for _, to, _ in reaching(agreement, clause)}):
            if agreement.parties[to].kind == "voluntary" or agreement.parties[to].acts_for is not None:
                yield clause.line, f"clause {clause.number} reaches {to} and does not ask for its contract"


def without_contract(agreement: Agreement) -> Found:
    """Parties that act for another without naming the contract (DPA 2018 s.59; UK GDPR Art 28)."""
    for party in agreement.parties.values():
        if bool(party.acts_for) != bool(party.contract):
            line = agreement.lines.get(f"party.{party.id}", 0)
            yield line, f"{party.id}: `acts_for` and `contract` go together (DPA 2018 s.59; UK GDPR Art 28)"


RULES = {
    "L10": without_gateway,
    "L11": without_condition,
    "L12": against_direction,
    "L13": unmarked_regime,
    "L14": health_without_confidence,
    "L15": dwp_without_own_gateway,
    "L16": agent_without_contract,
    "L17": without_contract,
}
