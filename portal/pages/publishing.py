"""The log as others see it (C2SP tlog-tiles): checkpoint, tiles, and a page on who vouches for it."""

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from portal import gate
from portal.db import db
from portal.errors import NotFound
from portal.pages import log_use
from portal.pages.limits import ADDRESS, by_address, limiter
from portal.pages.rendering import show
from portal.pages.witness_view import told
from portal.sharing.logbook import vouching

pages = Blueprint("publishing", __name__, url_prefix="/log")


@pages.get("/checkpoint")
@limiter.limit(ADDRESS, key_func=by_address)
@gate.page(gate.OPEN)
def checkpoint() -> ResponseReturnValue:
    """The newest checkpoint with its cosignatures, once they make the quorum."""
    try:
        note = vouching.published(db.session(), gate.doors()).note
    except NotFound:
        return _nothing()
    return Response(note, content_type="text/plain; charset=utf-8")


@pages.get("/tile/<path:place>")
@limiter.limit(ADDRESS, key_func=by_address)
@gate.page(gate.OPEN)
def tile(place: str) -> ResponseReturnValue:
    """A tile of hashes; it never changes."""
    try:
        return Response(vouching.tile(db.session(), gate.doors(), place), content_type="application/octet-stream")
    except NotFound:
        return _nothing()


@pages.get("/tile/entries/<path:place>")
@gate.page(gate.LOG)
def bundle(place: str) -> ResponseReturnValue:
    """A bundle of entries, for an officer who may read all of them."""
    chosen = log_use.named()
    if chosen is None:
        return log_use.ask()
    content = vouching.bundle(db.session(), gate.doors(), gate.actor(), chosen, f"entries/{place}")
    return Response(content, content_type="application/octet-stream")


@pages.get("/about")
@limiter.limit(ADDRESS, key_func=by_address)
@gate.page(gate.OPEN)
def about() -> ResponseReturnValue:
    """Who vouches for the log, and since when: for officers, for witnesses, for anybody."""
    return show(
        "log_about.html", "Who vouches for the access log", d=told(vouching.vouched(db.session(), gate.doors()))
    )


def _nothing() -> ResponseReturnValue:
    return Response("There is nothing here.\n", 404, content_type="text/plain; charset=utf-8")
