"""A browser at the whole application, without a network: signed in as whom a test says, with form tokens that fit."""

import re
from html import unescape
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal.audit import tables as audit_tables
from portal.auth import sessions
from portal.auth.actor import Actor
from portal.auth.sessions import SignedInBy
from portal.db import HOUR, now_micros
from tests.installation import World

RAW = "a form token's secret half"


class Web:
    """One browser. `get` and `post` give the answer; `text` is its words without markup."""

    def __init__(self, app: Flask, world: World) -> None:
        self.app = app
        self.world = world
        self.client: FlaskClient = app.test_client()
        self.last: TestResponse | None = None

    def sign_in(self, actor: Actor, *, capacity: bool = True) -> str:
        """Give this browser a live session of the actor, with its capacity or none; the public id of the session."""
        now = now_micros()
        by = SignedInBy("police", b"i" * 32, None, None, "token")
        with self.world.doors.log.transaction(self.world.session) as tx:
            chosen = actor.capacity if capacity else None
            fresh = sessions.create(tx.session, actor.user, by, chosen, now + 8 * HOUR, now)
            if actor.stepped_up:
                row = sessions.live_by_cookie(tx.session, fresh.cookie)
                assert row is not None
                row.stepped_up_at = now
        self.client.set_cookie("session-demo", fresh.cookie, domain="127.0.0.1")
        return fresh.session

    def get(self, path: str, **more: Any) -> TestResponse:
        """A page."""
        self.last = self.client.get(path, base_url="http://127.0.0.1", **more)
        return self.last

    def post(self, path: str, data: dict[str, Any] | None = None, token: bool = True, **more: Any) -> TestResponse:
        """A form, with the token this browser would have been given."""
        sent = dict(data or {})
        if token:
            sent["csrf_token"] = self._token()
        self.last = self.client.post(path, data=sent, base_url="http://127.0.0.1", **more)
        return self.last

    @property
    def text(self) -> str:
        """The last answer as words."""
        assert self.last is not None
        return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", self.last.text)))

    def logged(self) -> list[tuple[str, str]]:
        """(operation, outcome) of every entry of the log, oldest first."""
        self.world.session.rollback()
        entry = audit_tables.ENTRY
        found = self.world.session.execute(select(entry.c.operation, entry.c.outcome).order_by(entry.c.at))
        return [(row[0], row[1]) for row in found]

    def _token(self) -> str:
        with self.client.session_transaction(base_url="http://127.0.0.1") as kept:
            kept["csrf_token"] = RAW
        signer = URLSafeTimedSerializer(self.app.config["SECRET_KEY"], salt="wtf-csrf-token")
        return str(signer.dumps(RAW))
