"""From sign-in to a case without a mouse: every stop is visible, and the first one skips to the content."""

from collections.abc import Callable

from tests.journeys.person import Person

MOST = 120  # stops on the way to anything


def _stop(person: Person) -> dict[str, str]:
    return person.page.evaluate(
        """() => { const e = document.activeElement, s = getComputedStyle(e), r = e.getBoundingClientRect();
        const l = e.labels && e.labels[0] ? e.labels[0].innerText : '';
        return {name: (l || e.innerText || e.value || '').trim(), tag: e.tagName, id: e.id,
                seen: r.width > 1 && r.height > 1 && r.bottom > 0 && r.top < innerHeight,
                marked: s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0 || s.boxShadow !== 'none'}; }"""
    )


def _tabs_to(person: Person, name: str, tag: str = "") -> None:
    """Press Tab until that name has the focus; each stop on the way can be seen."""
    for _ in range(MOST):
        person.page.keyboard.press("Tab")
        stop = _stop(person)
        if stop["tag"] == "BODY":
            continue
        assert stop["seen"], stop
        assert stop["marked"], stop
        if name in stop["name"] and tag in ("", stop["tag"]):
            return
    raise AssertionError(f"no way to {name!r} by keyboard")


def test_sign_in_to_case_without_a_mouse(someone: Callable[[], Person]) -> None:
    walsh = someone()
    walsh.goes_to("/sign-in")
    _tabs_to(walsh, "Skip to main content")
    walsh.page.keyboard.press("Enter")
    assert walsh.page.evaluate("() => document.activeElement.id") == "main-content"
    _tabs_to(walsh, "Which organisation are you from?")
    walsh.page.keyboard.type("Metropolitan Police")
    walsh.page.keyboard.press("Enter")
    walsh.heading("Who are you today?")
    _tabs_to(walsh, "PC Siobhan Walsh")
    walsh.page.keyboard.press("Enter")
    walsh.heading("My cases")
    _tabs_to(walsh, "Skip to main content")
    walsh.page.keyboard.press("Enter")
    _tabs_to(walsh, "Keating", "A")
    walsh.page.keyboard.press("Enter")
    walsh.heading("Why do you need to see this?")
    _tabs_to(walsh, "Managing the risk")
    _tabs_to(walsh, "Open the case")
    walsh.page.keyboard.press("Enter")
    walsh.heading("Keating")
    _tabs_to(walsh, "Share an update")
