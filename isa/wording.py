"""How ids become the words of a clause and of an explanation."""

import re
from collections.abc import Iterable, Sequence

from isa.agreement import Agreement, Clause

_SLOT = re.compile(r"\{([a-z]+)\}")
_JOINS, _APART = re.compile(r" (and|or) "), re.compile(r"“[^”]*”|\([^)]*\)")


def listed(words: Iterable[str], last: str = "and") -> str:
    """ "A, B and C"; "A, B and C, and D" where a comma must tell which words belong together."""
    words = list(words)
    if len(words) < 2:
        return "".join(words)
    comma = "," if len(words) > 2 and any(_JOINS.search(_APART.sub("", word)) for word in words) else ""
    return f"{', '.join(words[:-1])}{comma} {last} {words[-1]}"


def low(words: str) -> str:
    """With a small first letter, unless the first word is an acronym (MARAC) or a single capital."""
    first = words.partition(" ")[0]
    return words if first[1:] != first[1:].lower() or len(first) == 1 else words[:1].lower() + words[1:]


def high(words: str) -> str:
    """The text with its first letter in upper case."""
    return words[:1].upper() + words[1:]


def party_names(agreement: Agreement, said: Sequence[str]) -> list[str]:
    """Short names; a group of more than three by its own name: "@case_working" → "all case-working parties"."""
    names: list[str] = []
    for name in said:
        if called(agreement, name):
            names.append(called(agreement, name))
        else:
            members = agreement.party_groups[name[1:]] if name.startswith("@") else (name,)
            names += [agreement.parties[member].short for member in members]
    return list(dict.fromkeys(names))


def called(agreement: Agreement, name: str) -> str:
    """What a clause calls a group of parties together; "" for one party, and for a group so small that its members
    are named."""
    few = not name.startswith("@") or len(agreement.party_groups[name[1:]]) <= _FEW
    return "" if few else f"all {name[1:].replace('_', '-')} parties"


_FEW = 3


def role_names(agreement: Agreement, said: Sequence[str]) -> list[str]:
    """Role names with groups spread: few enough to be said, and nobody need look them up."""
    roles: list[str] = []
    for name in said:
        members = agreement.role_groups[name[1:]] if name.startswith("@") else (name,)
        roles += [agreement.roles[role].name for role in members]
    return list(dict.fromkeys(roles))


def field_name(agreement: Agreement, key: str) -> str:
    """ "text (housing)" for "update.text@housing": the field, and the label that tells it from its like."""
    field = agreement.fields[key]
    name = low(field.name)
    return f"{name} ({low(agreement.categories[field.category].name)})" if field.label else name


def names(agreement: Agreement, keys: Iterable[str]) -> tuple[str, ...]:
    """At most six names for fields: a whole category by its name, a whole kind of record by its, what is left over
    of either as it "apart from" a few; of a labelled record, its kind and not its nature or date."""
    keys = list(keys)
    words: list[str] = []
    for category in dict.fromkeys(agreement.fields[key].category for key in keys):
        words += _in_category(agreement, category, frozenset(keys))
    return tuple(words) if len(words) <= _MANY else (*words[: _MANY - 1], f"{len(words) - _MANY + 1} others")


_MANY = 6


def _in_category(agreement: Agreement, category: str, keys: frozenset[str]) -> list[str]:
    name = low(agreement.categories[category].name)
    fields = [f for f in agreement.fields.values() if f.category == category]
    rest = [f.key for f in fields if f.key not in keys]
    if not rest:
        return [name]
    kinds: list[str] = []  # of many names these come first, for the last are only counted
    words: list[str] = []
    for kind, label in dict.fromkeys((f.kind, f.label) for f in fields):
        record = agreement.fields_of(kind, label)
        said = [f.key for f in record if f.category == category and f.key in keys]
        left = [field_name(agreement, f.key) for f in record if f.key not in keys]
        kind_name = low(agreement.kinds[kind].name)
        if label and record[0].key in said:  # the first field of a labelled kind is what it says
            kinds.append(f"{kind_name} ({name})")
            words.append(kinds[-1])
        elif len(record) > _MANY // 2 and len(left) <= len(record) // _MANY:
            kinds.append(f"{kind_name}, apart from {listed(left)}" if left else kind_name)
            words.append(kinds[-1])
        elif not label:
            words += [field_name(agreement, key) for key in said]
    if len(words) >= _MANY:
        words.sort(key=lambda word: word not in kinds)
    if len(words) > _MANY // 2 and len(rest) <= 2:
        return [f"{name}, apart from {listed(field_name(agreement, key) for key in rest)}"]
    return list(dict.fromkeys(words)) or [field_name(agreement, f.key) for f in fields if f.key in keys]


def target_names(agreement: Agreement, said: Sequence[str]) -> list[str]:
    """What a clause is about: categories by name, in quotation marks; fields by name and kind of record."""
    names = []
    for target in said:
        sort, _, name = target.partition(":")
        if sort == "category":
            names.append(f"“{low(agreement.categories[name].name)}”")
        else:
            kind = agreement.kinds[agreement.fields[name].kind]
            names.append(f"{field_name(agreement, name)} ({low(kind.name)})")
    return names


def fact_name(agreement: Agreement, fact: str) -> str:
    """ "the duty of confidence is met" for "confidence_met:ntmh:health_engagement"."""
    return agreement.facts[fact.partition(":")[0]].name


def _verbs(actions: Sequence[str]) -> list[str]:
    """Exporting a record includes printing it, and a clause says so."""
    return [verb for action in actions for verb in (("print", "export") if action == "export" else (action,))]


def slots(agreement: Agreement, clause: Clause) -> dict[str, str]:
    """The words for each slot of the clause's prose; "*" reads as anyone or anything."""
    said = clause.said

    def words(key: str, everything: str, spell: list[str], last: str) -> str:
        return everything if "*" in said.get(key, ()) else listed(spell, last)

    def known(key: str) -> list[str]:
        return [name for name in said.get(key, ()) if name != "*"]

    return {
        "to": words("to", "any party", party_names(agreement, known("to")), "and"),
        "acting": words("acting", "anyone", role_names(agreement, known("acting")), "or"),
        "from": words("from", "any party", party_names(agreement, known("from")), "and"),
        "can": words("can", "use in any way", _verbs(known("can")), "or"),
        "what": words("what", "any information", target_names(agreement, known("what")), "and"),
        "for": words("for", "any purpose", [low(agreement.purposes[name].name) for name in known("for")], "or"),
        "gateway": ", together with ".join(agreement.gateways[name].cite for name in clause.gateways),
        "condition": clause.condition or "",
        "when": listed(fact_name(agreement, name) for name in clause.when),
        "unless": listed(fact_name(agreement, name) for name in clause.unless),
    }


def sentence(agreement: Agreement, clause: Clause) -> str:
    """The clause's prose with its slots filled from its rule, so that text and rule cannot drift apart."""
    filled = slots(agreement, clause)
    return high(_SLOT.sub(lambda match: filled[match.group(1)], clause.prose))
