"""A practitioner looks at a compact, makes it as a PDF file to sign on paper, and gives the privacy notice with it."""

import re
from collections.abc import Callable
from pathlib import Path

from tests.journeys.conftest import EVERY_KIND
from tests.journeys.person import Person
from tests.portal.pages.test_pdf import about, check, texts

WHO = "Keating"


@EVERY_KIND
def test_a_compact_is_made_to_be_signed(someone: Callable[[], Person]) -> None:
    feeney = someone()
    feeney.signs_in("feeney")
    feeney.opens_case(WHO, "Managing the risk this person poses")
    feeney.follows("Letters and compact")
    feeney.heading("Letters and compact")
    feeney.look("documents")
    feeney.follows("Compact to sign")
    feeney.heading("Compact: what we agree")
    feeney.reads("What is agreed", "Signed on")
    feeney.look("document-compact")
    with feeney.page.expect_download() as download:
        feeney.presses("Make the PDF file")
    assert re.fullmatch(r"compact-[0-9A-Z]{4}-[0-9A-Z]{2}\.pdf", download.value.suggested_filename)
    content = Path(download.value.path()).read_bytes()
    check(content, "Compact: what we agree", "OFFICIAL-SENSITIVE")
    assert WHO in " ".join(texts(content))
    assert WHO not in about(content)
    feeney.follows("Letters and compact")
    feeney.follows("Letter: chosen for IOM")
    feeney.heading("You have been chosen")
    feeney.look("document-letter")
    feeney.follows("Privacy notices")
    feeney.heading("Privacy notices")
    feeney.look("privacy")
    feeney.follows("Privacy notice, Easy Read of Barnet")
    feeney.heading("Your information: Easy Read")
    feeney.look("privacy-easy-read")
    feeney.goes_to("/privacy/barnet-iom/privacy-notice")
    feeney.reads("Wycliffe House")
    feeney.look("privacy-notice")
