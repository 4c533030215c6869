"""axe-core on a page as it stands: no violation of WCAG 2.2 AA, or of what axe holds to be best practice."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

SOURCE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
RUN = f"axe.run(document, {{runOnly: {json.dumps(RULES)}, resultTypes: ['violations']}}).then(r => r.violations)"


@cache
def source() -> str:
    """The published axe-core, as installed by npm."""
    if not SOURCE.is_file():
        pytest.fail("node_modules/axe-core is needed: run make test, or npm ci")
    return SOURCE.read_text("utf-8")


def violations(page: Page) -> list[str]:
    """What axe finds, a line each: rule, what it asks for, and the elements that break it.

    It is handed to the browser's debugger, so that the page keeps the content security policy that forbids scripts.
    """
    session = page.context.new_cdp_session(page)
    try:
        if not _evaluate(session, "typeof axe === 'object'"):
            _evaluate(session, source() + ";0")
        found = _evaluate(session, RUN)
    finally:
        session.detach()
    return [
        f"{v['id']}: {v['help']} – "
        + "; ".join(f"{n['html'][:160]} [{n.get('failureSummary', '')}]" for n in v["nodes"])
        for v in found
    ]


def _evaluate(session: Any, expression: str) -> Any:
    given = {"expression": expression, "awaitPromise": True, "returnByValue": True}
    answer = session.send("Runtime.evaluate", given)
    assert "exceptionDetails" not in answer, answer["exceptionDetails"]
    return answer["result"].get("value")
