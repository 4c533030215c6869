"""The agreement as a printable, accessible HTML document: clauses, tables, examples, digest.

Everything shown comes from the `Agreement`; every text is escaped. No scripts, no inline styles: the standalone
document carries one style element, the fragment for the portal's page none at all (its Content-Security-Policy).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

from isa.agreement import EMERGENCY, Agreement, Clause
from isa.clauses import SLOT
from isa.rendering_law import gateways
from isa.rendering_tables import (
    arrangement,
    categories,
    controllers,
    facts,
    log_kept,
    matrix,
    parties,
    roles_and_purposes,
    table,
)
from isa.wording import fact_name, high, listed, sentence, slots

_STYLE = """
:root { color-scheme: light; }
body { font: 1rem/1.5 Georgia, 'Times New Roman', serif; color: #0b0c0c; background: #fff; margin: 0 auto;
  max-width: 52rem; padding: 1.5rem; }
h1, h2, h3, h4, th, nav { font-family: Arial, Helvetica, sans-serif; }
h1 { font-size: 2rem; line-height: 1.2; } h2 { font-size: 1.4rem; margin-top: 2.5rem; }
h3 { font-size: 1.2rem; } h4 { font-size: 1rem; }
a { color: #1d70b8; }
.isa-scroll { overflow-x: auto; }
.isa-scroll:focus { outline: 3px solid #ffdd00; }
.isa-scroll th[scope=row] { position: sticky; left: 0; background: #fff; }
@media screen and (min-width: 60rem) { .isa-wide { width: min(92rem, 100vw - 4rem); margin-left: 50%;
  transform: translateX(-50%); } }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; font-size: .875rem; }
caption { text-align: left; font-weight: bold; padding: .25rem 0; }
th, td { border: 1px solid #b1b4b6; padding: .35rem .5rem; text-align: left; vertical-align: top; }
thead th { background: #f3f2f1; }
dl.isa-rule { font-size: .875rem; border-left: 4px solid #b1b4b6; margin: .5rem 0; padding-left: .75rem; }
dl.isa-rule dt { font-weight: bold; } dl.isa-rule dd { margin: 0 0 .25rem; }
.isa-mine { background: #fff7bf; } .isa-mine-clause { border-left: 6px solid #1d70b8; padding-left: 1rem; }
.isa-note { color: #383f43; font-style: italic; }
.isa-digest { font-family: 'Courier New', monospace; overflow-wrap: anywhere; }
@media print { body { max-width: none; padding: 0; font-size: 10pt; } nav a { color: inherit; text-decoration: none; }
  .isa-scroll { overflow: visible; } .isa-wide table { font-size: 6.5pt; } .isa-wide th, .isa-wide td {
  padding: 1pt 2pt; } h2, h3, h4 { break-after: avoid; } tr, dl.isa-rule { break-inside: avoid; }
  .isa-foot { position: fixed; bottom: 0; font-size: 7pt; } @page { margin: 18mm 15mm 22mm; } }
@media screen and (max-width: 48rem) { .isa-list table, .isa-list tbody, .isa-list tr, .isa-list th, .isa-list td,
  .isa-list caption { display: block; border: 0; }
  .isa-list thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .isa-list tr { padding: .5rem 0; border-bottom: 1px solid #b1b4b6; } .isa-list td:empty { display: none; }
  .isa-list td::before { content: attr(data-label) ": "; color: #383f43; } }
@media screen { .isa-foot { border-top: 1px solid #b1b4b6; margin-top: 3rem; padding-top: 1rem; } }
"""


def render(agreement: Agreement, highlight: str | None = None) -> str:
    """A complete HTML document. `highlight` marks one party's column and clauses; an unknown party marks nothing."""
    title = escape(agreement.title)
    return (
        f'<!doctype html>\n<html lang="en-GB">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}, version {agreement.version}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{title}</h1>\n{fragment(agreement, highlight)}</main>\n"
        f'<footer class="isa-foot"><p>{title}, version {agreement.version}. Digest '
        f'<span class="isa-digest">{agreement.digest}</span></p></footer>\n</body>\n</html>\n'
    )


def fragment(agreement: Agreement, highlight: str | None = None) -> str:
    """The body without page furniture and without its h1, for a page that brings both. Headings start at h2; clause
    numbers are anchors ("#clause-5.3")."""
    sections = [
        *_before(agreement, highlight),
        ("clauses", "The clauses", _clauses(agreement, highlight)),
        *_after(agreement),
    ]
    body = "".join(f'<section aria-labelledby="{i}">\n<h2 id="{i}">{t}</h2>\n{b}</section>\n' for i, t, b in sections)
    return f"{opening(agreement)}{_contents(agreement, [(i, t) for i, t, _ in sections])}{body}"


@dataclass(frozen=True, slots=True)
class Part:
    """A part to stand on a page of its own, whose h1 is `title`. `body` is HTML, its headings start at h2; `clauses`
    are (anchor, heading) of what stands in it."""

    id: str
    title: str
    body: str
    clauses: tuple[tuple[str, str], ...] = ()


def parts(agreement: Agreement, highlight: str | None = None) -> tuple[Part, ...]:
    """The whole document after its opening, in order, a part for each page; none of `fragment`'s text is left out."""
    numbers = dict.fromkeys(number.partition(".")[0] for number in agreement.clauses)
    return (
        *(Part(i, t, b) for i, t, b in _before(agreement, highlight)),
        *(_part(agreement, number, highlight) for number in numbers),
        *(Part(i, t, b) for i, t, b in _after(agreement)),
    )


def part_of(number: str) -> str:
    """The id of the part that a clause stands in: "part-5" for "5.3"."""
    return f"part-{number.partition('.')[0]}"


def _before(agreement: Agreement, highlight: str | None) -> list[tuple[str, str, str]]:
    return [
        ("controllers", "Controllers and parties", controllers(agreement) + parties(agreement, highlight)),
        ("arrangement", "The joint controllers’ arrangement", arrangement(agreement)),
        ("roles", "Roles, purposes and facts", roles_and_purposes(agreement) + facts(agreement)),
        ("matrix", "Who may read what", matrix(agreement, highlight)),
    ]


def _after(agreement: Agreement) -> list[tuple[str, str, str]]:
    return [
        ("gateways", "Legal gateways", gateways(agreement)),
        ("retention", "Data and how long they are kept", categories(agreement) + log_kept(agreement)),
        ("examples", "Worked examples", _examples(agreement)),
        ("digest", "Digest", _digest(agreement)),
    ]


def _part(agreement: Agreement, number: str, highlight: str | None) -> Part:
    top = agreement.clauses.get(number)
    within = [c for c in agreement.clauses.values() if c.number.startswith(f"{number}.")]
    body = [_clause(agreement, c, highlight, "h2") for c in within]
    if top:
        body.insert(0, _clause(agreement, top, highlight, ""))
    title = f"{number} {top.heading}" if top else f"Part {number}"
    return Part(
        part_of(number), title, "".join(body), tuple((f"clause-{c.number}", f"{c.number} {c.heading}") for c in within)
    )


def opening(agreement: Agreement) -> str:
    """Its version, its dates and its preamble."""
    dates = (
        ("Version", str(agreement.version)),
        ("Takes effect", f"at the start of {_day(agreement.effective)}"),
        ("Ends", f"at the end of {_day(agreement.expires)}"),
        ("To be reviewed by", _day(agreement.review_by)),
        ("Commencement", "between each two parties once both have signed this version"),
    )
    rows = "".join(f"<dt>{escape(term)}</dt><dd>{escape(text)}</dd>" for term, text in dates)
    words = "".join(f"<p>{escape(text)}</p>\n" for text in agreement.preamble)
    return f'<dl class="isa-rule">{rows}</dl>\n{words}'


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _contents(agreement: Agreement, sections: Iterable[tuple[str, str]]) -> str:
    items = []
    for anchor, title in sections:
        inner = ""
        if anchor == "clauses":
            tops = [c for c in agreement.clauses.values() if "." not in c.number]
            inner = "".join(f'<li><a href="#clause-{c.number}">{c.number} {escape(c.heading)}</a></li>' for c in tops)
        items.append(f'<li><a href="#{anchor}">{title}</a>{f"<ul>{inner}</ul>" if inner else ""}</li>')
    return f'<nav aria-label="Contents">\n<ul>{"".join(items)}</ul>\n</nav>\n'


def _clauses(agreement: Agreement, highlight: str | None) -> str:
    def level(number: str) -> str:
        return "h4" if "." in number and number.partition(".")[0] in agreement.clauses else "h3"

    return "".join(_clause(agreement, c, highlight, level(c.number)) for c in agreement.clauses.values())


def _clause(agreement: Agreement, clause: Clause, highlight: str | None, level: str) -> str:
    """One clause under a heading of this level; where there is none the page has it, and the anchor stands alone."""
    mine = highlight is not None and clause.effect != "statement" and (clause.to is None or highlight in clause.to)
    marked = ' class="isa-mine-clause"' if mine else ""
    note = f'<p class="isa-note">Why: {escape(clause.note)}</p>' if clause.note else ""
    prose = f"<p>{escape(sentence(agreement, clause))}</p>" if clause.prose else ""
    anchor, heading = f'id="clause-{clause.number}"', f"{clause.number} {escape(clause.heading)}"
    head = f"<{level} {anchor}>{heading}</{level}>" if level else f"<div {anchor}></div>"
    return f"<article{marked}>{head}{prose}{_rule(agreement, clause)}{note}</article>\n"


def _rule(agreement: Agreement, clause: Clause) -> str:
    """The parts of the rule that the prose does not say, so that nothing that binds is unsaid."""
    if clause.effect == "statement":
        return ""
    filled, told = slots(agreement, clause), set(SLOT.findall(clause.prose))
    when = listed(fact_name(agreement, fact) for fact in clause.when)
    needs = dict.fromkeys(need for name in clause.gateways for need in agreement.gateways[name].needs)
    terms = [
        ("Acting as", "" if "acting" in told or clause.acting is None else filled["acting"]),
        ("Of records owned by", "" if "from" in told or clause.owners is None else filled["from"]),
        ("Legal gateway", "" if "gateway" in told else filled["gateway"]),
        ("Condition", "" if "condition" in told else filled["condition"]),
        ("Only while", "" if "when" in told else when),
        ("The power needs, between parties", listed(fact_name(agreement, need) for need in needs)),
        ("Only in an emergency", fact_name(agreement, EMERGENCY) if clause.emergency and not clause.when else ""),
        ("Unless", "" if "unless" in told else filled["unless"]),
        ("Then", listed(_obligation(o.do, o.who, o.within, o.by) for o in clause.obligations)),
        ("Change of regime", "data leave DPA 2018 Part 3 for the UK GDPR" if clause.regime_change else ""),
    ]
    rows = "".join(f"<dt>{escape(term)}</dt><dd>{escape(high(text))}</dd>" for term, text in terms if text)
    return f'<dl class="isa-rule">{rows}</dl>' if rows else ""


def _obligation(do: str, who: str, within: str, by: str) -> str:
    words = {"justify": "give a reason", "notify": "tell", "review": "have it reviewed"}[do]
    told = {"dpo:owner": "the owner’s data-protection officer"}.get(who, who)
    limit = {"PT1H": "within one hour"}.get(within, f"within {within}" if within else "")
    return " ".join(part for part in (words, told, limit, f"by the {by.replace('-', ' ')}" if by else "") if part)


def _examples(agreement: Agreement) -> str:
    rows: list[Sequence[str]] = [(example.say, _expected(example.expect)) for example in agreement.examples]
    return table("Decided cases, signed with the text and run whenever it is loaded", ("Case", "Outcome"), rows)


def _expected(expect: str) -> str:
    effect, clause, *rest = expect.split()
    if effect == "permit":
        return f"Permitted by clause {clause}{f' ({listed(rest)})' if rest else ''}"
    return f"Refused by clause {clause}{f'; nearest is clause {rest[1]}' if rest else ''}"


def _digest(agreement: Agreement) -> str:
    return (
        "<p>The parties sign this digest (SHA-256 over the RFC 8785 canonical form of the document):</p>\n"
        f'<p class="isa-digest">{agreement.digest}</p>\n'
    )
