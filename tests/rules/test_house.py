"""House rules as tests: what import-linter cannot see, and what a reviewer should not have to look for."""

import ast
import dataclasses
import re
import subprocess
import tomllib
from pathlib import Path

from portal.auth.errors import REASONS
from portal.auth.providers import PartyRule, Provider
from portal.config import Settings

ROOT = Path(__file__).parents[2]
TRACKED = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
CODE = [ROOT / name for name in TRACKED if name.endswith(".py") and name.split("/")[0] in ("portal", "isa")]


def _functions(path: Path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_every_init_is_empty() -> None:
    filled = [name for name in TRACKED if name.endswith("__init__.py") and (ROOT / name).read_text("utf-8").strip()]
    assert filled == []


def test_files_and_functions_can_be_held_in_the_head() -> None:
    lengths = sorted(len(path.read_text("utf-8").splitlines()) for path in CODE)
    assert lengths[int(len(lengths) * 0.95)] < 300
    functions = sorted(node.end_lineno - node.lineno + 1 for path in CODE for node in _functions(path))
    assert functions[int(len(functions) * 0.95)] < 40


def test_public_functions_say_what_they_promise() -> None:
    silent = []
    for path in CODE:
        tree = ast.parse(path.read_text("utf-8"))
        assert ast.get_docstring(tree) or path.name == "__init__.py", path
        for node in tree.body:
            if not isinstance(node, ast.FunctionDef | ast.ClassDef) or node.name.startswith("_"):
                continue
            if not ast.get_docstring(node):
                silent.append(f"{path.relative_to(ROOT)}: {node.name}")
    assert silent == []


def test_no_answer_of_a_session_is_remembered() -> None:
    """What a session read is of its transaction: kept by a cache, it would be stale, and keep the session alive."""
    for node in (node for path in CODE for node in _functions(path)):
        cached = any(ast.unparse(each).startswith(("lru_cache", "cache", "functools.")) for each in node.decorator_list)
        taken = {argument.arg for argument in node.args.args}
        assert not cached or not taken & {"session", "connection"}, node.name


def test_nothing_of_this_machine_or_of_a_registry_is_committed() -> None:
    bad = re.compile(r"(https?:)?//[a-z0-9.-]*(pypi|pythonhosted|npmjs|debian)[a-z0-9.-]*/|(?<![\w.])/(work|farm)/")
    found = []
    for name in TRACKED:
        path = ROOT / name
        if path.suffix in (".png", ".ico") or not path.is_file() or name == "tests/rules/test_house.py":
            continue
        if bad.search(path.read_text("utf-8", errors="replace")):
            found.append(name)
    assert found == []


def test_no_loose_ends() -> None:
    loose = re.compile(r"\b(TODO|FIXME|XXX|raise NotImplementedError)\b")
    found = [str(p.relative_to(ROOT)) for p in CODE if loose.search(p.read_text("utf-8"))]
    assert found == []


def test_the_table_of_settings_is_what_the_portal_reads() -> None:
    text = (ROOT / "docs" / "operations.md").read_text("utf-8")
    table = dict(re.findall(r"^\| `PORTAL_([A-Z_]+)` \| ([^|]+) \|", text, re.M))
    settings = {f.name.upper(): f for f in dataclasses.fields(Settings)}
    assert table.keys() == settings.keys()
    for name, field in settings.items():
        if field.default is not dataclasses.MISSING:
            shown = str(field.default).lower() if isinstance(field.default, bool) else str(field.default)
            assert table[name].strip("`") == (shown or "–"), name


def test_every_reason_of_a_refused_sign_in_is_explained() -> None:
    text = (ROOT / "docs" / "signing-in.md").read_text("utf-8")
    part = text.split("## Why a sign-in was refused")[1].split("\n## ")[0]
    rows = [line.split("|")[1] for line in part.splitlines() if line.startswith("| `")]
    assert sorted(re.findall(r"`([a-z-]+)`", " ".join(rows))) == sorted(REASONS)


def test_every_key_of_the_providers_file_is_documented() -> None:
    text = (ROOT / "docs" / "signing-in.md").read_text("utf-8")
    keys = {*Provider.model_fields, *PartyRule.model_fields}
    assert [key for key in sorted(keys) if not re.search(rf"\b{key}\b", text)] == []


def test_every_link_between_documents_leads_somewhere() -> None:
    broken = []
    for name in TRACKED:
        if name.endswith(".md"):
            path = ROOT / name
            targets = re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", path.read_text("utf-8"))
            broken += [f"{name}: {target}" for target in targets if not (path.parent / target).exists()]
    assert broken == []


def test_the_readme_names_every_part_of_the_portal_and_the_spine_as_checked() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    places = text.split("## Where things are")[1].split("\n## ")[0]
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    spine = contracts[0]["layers"]
    assert " > ".join(spine) in " ".join(places.split())
    assert [layer for layer in spine if f"portal/{layer}" not in places and layer not in ("config", "errors")] == []


def test_every_make_target_of_the_readme_exists() -> None:
    named = set(re.findall(r"`make ([a-z-]+)`|^make ([a-z-]+)", (ROOT / "README.md").read_text("utf-8"), re.M))
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in {a or b for a, b in named}:
        assert re.search(rf"^{target}:", makefile, re.M), target
