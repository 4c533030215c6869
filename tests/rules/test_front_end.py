"""The copy of the published front end leaves GOV.UK's identity behind, and fails loudly if it cannot."""

import runpy
from collections.abc import Callable
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "front_end.py"
restyled: Callable[[str], str] = runpy.run_path(str(SCRIPT))["restyled"]

CSS = (
    '@font-face{font-family:GDS Transport;src:url(/assets/fonts/light.woff2) format("woff2")}'
    ".a{font-family:GDS Transport,arial,sans-serif;color:red}"
    ".b{background:url(/assets/images/icon-document.svg)}"
    "@supports (x:y){.c:before{background-image:url(/assets/images/govuk-crest.svg)}.d{color:blue}}"
    "/*# sourceMappingURL=x.css.map */"
)


def test_font_crest_and_map_go_and_the_rest_stays() -> None:
    assert restyled(CSS) == (
        ".a{font-family:arial,sans-serif;color:red}"
        ".b{background:url(images/icon-document.svg)}"
        "@supports (x:y){.d{color:blue}}"
    )


@pytest.mark.parametrize("css", [".a{font-family:GDS Transport}", "@media x{.a{b:url(crown.svg);c:url(d)"])
def test_what_it_cannot_clean_stops_the_set_up(css: str) -> None:
    with pytest.raises(SystemExit, match="still names"):
        restyled(css)
