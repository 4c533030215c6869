"""Proofs for an officer to take away: of one entry, and of two checkpoints of which one extends the other."""

import uuid
from collections.abc import Mapping

from flask import Blueprint, Response, request, url_for
from flask.typing import ResponseReturnValue

from portal import gate
from portal.db import db
from portal.pages import log_use
from portal.pages.limits import SEARCH, by_account, limiter
from portal.pages.presenting import clock, day, plural
from portal.pages.rendering import SENSITIVE, show
from portal.sharing.fields import Invalid
from portal.sharing.logbook import proofs
from portal.sharing.logbook.proofs import EARLIER, LATER, Answer, Proved

pages = Blueprint("log_proof", __name__, url_prefix="/log")

WRONG = {
    "short": "The log has {size} now, fewer than the later checkpoint covers: its end was cut off, or an older copy of"
    " the database was put back.",
    "forked": "Both cover {earlier}, and they differ: the log was told in two versions.",
    "earlier": "The log does not lead to the earlier checkpoint: among its first {earlier}, at least one was changed,"
    " removed, added or moved.",
    "later": "The log does not lead to the later checkpoint: among the entries after the first {earlier}, at least one"
    " was changed, removed, added or moved.",
}
"""What is wrong, by the words of `proof_files`."""
WARNING = (
    "You get a file (JSON) with what this entry says: whom it is about, which fields were opened and withheld, the"
    " reason given, and the proof that it was written so. What somebody searched for stays sealed. With the log’s key"
    " anybody can check it, without this portal."
    " Whoever has the file can read it, and the portal cannot take it back."
)


@pages.post("/<reference>/proof")
@gate.page(gate.LOG)
def entry(reference: str) -> ResponseReturnValue:
    """The proof of one entry as a file, or why there is none."""
    chosen = log_use.named()
    if chosen is None:
        return log_use.ask(url_for("log.entry", reference=reference))
    identity = _identity(request.form.get("entry", ""))
    found = proofs.prove(db.session(), gate.doors(), gate.actor(), chosen, reference, identity)
    if found.file is not None:
        return _file(found.file, f"{found.reference}.tlog-proof")
    return _none(found, identity)


@pages.get("/<reference>/told")
@gate.page(gate.LOG)
def why(reference: str) -> ResponseReturnValue:
    """Why is it taken out, with what it says?"""
    return log_use.ask() if log_use.named() is None else _ask(reference, request.args.get("entry", ""), "")


@pages.post("/<reference>/told")
@gate.page(gate.LOG)
def told(reference: str) -> ResponseReturnValue:
    """What one entry says, with its proof, as a file: its marking in its name."""
    chosen, wanted = log_use.named(), request.form.get("entry", "")
    if chosen is None:
        return log_use.ask(url_for("log.entry", reference=reference))
    identity, reason = _identity(wanted), request.form.get("reason", "")
    try:
        found = proofs.tell(db.session(), gate.doors(), gate.actor(), chosen, reference, identity, reason)
    except Invalid as invalid:
        return _ask(reference, wanted, invalid.problems["reason"])
    if found.file is not None:
        return _file(found.file, f"{found.reference}-{SENSITIVE}.json", "application/json")
    return _none(found, identity)


def _ask(reference: str, entry: str, error: str) -> ResponseReturnValue:
    back = url_for("log.entry", reference=reference, entry=entry or None)
    d = {
        "title": "Take this entry out with what it says",
        "words": WARNING,
        "hint": "It is recorded with your name",
        "action": url_for(".told", reference=reference),
        "cancel": back,
        "hidden": {"entry": entry},
        "reason": request.form.get("reason", ""),
        "error": error,
    }
    status = 422 if error else 200
    framed = {"back": back, "back_text": "The entry", "marking": SENSITIVE, **log_use.framed()}
    return show("dpo_sheet.html", "Take this entry out", status=status, **framed, d=d)


def _none(found: Proved, identity: uuid.UUID) -> ResponseReturnValue:
    back = url_for("log.entry", reference=found.reference, entry=identity.hex)
    d = {"holds": found.holds, "reference": found.reference, "entry": identity.hex}
    return show(
        "dpo_proof.html",
        "No proof yet",
        marking=SENSITIVE,
        receipt=found.receipt,
        back=back,
        back_text="The entry",
        d=d,
    )


@pages.get("/compare")
@gate.page(gate.LOG)
def compare() -> ResponseReturnValue:
    """Two checkpoints, chosen or pasted."""
    if log_use.named() is None:
        return log_use.ask()
    return _comparing({})


@pages.post("/compare")
@limiter.limit(SEARCH, key_func=by_account)
@gate.page(gate.LOG)
def compared() -> ResponseReturnValue:
    """Yes or no in words; with `file`, the proof to take away."""
    chosen = log_use.named()
    if chosen is None:
        return log_use.ask(url_for(".compare"))
    given = {name: request.form.get(f"{name}_kept") or request.form.get(name, "") for name in (EARLIER, LATER)}
    try:
        found = proofs.compare(db.session(), gate.doors(), gate.actor(), chosen, given[EARLIER], given[LATER])
    except Invalid as invalid:
        return _comparing(invalid.problems)
    proof = found.compared.proof
    if "file" in request.form and proof is not None:
        return _file(proof.text(), f"consistency-{proof.old}-{found.compared.later.size}.txt")
    return _comparing({}, found)


def words(found: Answer) -> str:
    """The answer in one sentence."""
    compared = found.compared
    sizes = {"earlier": compared.earlier.size, "later": compared.later.size, "size": compared.size}
    told = {name: plural(size, "entry", "entries") for name, size in sizes.items()}
    if compared.proof is None:
        return WRONG[compared.wrong].format(**told)
    if sizes["earlier"] == sizes["later"]:
        return f"Both say the same of the same {told['later']}."
    return (
        f"The log of {told['later']} begins with exactly the {told['earlier']} that the earlier checkpoint fixed, in"
        " the same order, none of them changed."
    )


def _comparing(problems: Mapping[str, str], found: Answer | None = None) -> ResponseReturnValue:
    form = request.form
    before = [form.get(f"{name}_kept", "") for name in (EARLIER, LATER)]
    kept = proofs.choices(db.session(), gate.doors(), gate.actor(), before)
    chosen = {LATER: str(kept[0].size)} if kept and request.method == "GET" else {}
    d = {
        "choices": tuple(
            (str(k.size), f"{plural(k.size, 'entry', 'entries')}, {clock(k.at)} on {day(k.at)}") for k in kept
        ),
        "typed": {n: (form.get(f"{n}_kept", chosen.get(n, "")), form.get(n, "")) for n in (EARLIER, LATER)},
        "errors": tuple(problems.items()),
        "newest": kept[0].note if kept else "",
        "answer": words(found) if found else "",
        "holds": found is not None and found.compared.proof is not None,
    }
    framed = log_use.framed() | ({"receipt": found.receipt} if found else {})
    title = "Compare two checkpoints"
    back = url_for("log.home")
    return show("dpo_compare.html", title, status=422 if problems else 200, back=back, back_text="Home", **framed, d=d)


def _identity(wanted: str) -> uuid.UUID:
    try:
        return uuid.UUID(wanted)
    except ValueError:
        return uuid.UUID(int=0)  # no entry has it, so the answer is that of a missing one


def _file(text: str, name: str, kind: str = "text/plain") -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, mimetype=kind, headers=headers)
