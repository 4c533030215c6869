"""What every page of a visit shares: the frame, and what happens once the visit is over."""

import uuid
from collections.abc import Callable, Mapping
from functools import wraps
from typing import ParamSpec

from flask import current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from isa.agreement import Capacity
from portal import gate
from portal.db import db
from portal.errors import NotFound
from portal.pages import rendering
from portal.sharing import visits
from portal.sharing.reading import case as reading

P = ParamSpec("P")
Answer = ResponseReturnValue
CARRIED = 200  # more inputs than any form has


def or_ask_again(view: Callable[P, Answer]) -> Callable[P, Answer]:
    """A page whose visit is over asks for the purpose again. A form that was sent comes with it, nothing is lost.

    Only to the session and capacity that the visit belonged to; anybody else meets what a missing page looks like.
    """

    @wraps(view)
    def page(*args: P.args, **kwargs: P.kwargs) -> Answer:
        try:
            return view(*args, **kwargs)
        except NotFound:
            visit = kwargs.get("visit")
            assert isinstance(visit, uuid.UUID)
            case = _over(visit)
            if case is None:
                raise
            if request.method == "GET" or not writes():
                return redirect(url_for("case.ask", case=case), 303)
            return ask(
                action=url_for("case.begin", case=case),
                kept={k: v for k, v in list(request.form.items())[:CARRIED] if k not in ("csrf_token", *ASKED)}
                | {THEN: request.path.removeprefix(f"/visit/{visit}/")},
                status=409,
            )

    return page


THEN = "then"
"""Input that says where a form that outlived its visit was going."""
WRITES = ("record.", "comment.", "change.", "action.", "ask.", "stands.", "transfer.", "papers.")
ASKED = ("purpose", "reason", THEN)
"""Inputs of the purpose question itself."""


def _over(visit: uuid.UUID) -> uuid.UUID | None:
    """The case of a visit that was this actor's and is over; None for a live one: then something else is missing.

    None too for a case that they may not know of.
    """
    session, doors, actor = db.session(), gate.doors(), gate.actor()
    found = visits.once(session, actor, visit)
    if found is None or not reading.leads(session, doors, actor, found):
        return None
    try:
        visits.resolve(session, doors, actor, visit, doors.clock())
    except NotFound:
        return found.case.id
    return None


def goes_on(then: str) -> bool:
    """Whether a new visit may go on there: only to the pages that write, or make a letter."""
    paths = current_app.create_url_adapter(request)
    try:
        endpoint = paths.match(f"/visit/{uuid.UUID(int=0)}/{then}", method="POST")[0] if paths else ""
    except HTTPException:
        return False
    return endpoint.startswith(WRITES)


def writes() -> bool:
    """Whether this request is for a page that writes about a case, or makes a letter."""
    return (request.endpoint or "").startswith(WRITES)


def ask(
    *,
    action: str,
    kept: dict[str, str] | None = None,
    chosen: str = "",
    reason: str = "",
    problems: Mapping[str, str] | None = None,
    cancel: str = "",
    status: int = 200,
) -> Answer:
    """The purpose question. `kept` are inputs of a form that is carried over to the new visit, or say alone where it
    goes on to; `problems` by input."""
    doors, actor = gate.doors(), gate.actor()
    _, _, standing = doors.book.role(Capacity(actor.party, actor.role))
    return rendering.show(
        "purpose.html",
        "Why do you need to see this?",
        status=status,
        marking=rendering.SENSITIVE if kept else rendering.OFFICIAL,
        d={
            "action": action,
            "purposes": visits.purposes(doors, actor),
            "chosen": chosen or standing,
            "reason": reason,
            "kept": kept or {},
            "outlived": bool(set(kept or {}) - {THEN}),
            "cancel": cancel,
            "errors": list((problems or {}).items()),
        },
    )
