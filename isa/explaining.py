"""Says a decision in plain words: for the person who looks, and for the data-protection officer who asks later.

An explanation is made from the agreement and the decision alone. It never sees a value, so an empty field and a
filled one read the same; what is denied silently has no words at all.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from isa.agreement import Agreement, Clause
from isa.decision import Decision
from isa.rules import among
from isa.wording import fact_name, field_name, high, listed, low, names, party_names, role_names

_FEW = 3  # so many purposes are named one by one

YOURS = "your agency"
"""Who is told why, unless another agency is named."""


@dataclass(frozen=True, slots=True)
class Group:
    """What is withheld for one reason: `fields` in words, one `sentence`, what one `can_see` instead, whom to `ask`.

    `fields` are at most six names, the last of them "N others" where there are more. `category` is that of the first,
    under which the group is told once, even where it speaks of several. `may_ask`: the owner may be asked for it in the
    portal; whoever knows what the person may write says so.
    """

    clause: str
    near: str | None
    fields: tuple[str, ...]
    sentence: str
    can_see: tuple[str, ...]
    ask: str
    category: str = ""
    may_ask: bool = False


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
    return f"{start}. {reason(agreement, decision)}"


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
    """What `decisions` withhold, one group for each reason, in order of first mention.

    Several refusals of one field are those of its several owners: one is told, in words that are true of them all;
    where others' records of the field may be read, the sentence names whose may not. Permitted decisions tell what
    the person can see instead: fields derived from the withheld ones, or of a category named after theirs (health →
    health_engagement). Silent denials are left out altogether.
    """
    decisions = list(decisions)
    seen: dict[str, list[Decision]] = {}
    denied: dict[tuple[str, ...], list[Decision]] = {}
    for d in decisions:
        if d.permit and d.action == "read":
            seen.setdefault(d.field, []).append(d)
    for d in decisions:
        if not d.permit and not d.silent and d.field in agreement.fields:
            part = () if d.field not in seen else ("party",) if "party" in d.would_need else (d.clause, d.near or "")
            denied.setdefault((d.field, *part), []).append(d)
    groups: dict[tuple[str, str], list[Decision]] = {}
    for (field, *_), refusals in denied.items():
        owners = _once(d.owner for d in refusals if d.owner in agreement.parties)
        apart = {d.owner for other, each in denied.items() if other[0] == field and each is not refusals for d in each}
        told = telling(refusals)
        why = _why(agreement, told, agreement.parties[owners[0]].short if len(owners) == 1 else "", YOURS)
        whose = _whose(agreement, field, owners, {d.owner for d in seen.get(field, ())}, apart)
        by_name = listed(agreement.parties[owner].short for owner in owners)
        if not whose and (why, by_name) in groups:  # true of these owners' other fields too, so told with them
            whose = by_name
        groups.setdefault((why, whose), []).extend([told, *refusals])
    permits = [d for given in seen.values() for d in given]
    return tuple(_group(agreement, members, permits, *said) for said, members in groups.items())


def _whose(agreement: Agreement, field: str, owners: tuple[str, ...], seen: set[str], apart: set[str]) -> str:
    """Whose records are meant, where those of other owners are `seen`; "" where it is everyone's. `apart`: owners whose
    records another sentence speaks of."""
    if not seen:
        return ""
    if len(seen) == 1 and len(owners) > _FEW and {*owners} | seen | apart >= agreement.fields[field].owners:
        return "other agencies"
    return listed(agreement.parties[owner].short for owner in owners)


def _group(agreement: Agreement, members: list[Decision], seen: list[Decision], why: str, whose: str) -> Group:
    fields = names(agreement, _once(d.field for d in members))
    owners = _once(d.owner for d in members if d.owner in agreement.parties)
    contact = owners[0] if len(owners) == 1 else agreement.arrangement.subjects_contact
    paired = any(" and " in name.partition(" (")[0] or ", " in name for name in fields)
    said = "; ".join(fields) if paired else listed(fields)
    return Group(
        clause=members[0].clause,
        near=members[0].near,
        fields=fields,
        sentence=f"Not shown: {f'what {whose} recorded under ' if whose else ''}{said}. {why}",
        can_see=_instead(agreement, members, seen),
        ask=agreement.parties[contact].contact if contact in agreement.parties else "",
        category=agreement.fields[members[0].field].category,
    )


def _instead(agreement: Agreement, members: list[Decision], seen: list[Decision]) -> tuple[str, ...]:
    """What the same owners do show: of the same category, of one named after it, or made from what is hidden."""
    hidden, owners = {d.field for d in members}, {d.owner for d in members}
    stems = {agreement.fields[key].category.partition("_")[0] for key in hidden}

    def akin(key: str) -> bool:
        field = agreement.fields[key]
        return key not in hidden and (bool(hidden & set(field.source)) or field.category.partition("_")[0] in stems)

    return names(agreement, _once(d.field for d in seen if d.owner in owners and akin(d.field)))


def telling(denials: Iterable[Decision]) -> Decision:
    """The denial that tells most: a prohibition only where nothing else refuses, else what lacks least, by the
    order in which `isa.rules` weighs; of equals the first."""
    return min(denials, key=lambda d: (_TELLING.get(d.reason, 3), d.near is None, _lack(d.would_need)))


_TELLING = {"ungranted": 0, "not_signed": 1, "prohibited": 2}


def _lack(needs: tuple[str, ...]) -> tuple[int, ...]:
    sorts = [word.partition(":")[0].replace("gateway", "party") for word in needs]
    return tuple(sorts.count(sort) for sort in ("owner", "party", "role", "emergency", "purpose", "fact"))


def reason(agreement: Agreement, decision: Decision, agency: str = YOURS) -> str:
    """Why `decision` refuses `agency`, in one sentence that names the clause.

    Tells of silent denials too: only for someone who may know of the record, as its own agency may.
    """
    owner = agreement.parties[decision.owner].short if decision.owner in agreement.parties else ""
    return _why(agreement, decision, owner, agency)


def _why(agreement: Agreement, decision: Decision, owner: str, agency: str) -> str:
    """As `reason`; `owner` is the short name of the only owner that is meant, "" for any of several."""
    clause = agreement.clauses[decision.clause]
    if decision.reason == "prohibited":
        unless = listed(fact_name(agreement, word.removeprefix("fact:")) for word in decision.would_need)
        return f"{clause.heading} (clause {clause.number}){f', unless {unless}' if unless else ''}."
    if decision.reason == "not_signed":
        return _unsigned(agreement, [word.removeprefix("signature:") for word in decision.would_need])
    if decision.reason in _PLAIN:
        return f"{_PLAIN[decision.reason]} (clause {clause.number})."
    if decision.near is None:
        return f"No clause gives this to anyone (clause {clause.number})."
    return _nearly(agreement, agreement.clauses[decision.near], decision.would_need, owner, agency)


_PLAIN = {
    "not_in_force": "The agreement does not apply today",
    "no_content": "Your role sees no case content",
    "silent_export": "This is never exported or printed",
    "not_owner": "Only the agency that owns a record changes or shares it",
    "unknown": "The agreement does not know this",
}


def _unsigned(agreement: Agreement, parties: list[str]) -> str:
    names = listed(agreement.parties[party].name for party in parties)
    since = f"in force since {agreement.effective.day} {agreement.effective:%B %Y}"
    has = "have" if len(parties) > 1 else "has"
    return f"{names} {has} not signed version {agreement.version} ({since}). Until then it gives nothing between you."


def _nearly(agreement: Agreement, near: Clause, needs: tuple[str, ...], owner: str, agency: str) -> str:
    """What the nearest grant gives, and what is missing."""
    gives = f"Clause {near.number} gives this"
    limits = _limits(agreement, near, needs, owner, agency)
    if any(agreement.own_only(name) for name in near.gateways):
        how = f", to which clause {near.number} gives it {limits}" if limits else f" (clause {near.number})"
        return f"It stays with the agency that recorded it{how}."
    if "owner" in needs:
        return f"{gives} from the records of {listed(party_names(agreement, near.said.get('from', ())))} only."
    if "party" in needs:
        to = listed(party_names(agreement, near.said.get("to", tuple(sorted(near.to or ())))))
        return f"{gives} to {to} only."
    if any(word.startswith("gateway:") for word in needs):
        return f"No legal power in clause {near.number} lets it pass from {owner or 'its owner'} to {agency}."
    roles = listed(role_names(agreement, near.said.get("acting", tuple(sorted(near.acting or ())))), "or")
    if "emergency" in needs:
        return f"{gives} in an emergency only{f', to those acting as {roles}' if 'role' in needs else ''}."
    if "role" in needs:
        return f"{gives} to those acting as {roles} only."
    return f"{gives} {limits}."


def _limits(agreement: Agreement, near: Clause, needs: tuple[str, ...], owner: str, agency: str) -> str:
    """The purposes and facts that are missing: "only for safeguarding and only when the case is open"."""
    parts = []
    if "purpose" in needs:
        purposes = [low(p.name) for key, p in agreement.purposes.items() if among(key, near.purposes)]
        few = len(purposes) <= _FEW
        parts.append(f"only for {listed(purposes, 'or')}" if few else "for other purposes, not for this one")
    who = owner or "the owner"
    facts: list[str] = []
    for word in needs:
        if word.startswith("fact:"):
            # What stands in brackets explains the fact: the clause has it, a sentence can do without.
            said = fact_name(agreement, word.removeprefix("fact:")).partition(" (")[0].replace("the owner", who)
            said = _to_you(said) if agency == YOURS else said
            facts.append(said.removeprefix(f"{who} ") if any(f.startswith(who) for f in facts) else said)
    if facts:
        parts.append(f"only when {listed(facts)}")
    return " and ".join(parts)


def _to_you(fact: str) -> str:
    """A fact about the agency that reads, told to its own practitioner: "the case is assigned to you"."""
    for theirs, yours in (
        ("their agency", YOURS),
        ("assigned to them", "assigned to you"),
        ("they attend", "you attend"),
    ):
        fact = fact.replace(theirs, yours)
    return fact


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
