"""A browser at the application over an installation of this test's own."""

from collections.abc import Iterator

import pytest

from portal.db import db
from tests.installation import World
from tests.portal.pages.web import Web, open_app


@pytest.fixture
def web(world: World) -> Iterator[Web]:
    """Not signed in yet; `web.sign_in(world.actor(…))` does that."""
    app = open_app(world.settings)
    yield Web(app, world)
    with app.app_context():
        db.engine.dispose()
