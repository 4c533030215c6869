"""`portal audit rotate-key` as an operator runs it, and what the portal shows of it."""

import pytest
from click.testing import CliRunner

from portal.audit.note import Verifier, open_checkpoint
from portal.cli.main import portal
from tests import installation
from tests.portal.audit.excerpts import run as verify
from tests.portal.pages.web import Web


@pytest.fixture
def given(template, tmp_path):
    made = installation.copy(template, tmp_path / "home")
    with installation.opened(made) as world:
        world.case()
    return made


def command(given, *arguments):
    environ = {
        "PORTAL_HOME": str(given.home),
        "PORTAL_BASE_URL": given.base_url,
        "PORTAL_DEMO": "true",
        "PORTAL_LOG_ORIGIN": given.log_origin,
    }
    return CliRunner().invoke(portal, ["audit", *map(str, arguments)], env=environ)


def test_a_rotation_from_its_beginning_to_its_end(given, tmp_path, capsys):
    old = (given.keys_dir / "log-verifier-key.txt").read_text().strip()
    ran = command(given, "rotate-key", "--days", "14")
    assert ran.exit_code == 0, ran.output
    new = ran.output.split("log ")[-1].strip()
    assert Verifier.parse(new).name == Verifier.parse(old).name
    assert command(given, "verify").exit_code == 0
    with installation.opened(given) as world:
        web = Web(world.app(), world)
        published = web.get("/log/checkpoint").text
        for key in (old, new):
            assert open_checkpoint(published, Verifier.parse(key)).size > 0
        page = web.get("/log/about")
        assert "The key before it" in page.text
        assert old in web.text
        assert new in web.text
        assert "Both sign until" in web.text
    again = command(given, "rotate-key")
    assert (again.exit_code, "is being replaced already" in str(again.exception)) == (1, True)
    early = command(given, "rotate-key", "--finish")
    assert "add --early" in str(early.exception)
    done = command(given, "rotate-key", "--finish", "--early")
    assert done.exit_code == 0, done.output
    assert "The log signs with its new key alone" in done.output
    assert command(given, "verify").exit_code == 0
    bundle = tmp_path / "b.zip"
    said = command(given, "export", bundle, "--use", "s62-integrity", "--reason", "A look at the new key")
    assert said.exit_code == 0, said.output
    assert verify(capsys, bundle, "--key", new).code == 0
    assert verify(capsys, bundle, "--key", given.keys_dir / "log-verifier-key.txt").code == 0
    assert verify(capsys, bundle, "--key", old).code == 2
    with installation.opened(given) as world:
        assert "The key before it" not in Web(world.app(), world).get("/log/about").text
