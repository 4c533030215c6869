"""Linter rules of safety: emergencies, writing blind, derived fields, retention, silence, attendees."""

import re
from collections.abc import Iterator

from isa.agreement import OBLIGATIONS, Agreement, Clause
from isa.classes import served
from isa.linting_law import Found, grants, reaching

_MEETING = "meeting_open"
_DAYS = {"Y": 365.25, "M": 365.25 / 12, "W": 7, "D": 1}


def bare_emergency(agreement: Agreement) -> Found:
    """Emergency clauses that do not ask for a reason, a notice and a review."""
    for clause in grants(agreement):
        missing = sorted(OBLIGATIONS - {obligation.do for obligation in clause.obligations})
        if clause.emergency and missing:
            yield clause.line, f"emergency clause {clause.number} lacks {', '.join(missing)}"
        for obligation in clause.obligations:
            if obligation.do == "notify" and not (obligation.who and obligation.within):
                yield clause.line, f"clause {clause.number}: notify whom, within what time?"


def blind_writing(agreement: Agreement) -> Found:
    """Whoever may create or edit must be able to read what they wrote."""
    reads = [(c, c.what or frozenset()) for c in grants(agreement) if "read" in (c.can or ()) and not c.emergency]
    for clause in grants(agreement):
        if not {"create", "edit"} & (clause.can or frozenset()):
            continue
        blind = sorted(key for key in clause.what or () if any(_blind(agreement, clause, key, reads)))
        if blind:
            yield clause.line, f"clause {clause.number} lets a party write what it may not read: {', '.join(blind)}"


def _blind(agreement: Agreement, clause: Clause, key: str, reads: list[tuple[Clause, frozenset[str]]]) -> Iterator[str]:
    """The parties (owners of `key`) and roles of `clause` that no grant lets read their own `key`."""
    owners = agreement.fields[key].owners & (clause.to or frozenset())
    for party in owners if clause.owners is None else owners & clause.owners:
        for role in clause.acting or ():
            kinds = agreement.roles[role].kinds
            if kinds is not None and agreement.parties[party].kind not in kinds:
                continue
            if not any(
                key in what
                and party in (read.to or ())
                and role in (read.acting or ())
                and (read.owners is None or party in read.owners)
                for read, what in reads
            ):
                yield party


def looser_than_source(agreement: Agreement) -> Found:
    """A summary or band must not tell more people than what it is made from, unless the note argues for it."""
    for field in agreement.fields.values():
        strict = {
            (owner, source): served(agreement, owner, source)
            for source in field.source
            for owner in field.owners
            if source in agreement.fields
        }
        for clause in grants(agreement):
            if clause.note or field.key not in (clause.what or ()):
                continue
            for owner, to, category in reaching(agreement, clause):
                for source in field.source:
                    if category == field.category and to not in strict.get((owner, source), {to}):
                        yield (
                            clause.line,
                            f"clause {clause.number}: {field.key} reaches {to}, its source {source} does not",
                        )


def without_retention(agreement: Agreement) -> Found:
    """Categories that do not say how long they are kept."""
    for category in agreement.categories.values():
        if category.retention is None:
            yield agreement.lines.get(f"category.{category.id}", 0), f'no retention for "{category.id}"'


def without_log_retention(agreement: Agreement) -> Found:
    """The log has a period of its own, or its details would be kept for ever."""
    if agreement.log is None:
        yield 0, "say in [log] how long details of the access log are kept"


def log_shorter_than_records(agreement: Agreement) -> Found:
    """Who looked must be known at least as long as what they looked at is kept once a case has closed."""
    if agreement.log is None:
        return
    for category in agreement.categories.values():
        if category.retention is not None and _days(category.retention.period) > agreement.log.years * _DAYS["Y"]:
            line = agreement.lines.get("log.retention", agreement.lines.get("log", 0))
            yield line, f'details of the log are kept shorter than "{category.id}" ({category.retention.period})'


def _days(period: str) -> float:
    date, _, _ = period.partition("T")
    return sum(int(number) * _DAYS[unit] for number, unit in re.findall(r"(\d+)([YMWD])", date))


def log_without_clause(agreement: Agreement) -> Found:
    """The parties sign words: the period must stand in a statement among the clauses."""
    if agreement.log is None:
        return
    clause = agreement.clauses.get(agreement.log.clause)
    if clause is None or clause.effect != "statement" or not clause.prose:
        line = agreement.lines.get("log.clause", agreement.lines.get("log", 0))
        yield line, f"no statement {agreement.log.clause} says how long details of the log are kept"


def silent_export(agreement: Agreement) -> Found:
    """Grants that would export a silent category."""
    for clause in grants(agreement):
        silent = sorted({f.category for f in map(agreement.fields.__getitem__, clause.what or ())})
        silent = [name for name in silent if agreement.categories[name].silent]
        if silent and "export" in (clause.can or ()):
            yield clause.line, f"clause {clause.number} exports {', '.join(silent)}; silent data are never exported"


def open_meeting(agreement: Agreement) -> Found:
    """A role with content and no reach of its own lives by the meeting alone."""
    visiting = {role.id for role in agreement.roles.values() if role.content and role.reach == "none"}
    for clause in grants(agreement):
        attendees = sorted(visiting & (clause.acting or frozenset()))
        if attendees and _MEETING not in clause.when:
            yield clause.line, f"clause {clause.number}: {', '.join(attendees)} only while the fact {_MEETING} is true"


RULES = {
    "L30": bare_emergency,
    "L31": blind_writing,
    "L32": looser_than_source,
    "L33": without_retention,
    "L34": silent_export,
    "L35": open_meeting,
    "L36": without_log_retention,
    "L37": log_shorter_than_records,
    "L38": log_without_clause,
}
