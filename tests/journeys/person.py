"""A person at a browser, in the words of the pages: they press, follow, fill in and read."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import BrowserContext, Locator, Page, Response, expect

from portal.demo.people import staff
from tests.journeys import axe


@dataclass
class Person:
    """One browser of one person. Every page that `look` is called on must be sound at this width."""

    context: BrowserContext
    base: str
    scripts: bool
    pictures: Path | None
    page: Page = field(init=False)

    def __post_init__(self) -> None:
        self.page = self.context.new_page()

    def goes_to(self, path: str) -> Response:
        """Open an address of the portal."""
        answer = self.page.goto(self.base + path)
        assert answer is not None
        return answer

    def presses(self, name: str, within: Locator | None = None) -> None:
        """Press the button of that name."""
        (within or self.page).get_by_role("button", name=name).click()

    def follows(self, name: str | re.Pattern[str], within: Locator | None = None) -> None:
        """Follow the first link of that name."""
        (within or self.page).get_by_role("link", name=name).first.click()

    def fills(self, label: str, text: str, within: Locator | None = None) -> None:
        """Fill in the box of that label."""
        (within or self.page).get_by_label(label, exact=True).fill(text)

    def chooses(self, label: str, within: Locator | None = None) -> None:
        """Choose one of several."""
        (within or self.page).get_by_role("radio", name=label, exact=True).check()

    def reads(self, *words: str) -> None:
        """Each of these stands on the page, to be seen."""
        for text in words:
            expect(self.page.locator("body")).to_contain_text(text)

    def does_not_read(self, *words: str) -> None:
        """None of these stands anywhere in the page, seen or not."""
        source = self.page.content()
        for text in words:
            assert text not in source, text

    def heading(self, words: str | re.Pattern[str]) -> None:
        """The page has arrived: its one heading says so."""
        expect(self.page.get_by_role("heading", level=1)).to_contain_text(words)

    def looks_at_both_widths(self, name: str) -> None:
        """`look`, and again on a phone: for pages that can be met only once."""
        self.look(name)
        before = self.page.viewport_size
        self.page.set_viewport_size({"width": 390, "height": 844})
        self.look(name)
        if before:
            self.page.set_viewport_size(before)

    def look(self, name: str) -> None:
        """The page is sound: axe, one heading, the marking twice, nothing wider than the screen."""
        page = self.page
        page.wait_for_load_state()
        assert page.get_by_role("heading", level=1).count() == 1, name
        markings = page.locator(".app-marking").all_inner_texts()
        assert len(markings) == 2, name
        assert len(set(markings)) == 1, name
        if not self.scripts:  # axe is a script; the page it would look at is the same, as it has none of its own
            return
        self._picture(name)
        wide = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{name} is {wide} px too wide"
        assert page.evaluate("() => document.scripts.length") == 0, name
        assert axe.violations(page) == [], name

    def _picture(self, name: str) -> None:
        if self.pictures:
            width = self.page.viewport_size["width"] if self.page.viewport_size else 0
            self.page.screenshot(path=self.pictures / f"{name}-{width}.png", full_page=True)

    def signs_in(self, key: str, then: str = "/") -> None:
        """Sign in to the demo as a member of its roster, by way of the organisation's own sign-in, and go on to `then`.

        Someone with several roles is left at the page that asks which.
        """
        member = staff.by_key()[key]
        self.goes_to("/sign-in" + (f"?next={then}" if then != "/" else ""))
        self.page.get_by_text("Show all").click()
        self.page.locator(f'button[name=organisation][value="{member.party}"]').first.click()
        self.page.get_by_role("button", name=member.name).click()
        expect(self.page).to_have_url(re.compile(re.escape(self.base)))

    def signs_in_again(self) -> None:
        """Continue with the organisation of last time, which still knows who is at this browser."""
        self.heading("Sign in")
        self.page.get_by_role("button", name="Continue with").click()
        expect(self.page).not_to_have_url(re.compile("/sign-in$"))

    def confirms(self) -> None:
        """Give the fresh proof of identity that a page asks for."""
        self.heading("Confirm that it is you")
        self.page.get_by_role("button", name="Confirm with").click()
        self.page.get_by_role("button", name="Yes, I am").click()

    def opens_case(self, name: str, purpose: str) -> str:
        """From home: the case of that person, for that purpose. Gives the address of the visit."""
        self.follows(re.compile(name))
        self.chooses(purpose)
        self.presses("Open the case")
        self.heading(name)
        return self.page.url.removeprefix(self.base).partition("#")[0]
