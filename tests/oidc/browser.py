"""A person at a browser, over real HTTP, without a browser: follows redirects and presses buttons of plain forms."""

import re
from html import unescape
from urllib.parse import parse_qsl, urljoin, urlsplit

import requests

from tests.machine import PATIENCE


class Person:
    """Keeps cookies like a browser. Answers for the portal come back as the query of its callback."""

    def __init__(self, portal: str) -> None:
        self.portal = portal
        self.http = requests.Session()
        self.http.trust_env = False

    def close(self) -> None:
        self.http.close()

    def sign_in(self, url: str, account: str, field: str = "account") -> dict[str, str]:
        """Go to the provider, choose an account if asked, confirm if asked; the answer sent to the portal."""
        return dict(parse_qsl(urlsplit(self.follow(url, {field: account})).query))

    def follow(self, url: str, press: dict[str, str]) -> str:
        """Follow redirects and post the forms on the way, until an address of the portal; gives that address."""
        answer = self.http.get(url, allow_redirects=False, timeout=PATIENCE)
        for _ in range(12):
            if answer.is_redirect:
                to = urljoin(answer.url, answer.headers["location"])
                if to.startswith(self.portal):
                    return to
                answer = self.http.get(to, allow_redirects=False, timeout=PATIENCE)
                continue
            answer.raise_for_status()
            form = re.search(r"<form(.*?)>(.*?)</form>", answer.text, re.S)
            assert form, f"no form and no redirect: {answer.status_code} {answer.text[:300]}"
            action = re.search(r'action="([^"]*)"', form[1])
            hidden = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form[2])
            to = urljoin(answer.url, unescape(action[1])) if action else answer.url
            data = {name: unescape(value) for name, value in hidden} | press
            answer = self.http.post(to, data=data, allow_redirects=False, timeout=PATIENCE)
        raise AssertionError("too many redirects")
