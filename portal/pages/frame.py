"""What every page is framed by, whatever it shows: who you are, as what, for which purpose, and what was recorded.

`layout.html` receives one `Frame` as `page`; a template's own data is described at the head of that template.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

SERVICE = "Accord"
"""Name of the service, in the header and in every title."""


class Recorded(Protocol):
    """The receipt of the access log: what to quote, and when it was made durable."""

    @property
    def reference(self) -> str:
        """The reference a person can read out, such as "K7QF-2M"."""

    @property
    def at(self) -> datetime:
        """When the entry was recorded, with its zone."""


@dataclass(frozen=True, slots=True)
class NavItem:
    """One place in the navigation. `count` is how many things wait there, None where that is not counted."""

    text: str
    path: str
    current: bool = False
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """A message above the page. `emergency` is the standing banner while emergency access is open."""

    kind: Literal["done", "notice", "warning", "emergency"]
    text: str
    heading: str = ""
    path: str = ""
    path_text: str = ""


@dataclass(frozen=True, slots=True)
class Links:
    """Where the frame's own links lead; the application gives them once."""

    home: str = "/"
    search: str = "/search"
    agreement: str = "/agreement"
    change_capacity: str = "/capacity"
    sign_out: str = "/sign-out"
    accessibility: str = "/accessibility"
    help: str = "/help"
    mails: str = "/e-mails"
    induction: str = "/induction"
    privacy: str = "/privacy"


@dataclass(frozen=True, slots=True)
class Frame:
    """The frame of one page.

    `who` and `capacity` are None before sign-in; `purpose` is in plain words, with `purpose_path` to change it;
    `visit` is the address of the case being visited; `back` and `back_text` are the link above the heading;
    `refresh_seconds` asks the browser to load the page anew after so long (a progress page).
    """

    title: str
    marking: Literal["OFFICIAL", "OFFICIAL-SENSITIVE"]
    csrf: Callable[[], str]
    who: str | None = None
    capacity: str | None = None
    can_change_capacity: bool = False
    purpose: str | None = None
    purpose_path: str | None = None
    visit: str | None = None
    receipt: Recorded | None = None
    nav: tuple[NavItem, ...] = ()
    alerts: tuple[Alert, ...] = ()
    back: str | None = None
    back_text: str = "Back"
    can_search: bool = False
    demo: bool = False
    refresh_seconds: int | None = None
    links: Links = Links()
    service: str = SERVICE
