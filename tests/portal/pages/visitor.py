"""Someone signed in to a real application over a test installation, who follows links and sends forms."""

import re
import uuid
from collections.abc import Mapping
from html import unescape

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal import gate
from portal.auth import sessions
from portal.auth.actor import Actor
from portal.auth.sessions import SignedInBy
from portal.db import HOUR, SECOND, now_micros
from tests.installation import World


class Visitor:
    """A browser without JavaScript. Forms are sent with the token of the page they stand on."""

    def __init__(self, world: World, actor: Actor) -> None:
        self.world, self.actor = world, actor
        self.app = world.app()
        self.client: FlaskClient = self.app.test_client()
        self.page = ""
        self.sign_in(actor)

    def sign_in(self, actor: Actor) -> None:
        """Go on as someone else, or in another capacity."""
        now, db = now_micros(), self.world.session
        with self.world.doors.log.transaction(db) as tx:
            by = SignedInBy("tests", b"i" * 16, None, now // SECOND, "")
            fresh = sessions.create(tx.session, actor.user, by, actor.capacity, now + HOUR, now)
            if actor.stepped_up:
                stepped = sessions.step_up(tx.session, fresh.cookie, fresh.session, b"i" * 16, now)
                assert stepped is not None
                fresh = stepped
        self.client.set_cookie(gate.cookie_name(self.world.settings.secure), fresh.cookie)

    def get(self, path: str, status: int = 200) -> str:
        """The page at a path, redirects followed."""
        return self._keep(self.client.get(path, follow_redirects=True), status)

    def send(self, path: str, form: Mapping[str, str], status: int = 200, *, follow: bool = True) -> str:
        """Send a form, with the token and the hidden inputs of the page that was last looked at."""
        data = {**self.hidden(), **form}
        answer = self.client.post(path, data=data)
        while answer.status_code == 307:  # the browser sends the same form on; the test client would send it empty
            answer = self.client.post(answer.headers["Location"], data=data)
        if follow and answer.status_code in (302, 303):
            answer = self.client.get(answer.headers["Location"], follow_redirects=True)
        return self._keep(answer, status)

    def hidden(self) -> dict[str, str]:
        """Hidden inputs of the last page."""
        found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', self.page)
        return {unescape(name): unescape(value) for name, value in found}

    def _keep(self, answer: TestResponse, status: int) -> str:
        assert answer.status_code == status, answer.text
        self.page, self.path = answer.text, answer.request.path
        self.headers = answer.headers
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", self.page)).split())

    def open(self, case: uuid.UUID, purpose: str = "risk") -> str:
        """Open a case for a purpose; the address of the visit."""
        self.get(f"/case/{case}")
        self.send(f"/case/{case}", {"purpose": purpose, "reason": ""})
        return self.path
