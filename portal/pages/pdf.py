"""Tagged PDF files (PDF/UA-1) from templates of our own: nothing is fetched, and the file says no more than its page.

WeasyPrint is imported when the first file is made: it takes a second or more, and needs libraries that a machine may
lack (docs/operations.md, "PDF files"). Where they are missing, `able` is false and pages say so.
"""

import logging
import os
import sys
import warnings
from ctypes import CDLL
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Response, abort, render_template

from portal.pages.frame import SERVICE

UNPACKED = Path(sys.prefix) / "pango"
"""Where `scripts/pango.py` puts the libraries if the machine has none."""
LIBRARIES = "libraries"
"""The file in it that names them, each after what it needs."""
NEEDED = ("gobject-2.0", "harfbuzz", "harfbuzz-subset", "fontconfig", "pango-1.0", "pangoft2-1.0")
MAJOR = {"fontconfig": 1}
SHEET = Path(__file__).parents[1] / "static" / "pdf.css"
UNABLE = "This server cannot make PDF files: print the page instead."
WHY = "No PDF files: Pango is not on this machine (docs/operations.md, PDF files). Pages offer printing instead."


class Outside(Exception):
    """A document asked for something outside itself."""


@lru_cache(maxsize=1)
def able() -> bool:
    """Whether this server can make PDF files: its libraries load. WeasyPrint itself is not imported for that."""
    try:
        _load_unpacked()
        for name in NEEDED:
            CDLL(_file_of(name))
    except OSError:
        return False
    return True


def require() -> None:
    """Before anything is read or logged for a file: a page that says so where none can be made (HTTP 406)."""
    if not able():
        abort(406)


def made(template: str, **data: Any) -> bytes:
    """A PDF file of a template under `_pdf/`, which escapes: what was typed is text, never markup.

    It holds no time, no path and no name but those its page says. Call `require` first.
    """
    weasyprint = _weasyprint()
    html = render_template(f"_pdf/{template}", service=SERVICE, **data)
    page = weasyprint.HTML(string=html, url_fetcher=fetcher())
    sheet = weasyprint.CSS(string=SHEET.read_text("utf-8"), url_fetcher=fetcher())
    return bytes(page.write_pdf(stylesheets=[sheet], pdf_variant="pdf/ua-1"))


def answer(content: bytes, name: str) -> Response:
    """A file to keep. `name` says nothing of anybody: it stays in a list of downloads that others read."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.pdf"'}
    return Response(content, mimetype="application/pdf", headers=headers)


@lru_cache(maxsize=1)
def fetcher() -> Any:
    """What WeasyPrint asks for every address of a document: it refuses each, without looking at it.

    Documents name no address; one that is asked for came in with what somebody typed.
    """
    from weasyprint.urls import URLFetcher

    def fetch(self: object, url: str, headers: object = None) -> None:
        raise Outside("a document fetches nothing")

    return type("Nothing", (URLFetcher,), {"fetch": fetch})()


def _file_of(library: str) -> str:
    major = MAJOR.get(library, 0)
    return f"lib{library}.{major}.dylib" if sys.platform == "darwin" else f"lib{library}.so.{major}"


def _load_unpacked() -> None:
    """Load what `scripts/pango.py` brought, so that WeasyPrint finds each library by its name."""
    told = UNPACKED / LIBRARIES
    if told.is_file():
        os.environ.setdefault("FONTCONFIG_FILE", str(UNPACKED / "fonts.conf"))
        for name in told.read_text("utf-8").split():
            CDLL(str(UNPACKED / name))


def _weasyprint() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import weasyprint
    for noisy in ("weasyprint", "fontTools"):  # they quote the document, and the log of the process is nobody's to read
        logging.getLogger(noisy).setLevel(logging.CRITICAL + 1)
    return weasyprint
