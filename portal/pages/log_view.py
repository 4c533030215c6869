"""What the officer's pages show, made of what `sharing.logbook` answers: words, paths and the values of boxes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from flask import url_for

from portal.pages.boxes import day_parts, day_text, day_typed
from portal.pages.presenting import joined, moment, plural
from portal.sharing.logbook.entries import Listing, Wanted
from portal.sharing.logbook.one import Whole
from portal.sharing.logbook.verifying import Verified

Day = tuple[str, str, str]
FEW = 3  # cases that a sentence names

OWN = "Entries of your own users, and of others who opened records of your agency (clause 9.3)."
ALL = "Everything recorded under the agreements that your organisation is a party to (clause 9.3)."
CHECKED = (
    "Every entry, byte by byte, against the hash that the next ones build on",
    "The order of the entries, and that none is missing between two",
    "Every signed checkpoint, also the one kept outside the database since the last good check",
    "The sealed details, and the columns that people filter by, against what each entry says",
    "That details which are gone are just those that entries say were erased at the end of their period",
    "That the database still refuses to change or remove an entry",
)
ADVICE = (
    "Change nothing and delete nothing. Write down the reference of this page and the time. Tell the partnership’s"
    " data-protection officer and whoever runs the service now, by telephone, and ask them to keep the database and the"
    " last backup as they are. Treat it as a personal data breach until it is explained: the 72 hours of the Data"
    " Protection Act 2018, section 67, run from now."
)


FINDINGS = (
    ("justified", "It was justified"),
    ("questioned", "I have sent a query and wait for the answer"),
    ("escalated", "I have escalated it"),
)
"""What an officer may find of an emergency access, by the ids of `findings.OUTCOMES`."""


@dataclass(frozen=True, slots=True)
class Pages:
    """Links to the pages of a list before and after."""

    newer: str | None
    older: str | None
    words: str


@dataclass(frozen=True, slots=True)
class Typed:
    """The filter form as it was sent, or as the address has it."""

    case: str
    actor: str
    agency: str
    operation: str
    purpose: str
    outcome: str
    what: str
    since: Day
    until: Day


def typed(wanted: Wanted) -> Typed:
    """The boxes for what is wanted."""
    return Typed(
        case=wanted.case,
        actor=wanted.actor.hex if wanted.actor else "",
        agency=wanted.agency,
        operation=wanted.operation,
        purpose=wanted.purpose,
        outcome=wanted.outcome,
        what=wanted.what,
        since=_day(wanted.since),
        until=_day(wanted.until),
    )


def _day(value: date | None) -> Day:
    if value is None:
        return "", "", ""
    return day_typed(day_parts("on", value.isoformat()), "on")


def asked(form: Mapping[str, str]) -> tuple[Wanted, Typed, tuple[tuple[str, str], ...]]:
    """(wanted, boxes, errors) of a filter form as sent. A box that is wrong stays as typed and narrows nothing."""
    terms = {name: form.get(name, "").strip() for name in ("case", "actor", "agency", "operation", "purpose")}
    terms |= {name: form.get(name, "").strip() for name in ("outcome", "what")}
    errors: list[tuple[str, str]] = []
    boxes = Typed(**terms, since=day_typed(form, "since"), until=day_typed(form, "until"))
    for name, label in (("since", "From"), ("until", "To")):
        text = day_text(form, name)
        try:
            terms[name] = date.fromisoformat(text).isoformat() if text else ""
        except ValueError:
            errors.append((name, f"{label} must be a real date, like 27 3 2026"))
    if not errors and terms["since"] and terms["until"] and terms["since"] > terms["until"]:
        errors.append(("until", "To must not lie before From"))
    try:
        wanted = Wanted.of(terms)
    except ValueError:  # not one of the choices that were offered
        wanted = Wanted.of(terms | {"actor": ""})
    return wanted, boxes, tuple(errors)


def lede(found: Listing, everything: bool) -> str:
    """The filters, read out."""
    if not found.asked:
        return ALL if everything else OWN
    return f"Narrowed to {joined(f'{label} {text}' for label, text in found.asked)}."


def total(found: Listing) -> str:
    """ "12 entries", or "More than 10,000 entries"."""
    if found.total >= found.most:
        return f"More than {found.most - 1:,} entries"
    return plural(found.total, "entry", "entries")


def sentence(whole: Whole) -> str:
    """Who, as what, did what to which case, when, for which purpose: one sentence to read out."""
    line = whole.line
    who = f"{line.who}, {line.role} of {line.agency}," if line.role else f"{line.who}{_of(line.agency)}"
    did = line.did[:1].lower() + line.did[1:]
    tried = {"refused": "was refused: ", "failed": "failed: "}.get(line.outcome, "")
    cases = joined(line.about) if len(line.about) <= FEW else plural(len(line.about), "case")
    about = f": {cases}" if line.about else ""
    return f"On {moment(line.at)}, {who} {tried}{did}{about}{f', for {line.purpose}' if line.purpose else ''}."


def _of(agency: str) -> str:
    return f" ({agency})" if agency else ""


def proof_words(whole: Whole) -> str:
    """Whether the entry is proved, for anyone."""
    proof = whole.proof
    if proof.holds is False:
        return "The proof does not hold: this entry, or the log around it, was changed. Verify the log now."
    if proof.holds is None or proof.size is None or proof.signed_at is None:
        return "This entry is younger than the last signed checkpoint. Its proof is made in a few seconds."
    return (
        f"It stands in the log as it was written: its bytes, read again just now, lead to the checkpoint over"
        f" {plural(proof.size, 'entry', 'entries')} that was signed on {moment(proof.signed_at)}."
    )


def proof_parts(whole: Whole) -> tuple[tuple[str, str], ...]:
    """The proof for an expert: (label, text)."""
    proof = whole.proof
    told = [("Index in the log", "" if proof.index is None else f"{proof.index:,}"), ("Leaf hash", proof.leaf.hex())]
    told += [("Root of the checkpoint", proof.root.hex()), ("Inclusion proof", " ".join(h.hex() for h in proof.path))]
    return tuple((label, text) for label, text in told if text)


def verdict(found: Verified) -> dict[str, object]:
    """The result of a check as the page shows it."""
    took = plural(found.seconds, "second") if found.seconds else "less than a second"
    words = f"checked on {moment(found.at)} in {took}"
    younger = found.entries - found.covered
    last = plural(found.covered, "entry", "entries")
    against = f" against {plural(found.checkpoints, 'signed checkpoint')}, the last over {last}"
    plain = f"All {plural(found.entries, 'entry', 'entries')} are whole and in order, {words}{against}."
    if younger:
        plain += f" {plural(younger, 'entry', 'entries')} came after it and will stand under the next."
    if found.erased:
        gone = plural(found.erased, "sealed detail was", "sealed details were")
        plain += f" {gone} erased at the end of the period, just as entries of the log say (clause 9.33)."
    first_bad = ""
    if found.reference:
        first_bad = f"Entry {found.reference}, number {found.index or 0:,} of the log."
    elif found.index is not None:
        first_bad = f"Entry number {found.index:,} of the log, or one soon after it."
    return {
        "whole": found.whole,
        "sentence": plain if found.whole else found.sentence,
        "first_bad": first_bad,
        "entry_path": url_for("log.entry", reference=found.reference) if found.reference else "",
        "advice": ADVICE,
        "checked": CHECKED,
        "when": words,
        "recorded": found.recorded,
    }
