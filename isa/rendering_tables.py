"""The tables of the printed agreement."""

import re
from collections.abc import Sequence
from html import escape

from isa.agreement import Agreement, Clause, Role, natural
from isa.wording import called, field_name, high, listed, low

_PERIOD = re.compile(r"(\d+)([YMWDH])")
_UNITS = {"Y": "year", "M": "month", "W": "week", "D": "day", "H": "hour"}


def table(
    caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]], marked: int | None = None, wide: bool = False
) -> str:
    """An HTML table of plain texts (escaped here); the first cell of a row heads it; column `marked` is highlighted.

    Wrapped so that a wide table scrolls by keyboard too; a `wide` one may be wider than the text around it. The others
    bear the head of its column on each cell, for a narrow screen shows every row as a list.
    """

    def cell(tag: str, at: int, text: str) -> str:
        mine = ' class="isa-mine"' if at == marked else ""
        scope = {"th": ' scope="col"', "rh": ' scope="row"', "td": ""}[tag]
        label = "" if wide or tag != "td" else f' data-label="{escape(heads[at], quote=True)}"'
        name = "td" if tag == "td" else "th"
        return f"<{name}{scope}{mine}{label}>{escape(text)}</{name}>"

    head = "".join(cell("th", at, text) for at, text in enumerate(heads))
    body = "".join(
        f"<tr>{''.join(cell('td' if at else 'rh', at, text) for at, text in enumerate(row))}</tr>\n" for row in rows
    )
    kind = "isa-scroll isa-wide" if wide else "isa-scroll isa-list"
    return (
        f'<div class="{kind}" role="region" tabindex="0" aria-label="{escape(caption, quote=True)}">\n<table>\n'
        f"<caption>{escape(caption)}</caption>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>\n</div>\n"
    )


def controllers(agreement: Agreement) -> str:
    """The table of controllers and their regimes."""
    competent = {
        "full": "competent authority (DPA 2018 Part 3)",
        "extent": "competent authority as far as its law-enforcement functions go (s.30(1)(b))",
        "none": "UK GDPR only",
    }
    rows = [
        (c.name, competent[c.competent], listed(p.short for p in agreement.parties.values() if p.controller == c.id))
        for c in agreement.controllers.values()
    ]
    return table("Controllers: who answers in law", ("Controller", "Regime", "Parties"), rows)


def parties(agreement: Agreement, highlight: str | None) -> str:
    """The table of parties, their controllers and signatories."""
    rows = []
    for party in agreement.parties.values():
        acts = (
            f"For {agreement.parties[party.acts_for].short}: {party.contract}" if party.acts_for else "In its own right"
        )
        name = f"{party.name}{' (your agency)' if party.id == highlight else ''}"
        controller = agreement.controllers[party.controller].name
        rows.append((name, controller, party.signatory, acts, party.contact))
    said = {name for c in agreement.clauses.values() for key in ("to", "from") for name in c.said.get(key, ())}
    groups = [
        (high(words), listed(agreement.parties[member].short for member in members))
        for name, members in agreement.party_groups.items()
        if f"@{name}" in said and (words := called(agreement, f"@{name}"))
    ]
    return table("Parties", ("Party", "Controller", "Signed by", "Acts", "Whom to ask"), rows) + table(
        "What the clauses call them together", ("Words", "Parties"), groups
    )


def arrangement(agreement: Agreement) -> str:
    """The arrangement of the joint controllers, in words."""
    said = agreement.arrangement
    words = "".join(f"<p>{escape(text)}</p>\n" for text in said.text)
    rows = [
        ("People whose data are shared", agreement.parties[said.subjects_contact].name),
        ("A breach of personal data", agreement.parties[said.breach_contact].name),
    ]
    caption = "Who answers (DPA 2018 s.58; UK GDPR Art 26)"
    return words + table(caption, ("About", "The party to ask"), rows)


def roles_and_purposes(agreement: Agreement) -> str:
    """The tables of roles and of purposes."""
    reach = {
        "assigned": "cases assigned to them",
        "party": "cases assigned to their agency",
        "agreement": "every case of this agreement",
        "none": "no cases of their own",
    }
    roles = [
        (high(r.name), reach[r.reach] if r.content else "no case content", _holders(agreement, r), r.note)
        for r in agreement.roles.values()
    ]
    purposes = [(p.name, p.ask, p.example) for p in agreement.purposes.values()]
    return table("Roles", ("Role", "Reaches", "Held at", "Note"), roles) + table(
        "Purposes", ("Purpose", "In plain words", "Example"), purposes
    )


def _holders(agreement: Agreement, role: Role) -> str:
    """The parties whose people may be given a role."""
    if role.kinds is None:
        return "any party"
    return listed(party.short for party in agreement.parties.values() if party.kind in role.kinds)


def facts(agreement: Agreement) -> str:
    """The table of facts that clauses ask for, and what each means."""
    rows = [(high(fact.name), fact.note) for fact in agreement.facts.values()]
    return table("Facts that clauses ask for: true, false or not known", ("Fact", "Note"), rows)


def categories(agreement: Agreement) -> str:
    """The tables of categories with owners, sensitivity and retention, and of the records that carry a label."""
    rows = []
    for c in agreement.categories.values():
        kept = "no period given"
        if c.retention is not None:
            after = {"deselection": "de-selection"}.get(c.retention.after, c.retention.after.replace("_", " "))
            then = {"erase": "erased"}.get(c.retention.then, c.retention.then)
            kept = f"{period(c.retention.period)} after {after}, then {then}"
        fields = listed(
            dict.fromkeys(
                field_name(agreement, f.key) for f in agreement.fields.values() if f.category == c.id and not f.label
            )
        )
        rows.append((c.name, c.sensitivity.upper(), fields, kept))
    return table("Categories, their fields and retention", ("Category", "Marking", "Fields", "Kept"), rows) + table(
        "Records that carry the category their writer chooses", ("Record", "Fields", "Categories"), _labelled(agreement)
    )


def log_kept(agreement: Agreement) -> str:
    """How long details of the access log are kept, in words; "" where the agreement does not say."""
    if agreement.log is None:
        return ""
    log = agreement.log
    note = f'<p class="isa-note">Why: {escape(log.note)}</p>' if log.note else ""
    return (
        f"<p>Sealed details of the access log are kept for {period(f'P{log.years}Y')} from the end of the year in which"
        f" they were written, then erased (clause {log.clause}).</p>\n{note}"
    )


def _labelled(agreement: Agreement) -> list[tuple[str, str, str]]:
    return [
        (
            kind.name,
            listed(low(f.name) for f in agreement.fields_of(kind.id, kind.labelled[0])),
            listed(f"“{low(agreement.categories[label].name)}”" for label in kind.labelled),
        )
        for kind in agreement.kinds.values()
        if kind.labelled
    ]


def period(iso: str) -> str:
    """ "1 year" for "P1Y"."""
    return listed(f"{n} {_UNITS[unit]}{'' if n == '1' else 's'}" for n, unit in _PERIOD.findall(iso))


def matrix(agreement: Agreement, highlight: str | None) -> str:
    """Categories by party: the clauses that may let a party's people read some owner's data, conditions apart."""
    ids = list(agreement.parties)
    rows = []
    for category in agreement.categories.values():
        row = [category.name]
        for party in ids:
            numbers = _reading(agreement, category.id, party)
            row.append(", ".join(numbers) if numbers else "no")
        rows.append(row)
    marked = ids.index(highlight) + 1 if highlight in ids else None
    intro = (
        "<p>Each cell names the clauses under which that party may read data of that category; a clause’s conditions, "
        "roles and purposes still apply. “Own” means the party’s own records, under "
        f"{_own_records(agreement)}. “E” marks an emergency clause; “no” means that no clause grants it.</p>\n"
    )
    heads = ["Category", *(agreement.parties[party].short for party in ids)]
    return intro + table("Reading, by category and party", heads, rows, marked, wide=True)


def _own(agreement: Agreement, clause: Clause) -> bool:
    """Whether a clause lets a party read what it wrote itself, and nothing else."""
    reads = clause.effect == "grant" and "read" in (clause.can or ())
    return reads and any(agreement.own_only(name) for name in clause.gateways)


def _own_records(agreement: Agreement) -> str:
    numbers = [clause.number for clause in agreement.clauses.values() if _own(agreement, clause)]
    return f"clauses {listed(numbers)}" if len(numbers) > 1 else f"clause {''.join(numbers)}"


def _reading(agreement: Agreement, category: str, party: str) -> list[str]:
    numbers = {}
    for clause in agreement.clauses.values():
        if clause.effect != "grant" or party not in (clause.to or ()) or "read" not in (clause.can or ()):
            continue
        gateways = [agreement.gateways[name] for name in clause.gateways]
        for key in clause.what or ():
            field = agreement.fields[key]
            if field.category != category:
                continue
            owners = field.owners if clause.owners is None else field.owners & clause.owners
            if any(o == party or (gateways and all(g.fits(o, party, category) for g in gateways)) for o in owners):
                own = _own(agreement, clause)
                numbers["" if own else clause.number] = (
                    "own" if own else f"{clause.number}{' E' if clause.emergency else ''}"
                )
                break
    return [numbers[number] for number in sorted(numbers, key=natural)]
