"""Whether this process can serve: for supervisors and load balancers."""

from flask import Blueprint
from sqlalchemy import text

from portal import gate
from portal.db import db

pages = Blueprint("health", __name__)


@pages.get("/healthz")
@gate.page(gate.OPEN)
def healthz() -> tuple[dict[str, str], int]:
    """200 when the database answers. Says nothing else about the installation."""
    db.session.execute(text("SELECT 1"))
    return {"status": "ready"}, 200
