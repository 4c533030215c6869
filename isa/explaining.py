"""Says a decision in plain words: for the person who looks, and for the data-protection officer who asks later.

An explanation is made from the agreement and the decision alone. It never sees a value, so an empty field and a
filled one read the same; what is denied silently has no words at all.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from isa.agreement import Agreement, Clause
from isa.decision import Decision
from isa.wording import fact_name, field_name, high, listed, low, party_names, role_names

_FEW = 3  # so many fields are named one by one


@dataclass(frozen=True, slots=True)
class Group:
    """What one clause withholds: `fields` in words, one `sentence`, what one `can_see` instead, whom to `ask`."""

    clause: str
    near: str | None
    fields: tuple[str, ...]
    sentence: str
    can_see: tuple[str, ...]
    ask: str


def text_for_user(agreement: Agreement, decision: Decision) -> str:
    """One sentence for the person who looks; "" for a silent denial, which must leave no trace."""
    if decision.permit:
        clause = agreement.clauses[decision.clause]
        price = f" {high(_price(decision))}." if decision.obligations else ""
        verb = "see" if decision.action == "read" else f"may {decision.action}"
        return f"You {verb} this under clause {clause.number}: {low(clause.heading)}.{price}"
    if decision.silent:
        return ""
    name = field_name(agreement, decision.field) if decision.field in agreement.fields else "this"
    start = f"Not shown: {name}" if decision.action == "read" else f"You may not {decision.action} {name}"
    return f"{start}. {_why(agreement, decision)}"


def text_for_dpo(agreement: Agreement, decision: Decision) -> str:
    """The whole reasoning, for the access log's readers; says what was silent."""
    what = f"{decision.action} {_field_and_owner(agreement, decision)}"
    if decision.permit:
        parts = [f"Permitted: {what}, under clause {decision.clause}"]
        if decision.gateways:
            parts.append("by " + listed(agreement.gateways[name].cite for name in decision.gateways))
        if decision.condition:
            parts.append(f"condition: {decision.condition}")
        if decision.regime_change:
            parts.append("the data leave DPA 2018 Part 3 for the UK GDPR")
        if decision.obligations:
            parts.append(_price(decision))
    else:
        parts = [f"Refused: {what}, under clause {decision.clause} ({decision.reason.replace('_', ' ')})"]
        if decision.near:
            parts.append(f"nearest: clause {decision.near}")
        if decision.would_need:
            parts.append(f"it would need {listed(_need(agreement, word) for word in decision.would_need)}")
        if decision.silent:
            parts.append("silent: the reader was shown no trace")
    return f"{'; '.join(parts)}. Agreement {agreement.reference}."


def _field_and_owner(agreement: Agreement, decision: Decision) -> str:
    if decision.field not in agreement.fields or decision.owner not in agreement.parties:
        return "something that the agreement does not know"
    kind = agreement.kinds[agreement.fields[decision.field].kind].name
    return f"{low(kind)}: {field_name(agreement, decision.field)}, owned by {agreement.parties[decision.owner].short}"


def withheld_groups(agreement: Agreement, decisions: Iterable[Decision]) -> tuple[Group, ...]:
    """What `decisions` withhold, one group and one sentence for each clause, in order of first mention.

    Permitted decisions among them tell what the person can see instead: fields derived from the withheld ones, or
    of a category named after theirs (health → health_engagement). Silent denials are left out altogether.
    """
    decisions = list(decisions)
    seen = [d for d in decisions if d.permit and d.action == "read"]
    groups: dict[tuple[str, str], list[Decision]] = {}
    for decision in decisions:
        if not decision.permit and not decision.silent and decision.field in agreement.fields:
            groups.setdefault((decision.clause, decision.near or ""), []).append(decision)
    return tuple(_group(agreement, members, seen) for members in groups.values())


def _group(agreement: Agreement, members: list[Decision], seen: list[Decision]) -> Group:
    first = min(members, key=lambda d: (len(d.would_need), d.would_need))
    fields = _folded(agreement, {d.field: None for d in members})
    owners = _once(d.owner for d in members if d.owner in agreement.parties)
    elsewhere = {d.field for d in seen} & {d.field for d in members}
    whose = f", recorded by {listed(agreement.parties[owner].short for owner in owners)}" if elsewhere else ""
    return Group(
        clause=first.clause,
        near=first.near,
        fields=fields,
        sentence=f"Not shown: {listed(fields)}{whose}. {_why(agreement, first)}",
        can_see=_instead(agreement, members, seen),
        ask="; ".join(_once(agreement.parties[owner].contact for owner in owners)),
    )


def _folded(agreement: Agreement, keys: Iterable[str]) -> tuple[str, ...]:
    """The fields in words: a whole category of more than a few is said by its name, a whole record by its kind."""
    keys, words = list(keys), []
    for key in keys:
        field = agreement.fields[key]
        category = [f.key for f in agreement.fields.values() if f.category == field.category]
        record = [f.key for f in agreement.fields_of(field.kind, field.label)]
        name = low(agreement.categories[field.category].name)
        if len(category) > _FEW and set(category) <= set(keys):
            words.append(name)
        elif len(record) > _FEW and set(record) <= set(keys):
            kind = low(agreement.kinds[field.kind].name)
            words.append(f"{kind} ({name})" if field.label else kind)
        else:
            words.append(field_name(agreement, key))
    return _once(words)


def _instead(agreement: Agreement, members: list[Decision], seen: list[Decision]) -> tuple[str, ...]:
    """What the same owners do show: of the same category, of one named after it, or made from what is hidden."""
    hidden, owners = {d.field for d in members}, {d.owner for d in members}
    stems = {agreement.fields[key].category.partition("_")[0] for key in hidden}

    def akin(key: str) -> bool:
        field = agreement.fields[key]
        return key not in hidden and (bool(hidden & set(field.source)) or field.category.partition("_")[0] in stems)

    return _folded(agreement, _once(d.field for d in seen if d.owner in owners and akin(d.field)))


def _why(agreement: Agreement, decision: Decision) -> str:
    """Why not, in one sentence that names the clause."""
    clause = agreement.clauses[decision.clause]
    if decision.reason == "prohibited":
        unless = listed(fact_name(agreement, word.removeprefix("fact:")) for word in decision.would_need)
        return f"{clause.heading} (clause {clause.number}){f', unless {unless}' if unless else ''}."
    if decision.reason == "not_signed":
        names = listed(agreement.parties[word.removeprefix("signature:")].name for word in decision.would_need)
        return f"{names} {'have' if ' and ' in names else 'has'} not signed version {agreement.version}."
    if decision.reason in _PLAIN:
        return f"{_PLAIN[decision.reason]} (clause {clause.number})."
    if decision.near is None:
        return f"No clause gives it to anyone (clause {clause.number})."
    return _nearly(agreement, agreement.clauses[decision.near], decision)


_PLAIN = {
    "not_in_force": "The agreement does not apply today",
    "no_content": "Your role sees no case content",
    "silent_export": "This is never exported or printed",
    "not_owner": "Only the agency that owns a record changes or shares it",
    "unknown": "The agreement does not know this",
}


def _nearly(agreement: Agreement, near: Clause, decision: Decision) -> str:
    """What the nearest grant gives, and what is missing."""
    needs = decision.would_need
    cite = f"(clause {near.number})"
    if "owner" in needs and near.owners is not None and decision.owner not in near.owners:
        return f"{near.heading}: records of {listed(party_names(agreement, near.said.get('from', ())))} only {cite}."
    if "owner" in needs:
        return f"It stays with {agreement.parties[decision.owner].short}, which recorded it {cite}."
    if "party" in needs:
        to = listed(party_names(agreement, near.said.get("to", tuple(sorted(near.to or ())))))
        return f"{near.heading} (clause {near.number}: {to} only)."
    if any(word.startswith("gateway:") for word in needs):
        owner = agreement.parties[decision.owner].short
        return f"No legal power in clause {near.number} lets it pass from {owner} to your agency."
    if "role" in needs:
        roles = listed(role_names(agreement, near.said.get("acting", tuple(sorted(near.acting or ())))), "or")
        return f"{near.heading}: given to those acting as {roles} {cite}."
    if "emergency" in needs:
        return f"{near.heading}: opened in an emergency only {cite}."
    parts = []
    if "purpose" in needs:
        purposes = [
            low(p.name) for key, p in agreement.purposes.items() if near.purposes is None or key in near.purposes
        ]
        parts.append(f"for {listed(purposes, 'or')}")
    facts = [fact_name(agreement, word.removeprefix("fact:")) for word in needs if word.startswith("fact:")]
    if facts:
        parts.append(f"while {listed(facts)}")
    return f"{near.heading}: given only {' and '.join(parts)} {cite}."


def _need(agreement: Agreement, word: str) -> str:
    sort, _, name = word.partition(":")
    if sort == "fact":
        return f"that {fact_name(agreement, name)}"
    if sort == "gateway":
        return "a gateway that reaches this party" if name not in agreement.gateways else agreement.gateways[name].cite
    if sort == "signature":
        return f"the signature of {agreement.parties[name].name}"
    return {"owner": "another owner's record"}.get(sort, f"another {sort}") if sort != "emergency" else "an emergency"


def _price(decision: Decision) -> str:
    """What the permit costs: "you give a reason, the owner's data-protection officer is told, it is reviewed"."""
    words = {
        "justify": "you give a reason",
        "notify": "the data-protection officer is told",
        "review": "it is reviewed",
    }
    return listed(words[obligation.do] for obligation in decision.obligations)


def _once(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))
