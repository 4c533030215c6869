"""From the portal's pages to a stranger's bare Python: three witnesses, an export, and the one-file verifier.

Each forgery of the bundle is named there. What runs the verifier has Python and `cryptography`, and nothing of ours.
"""

import importlib.util
import json
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from portal.audit.note import Signer, Verifier, split_note
from portal.audit.sequencer import drain
from portal.cli.main import portal
from tests import installation
from tests.machine import PATIENCE
from tests.portal.audit.excerpts import lines, members, put, rewritten
from tests.portal.pages.test_publishing import given, three  # noqa: F401 (fixtures)
from tests.portal.pages.web import Web

NEEDED = ("cryptography", "_cffi_backend", "cffi", "pycparser", "typing_extensions")
BARE = "import runpy, sys; sys.path.append({folder!r}); runpy.run_path({script!r}, run_name='__main__')"
ABSENT = "import sys; sys.path.append({folder!r})\ntry:\n import {name}\nexcept ImportError: sys.exit(7)"


def command(given, *arguments):  # noqa: F811
    environ = {
        "PORTAL_HOME": str(given.home),
        "PORTAL_BASE_URL": given.base_url,
        "PORTAL_DEMO": "true",
        "PORTAL_LOG_ORIGIN": given.log_origin,
        "PORTAL_WITNESS_POLICY": given.witness_policy,
    }
    ran = CliRunner().invoke(portal, ["audit", *map(str, arguments)], env=environ)
    assert ran.exit_code == 0, ran.output
    return ran.output


class Stranger:
    """A Python without site-packages, which finds `cryptography` in a folder of its own, and the verifier's file."""

    def __init__(self, folder: Path, verifier: str) -> None:
        self.folder, self.script = folder / "packages", folder / "verify.py"
        self.folder.mkdir()
        self.script.write_text(verifier, "utf-8")
        for name in NEEDED:
            found = importlib.util.find_spec(name)
            if found is not None and found.origin is not None:
                origin = Path(found.origin)
                source = origin.parent if origin.name == "__init__.py" else origin
                (self.folder / source.name).symlink_to(source)

    def verify(self, *arguments: object) -> SimpleNamespace:
        code = BARE.format(folder=str(self.folder), script=str(self.script))
        return self._run(code, *arguments)

    def lacks(self, name: str) -> bool:
        return self._run(ABSENT.format(folder=str(self.folder), name=name)).code == 7

    def _run(self, code: str, *arguments: object) -> SimpleNamespace:
        whole = [sys.executable, "-I", "-S", "-c", code, *map(str, arguments)]
        done = subprocess.run(whole, capture_output=True, text=True, cwd=self.folder)
        return SimpleNamespace(code=done.returncode, out=done.stdout, err=done.stderr)


def worked(given) -> None:  # noqa: F811
    """A practitioner looks at a case, an officer at the log; every witness has signed for it."""
    with installation.opened(given) as world:
        amy = world.actor("police", "practitioner", "Amy Reed")
        case = world.case(assigned=[amy])
        web = Web(world.app(), world)
        web.sign_in(amy)
        assert "Marlowe" in web.get(web.post(f"/case/{case}", {"purpose": "risk", "reason": ""}).location).text
        drain(world.session, world.doors.signer(world.session))
        until = time.monotonic() + PATIENCE
        while "Enough witnesses vouch for all of them" not in web.get("/log/about").text and time.monotonic() < until:
            time.sleep(0.2)


def of_notes(change):
    """A change of a bundle's members: each signed checkpoint as `change` makes it."""

    def work(held):
        notes = [json.loads(line)["note"] for line in lines(held, "checkpoints.jsonl")]
        put(held, "checkpoints.jsonl", [json.dumps({"note": change(note)}).encode() for note in notes])

    return work


def one_witness_left(note: str) -> str:
    head, _, tail = note.rpartition("\n\n")
    signatures = tail.splitlines(keepends=True)
    return f"{head}\n\n{''.join(signatures[:2])}"


def resigned(note: str) -> str:
    body = split_note(note)[0]
    return Signer(body.partition("\n")[0], b"\x09" * 32).sign(body)


def edited(held) -> None:
    leaves = lines(held, "entries.jsonl")
    place = next(n for n, leaf in enumerate(leaves) if b'"operation":"consultation"' in leaf)
    leaves[place] = leaves[place].replace(b'"agency":"police"', b'"agency":"health"')
    put(held, "entries.jsonl", leaves)


@pytest.mark.long
def test_a_stranger_with_a_bare_python_finds_the_log_whole_and_each_forgery(given, tmp_path):  # noqa: F811
    worked(given)
    bundle, policy = tmp_path / "log.zip", tmp_path / "auditors-policy.txt"
    said = command(given, "export", bundle, "--use", "s62-integrity", "--reason", "The Commissioner asked")
    key = said.split("key ")[-1].strip()
    assert Verifier.parse(key).name == given.log_origin
    policy.write_text(Path(given.witness_policy).read_text())
    stranger = Stranger(tmp_path, command(given, "verifier"))
    assert all(stranger.lacks(name) for name in ("portal", "sqlalchemy", "flask", "rfc8785"))
    believed = ("--key", key, "--policy", policy)
    whole = stranger.verify(bundle, *believed)
    assert (whole.code, whole.out.startswith("All ")) == (0, True), whole
    assert "enough of them for the policy cosigned up to" in whole.out
    cases = {
        "dropped": (of_notes(one_witness_left), "no checkpoint of the bundle is cosigned by enough witnesses"),
        "edited": (edited, "it was changed"),
        "replaced": (of_notes(resigned), "your key signed none of its checkpoints: the log's key was replaced"),
    }
    for name, (change, words) in cases.items():
        forged = rewritten(bundle, change)
        assert members(forged) != members(bundle)
        found = stranger.verify(forged, *believed)
        assert (found.code, words in found.out) == (1, True), (name, found)
