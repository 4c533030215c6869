"""A browser at the application over an installation of this test's own."""

import pytest

from tests.installation import World
from tests.portal.pages.web import Web


@pytest.fixture
def web(world: World) -> Web:
    """Not signed in yet; `web.sign_in(world.actor(…))` does that."""
    return Web(world.app(), world)
