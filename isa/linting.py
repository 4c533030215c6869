"""What a lawyer's or engineer's second look would find in an agreement that loads. Each finding has a code.

References L0x · Law L1x · Text L2x · Safety L3x · Reach L4x. `RULES` says what each code means. Undeclared names,
duplicate clause numbers, "*" in grants, text that is not NFC and failing examples do not load at all (`isa.loading`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from isa import linting_law, linting_reach, linting_safety
from isa.agreement import Agreement, Clause
from isa.clauses import SLOT


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at: its code, the line of the clause or row (0: the file), and what to do."""

    code: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.code} {self.message}"


RULES = {
    "L01": "a category that no field carries",
    "L02": "a field whose owners may not create it",
    "L10": "a grant without a gateway",
    "L11": "special or criminal data without a condition",
    "L12": "a gateway used against its direction or exclusions",
    "L13": "data leave Part 3 without the mark of a change of regime",
    "L14": "health data leave without consent or a recorded override of confidence",
    "L15": "DWP data leave without a gateway of their own",
    "L16": "data reach the voluntary sector or an agent without asking for the contract",
    "L17": "a processor or agent without its contract",
    "L18": "the agreement has expired or its review is overdue",
    "L20": "prose that leaves out what the rule says",
    "L30": "an emergency clause without justify, notify and review",
    "L31": "writing is granted but not reading",
    "L32": "a derived field is looser than its source, and no note says why",
    "L33": "a category without retention",
    "L34": "silent data may never be exported, whatever a clause says",
    "L35": "attendees see only while the meeting is open",
    "L36": "no period for details of the access log",
    "L37": "details of the access log are kept shorter than a record",
    "L38": "no clause says how long details of the access log are kept",
    "L40": "a clause that can never apply",
    "L41": "a grant that another grant makes superfluous",
    "L42": "a field that nobody may see",
    "L43": "a grant that a prohibition always overrides",
}


def lint(agreement: Agreement, today: date | None = None) -> list[Finding]:
    """Every finding, by line and code. With `today` (Europe/London) also whether the text is still current."""
    found = [*_references(agreement), *_text(agreement)]
    if today is not None:
        found += _dates(agreement, today)
    for module_rules in (linting_law.RULES, linting_safety.RULES, linting_reach.RULES):
        for code, rule in module_rules.items():
            found += [Finding(code, line, message) for line, message in rule(agreement)]
    return sorted(set(found), key=lambda f: (f.line, f.code, f.message))


def _references(agreement: Agreement) -> Iterator[Finding]:
    used = {field.category for field in agreement.fields.values()}
    for category in agreement.categories:
        if category not in used:
            line = agreement.lines.get(f"category.{category}", 0)
            yield Finding("L01", line, f'no field carries the category "{category}"')


def _dates(agreement: Agreement, today: date) -> Iterator[Finding]:
    for key, day, word in (
        ("expires", agreement.expires, "the agreement has expired"),
        ("review_by", agreement.review_by, "its review is overdue"),
    ):
        if today > day:
            yield Finding("L18", agreement.lines.get(key, 0), f"{word} ({key} = {day.isoformat()})")


def _text(agreement: Agreement) -> Iterator[Finding]:
    for clause in agreement.clauses.values():
        missing = sorted(_must_say(clause) - set(SLOT.findall(clause.prose)))
        if missing:
            slots = ", ".join(f"{{{slot}}}" for slot in missing)
            yield Finding("L20", clause.line, f"the prose of clause {clause.number} leaves out {slots}")


def _must_say(clause: Clause) -> set[str]:
    """The slots without which the prose would say more, or less, than the rule."""
    if clause.effect == "statement":
        return set()
    if clause.effect == "grant":
        return {"to", "acting", "can", "what", "for"} | ({"when"} if clause.when else set())
    limited = {"to": clause.to, "acting": clause.acting, "from": clause.owners, "for": clause.purposes}
    return (
        {"can", "what"}
        | {slot for slot, ids in limited.items() if ids is not None}
        | ({"unless"} if clause.unless else set())
    )
