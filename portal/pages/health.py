"""Whether this process can serve: for supervisors and load balancers."""

from flask import Blueprint
from sqlalchemy import text

from portal import gate
from portal.db import db

pages = Blueprint("health", __name__)


@pages.get("/healthz")
@gate.page(gate.OPEN)
def healthz() -> tuple[dict[str, str], int]:
    """200 when the database answers and the log may be written; else 503, and why a stopped log was stopped."""
    db.session.execute(text("SELECT 1"))
    stopped = gate.doors().stop().sentence()
    if stopped:
        return {"status": "stopped", "why": stopped}, 503
    return {"status": "ready"}, 200
