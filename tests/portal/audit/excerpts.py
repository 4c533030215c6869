"""Bundles for tests: made by the portal's own export, taken apart, changed and put together again."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

from portal.audit import exporting, verify
from portal.audit.bundle import Bundle
from portal.audit.exporting import Wanted


def export(world, path: Path, **wanted) -> Path:
    """A bundle of the world's log, over everything unless `wanted` says otherwise."""
    with world.session() as session:
        exporting.export(session, path, Wanted(world.signer().verifier, **wanted))
    return path


def run(capsys, *arguments: object) -> SimpleNamespace:
    """The verifier's command line in this process: `code`, `out`, `err`."""
    code = verify.main([str(each) for each in arguments])
    said = capsys.readouterr()
    return SimpleNamespace(code=code, out=said.out, err=said.err)


def standalone(script: Path, *arguments: object) -> SimpleNamespace:
    """The single file, in a Python that can import `cryptography` and nothing else of ours."""
    done = subprocess.run([sys.executable, "-I", script, *map(str, arguments)], capture_output=True, text=True)
    return SimpleNamespace(code=done.returncode, out=done.stdout, err=done.stderr)


def members(path: Path) -> dict[str, bytes]:
    """Everything in a bundle, by name."""
    with zipfile.ZipFile(path) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def rewritten(path: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """A copy of a bundle in which `change` has been at the members."""
    held = members(path)
    change(held)
    copy = path.with_name(f"changed-{path.name}")
    with zipfile.ZipFile(copy, "w") as into:
        for name, content in held.items():
            into.writestr(name, content)
    return copy


def lines(held: dict[str, bytes], name: str) -> list[bytes]:
    """The lines of a member."""
    return held[name].removesuffix(b"\n").split(b"\n") if held[name] else []


def put(held: dict[str, bytes], name: str, content: list[bytes]) -> None:
    """Put lines back into a member."""
    held[name] = b"".join(line + b"\n" for line in content)


def notes(path: Path) -> list[str]:
    """The signed checkpoints of a bundle."""
    return [json.loads(line)["note"] for line in lines(members(path), "checkpoints.jsonl")]


def manifest(path: Path):
    """What the bundle says it is."""
    with Bundle(path) as bundle:
        return bundle.manifest
