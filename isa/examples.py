"""Runs the worked examples that the parties sign with the text. A document whose examples fail does not load."""

from datetime import timedelta

from isa.agreement import Agreement, Example
from isa.decision import Capacity, Decision, Engine
from isa.errors import Problem

_NOON = timedelta(hours=12)  # examples are decided at noon of the first day


def failures(agreement: Agreement) -> list[Problem]:
    """One problem for each example that names something undeclared or comes out otherwise than it says."""
    engine = Engine(agreement)
    found = []
    for at, example in enumerate(agreement.examples):
        message = _undeclared(agreement, example) or _wrong(engine, example)
        if message:
            found.append(Problem(f"example[{at}]", example.line, f"“{example.say}”: {message}"))
    return found


def decide(engine: Engine, example: Example) -> Decision:
    """What the engine decides for `example`; a fact asked for each part, said bare, means that of the example, and
    the person is trained and vetted unless it says that they are not."""
    said = {**_facts(engine, example, example.false, False), **_facts(engine, example, example.true, True)}
    facts = {**engine.agreement.inducted, **said}
    now = engine.agreement.starts() + _NOON
    view = engine.open(Capacity(example.party, example.role), facts, example.purpose, now)
    return view.decide(example.action, example.field, example.owner)


def _facts(engine: Engine, example: Example, names: tuple[str, ...], value: bool) -> dict[str, bool]:
    declared, field = engine.agreement.facts, engine.agreement.fields[example.field]
    return {declared[name].of(example.owner, field) if name in declared else name: value for name in names}


def _undeclared(agreement: Agreement, example: Example) -> str:
    """An example about something the document does not know would pass as a denial and prove nothing."""
    for names, known, word in (
        ((example.party, example.owner), agreement.parties, "party"),
        ((example.role,), agreement.roles, "role"),
        ((example.field,), agreement.fields, "field"),
        ((example.purpose,), agreement.purposes, "purpose"),
    ):
        for name in names:
            if name not in known:
                return f'no {word} is called "{name}"'
    for name in (*example.true, *example.false):
        fact, _, of = name.partition(":")
        owner, _, what = of.partition(":")
        declared = agreement.facts.get(fact)
        apart = {"category": agreement.categories, "field": agreement.fields}.get(declared.per if declared else "", {})
        if declared is None or (of and not (owner in agreement.parties and what in apart)):
            return f'no fact is called "{name}"'
    if set(example.true) & set(example.false):
        return "a fact cannot be both true and false"
    return ""


def _wrong(engine: Engine, example: Example) -> str:
    decision = decide(engine, example)
    effect, clause, *rest = example.expect.split()
    if effect == "permit":
        as_said = decision.permit and (clause, sorted(rest)) == (decision.clause, _dos(decision))
    else:
        near = rest[1] if rest else decision.near
        as_said = not decision.permit and (clause, near) == (decision.clause, decision.near)
    if as_said:
        return ""
    return f'expected "{example.expect}", but the clauses give "{outcome(decision)}"'


def outcome(decision: Decision) -> str:
    """The decision in the words of an example's `expect`."""
    if decision.permit:
        return " ".join(["permit", decision.clause, *_dos(decision)])
    return f"deny {decision.clause} near {decision.near}" if decision.near else f"deny {decision.clause}"


def _dos(decision: Decision) -> list[str]:
    return sorted(obligation.do for obligation in decision.obligations)
