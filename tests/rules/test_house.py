"""House rules as tests: what import-linter cannot see, and what a reviewer should not have to look for."""

import ast
import re
import subprocess
from pathlib import Path

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


def test_every_setting_is_documented() -> None:
    import dataclasses

    from portal.config import Settings

    text = (ROOT / "docs" / "operations.md").read_text("utf-8")
    missing = [f.name for f in dataclasses.fields(Settings) if f"PORTAL_{f.name.upper()}" not in text]
    assert missing == []


def test_every_make_target_of_the_readme_exists() -> None:
    named = set(re.findall(r"`make ([a-z-]+)`|^make ([a-z-]+)", (ROOT / "README.md").read_text("utf-8"), re.M))
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in {a or b for a, b in named}:
        assert re.search(rf"^{target}:", makefile, re.M), target
