"""The page of the monthly file: who may, what is shown first, what a click does, and what nobody else may see."""

import re
import time
import uuid
from io import BytesIO
from pathlib import Path

import pytest

from portal.pages import imports
from portal.sharing.importing import runs, staging
from tests.portal.pages.web import Web
from tests.portal.sharing.importing.making import HEADINGS, cells, csv_of

EXAMPLE = Path(__file__).parents[3] / ".." / "shared" / "examples" / "probation-monthly-2026-10.csv"
GOOD = csv_of([HEADINGS, cells()])


def send(web: Web, data: bytes) -> str:
    """Upload a file; the address of its run."""
    answer = web.post("/import", {"file": (BytesIO(data), "monthly.csv")}, content_type="multipart/form-data")
    assert answer.status_code == 303, web.text
    settled(web, answer.location)
    return answer.location


def settled(web: Web, path: str) -> None:
    """Wait until what goes on in the background has ended."""
    until = time.monotonic() + 120
    while "Refresh" in web.get(path).headers:
        assert time.monotonic() < until, "it did not end"
        time.sleep(0.05)


@pytest.fixture
def spoc(web: Web) -> Web:
    web.sign_in(web.world.actor("probation", "spoc"))
    return web


@pytest.mark.parametrize(
    ("party", "role"), [("police", "spoc"), ("probation", "practitioner"), ("barnet_safety", "coordinator")]
)
def test_only_probations_spoc_brings_the_file_in(web: Web, party: str, role: str) -> None:
    web.sign_in(web.world.actor(party, role))
    assert web.get("/import").status_code == 403
    assert "8.20" in web.text
    sent = web.post("/import", {"file": (BytesIO(GOOD), "monthly.csv")}, content_type="multipart/form-data")
    assert sent.status_code == 403
    assert ("import", "refused") in web.logged()


def test_the_example_goes_in_and_a_second_time_changes_nothing(spoc: Web) -> None:
    if not EXAMPLE.exists():
        pytest.skip("the example probation file is not beside this checkout (../shared/examples)")
    path = send(spoc, EXAMPLE.read_bytes())
    spoc.get(path)
    assert "176 rows are ready, 6 need you" in spoc.text
    assert "31/02/1990 is not a day." in spoc.text
    assert spoc.post(f"{path}/publish").status_code == 303
    settled(spoc, path)
    assert "175 new, 0 changed, 1 unchanged, 6 left out" in spoc.text
    again = send(spoc, EXAMPLE.read_bytes())
    spoc.get(again)
    assert "Nothing of this file is new" in spoc.text
    assert "This very file was brought in on" in spoc.text


def test_nothing_is_in_force_before_it_is_published(spoc: Web) -> None:
    send(spoc, GOOD)
    found = spoc.post("/search", {"by": "number", "number": "V396366"}, follow_redirects=True)
    assert found.status_code == 200
    assert "Núñez" not in spoc.text


def test_a_file_that_cannot_be_read_is_told_and_a_missing_one_too(spoc: Web) -> None:
    path = send(spoc, b"a,b\n1,2\n")
    assert spoc.get(path).status_code == 422
    assert "No row of headings was found" in spoc.text
    assert "Check the file" in spoc.text, "another may be chosen there and then"
    assert spoc.post("/import", {}, content_type="multipart/form-data").status_code == 422
    assert "Choose the file" in spoc.text


def test_a_form_without_its_token_is_refused(spoc: Web) -> None:
    sent = {"file": (BytesIO(GOOD), "x.csv")}
    assert spoc.post("/import", sent, token=False, content_type="multipart/form-data").status_code >= 400
    assert not spoc.get("/import").text.count("/import/0")


def test_refused_rows_come_as_a_file_that_runs_nothing(spoc: Web) -> None:
    path = send(spoc, csv_of([HEADINGS, cells(), cells(CRN="A123456", PNC="", SURNAME="=1+1", BORN="31/02/1990")]))
    answer = spoc.get(f"{path}/refused.csv")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert '"\'=1+1"' in answer.data.decode("utf-8-sig")
    assert "Núñez" not in answer.data.decode("utf-8-sig")
    assert spoc.logged()[-1] == ("export", "permitted")


def test_two_clicks_publish_once(spoc: Web) -> None:
    path = send(spoc, GOOD)
    assert [spoc.post(f"{path}/publish").status_code for _ in range(2)] == [303, 303]
    settled(spoc, path)
    assert "1 new" in spoc.text
    assert spoc.post(f"{path}/publish").status_code == 303
    spoc.get(path)
    assert "1 new" in spoc.text
    published = [each for each in spoc.logged() if each == ("disclosure", "permitted")]
    assert len(published) == 1


def test_a_long_check_goes_on_behind_its_page_and_is_taken_up_when_it_stops(
    spoc: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(staging, "carry_out", lambda *given: None)  # killed before it began
        sent = spoc.post("/import", {"file": (BytesIO(GOOD), "m.csv")}, content_type="multipart/form-data")
        page = spoc.get(sent.location)
        assert page.headers["Refresh"] == "3"
        assert "Checking the file Reading the file" in spoc.text
        assert spoc.post(f"{sent.location}/check").status_code == 303
    assert "Refresh" not in spoc.get(f"{sent.location}?still=1").headers
    monkeypatch.setattr(runs, "SILENT", 0)
    assert "Refresh" not in spoc.get(sent.location).headers
    assert "This stopped before it was finished" in spoc.text
    monkeypatch.undo()
    monkeypatch.setattr(runs, "silent", lambda row, now: True)
    spoc.post(f"{sent.location}/check")
    monkeypatch.undo()
    settled(spoc, sent.location)
    assert "1 row is ready" in spoc.text


def test_another_persons_run_is_not_found(spoc: Web) -> None:
    path = send(spoc, GOOD)
    spoc.sign_in(spoc.world.actor("probation", "spoc", "A Colleague"))
    for answer in (
        spoc.get(path),
        spoc.get(f"{path}/refused.csv"),
        spoc.post(f"{path}/publish"),
        spoc.post(f"{path}/check"),
        spoc.post(f"{path}/confirm", {"row": "2"}),
        spoc.post(f"{path}/cancel"),
        spoc.get(f"/import/{uuid.uuid4()}"),
    ):
        assert answer.status_code == 404


def test_a_cancelled_run_is_gone(spoc: Web) -> None:
    path = send(spoc, GOOD)
    assert spoc.post(f"{path}/cancel").status_code == 303
    assert spoc.get(path).status_code == 404
    assert spoc.post(f"{path}/publish").status_code == 303
    assert spoc.get(path).status_code == 404


def test_a_doubtful_row_is_taken_once_it_is_confirmed(spoc: Web) -> None:
    first = send(spoc, GOOD)
    spoc.post(f"{first}/publish")
    settled(spoc, first)
    path = send(spoc, csv_of([HEADINGS, cells(CRN="A123456", PNC="")]))
    spoc.get(path)
    assert "0 rows are ready, 1 needs you" in spoc.text
    assert "Possibly known: same surname and date of birth as BN-" in spoc.text
    assert spoc.post(f"{path}/confirm", {"row": ["2", "77"]}).status_code == 303
    spoc.get(path)
    assert "1 row is ready" in spoc.text


def test_no_personal_data_is_in_an_address_and_the_page_is_marked(spoc: Web) -> None:
    path = send(spoc, GOOD)
    page = spoc.get(path)
    assert re.fullmatch(r"/import/[0-9a-f-]{36}", path)
    assert "OFFICIAL-SENSITIVE" in page.text
    assert "Your view was recorded" in spoc.text or "recorded" in spoc.text


def test_an_uploaded_file_stays_in_memory(web: Web) -> None:
    assert web.app.request_class is imports.InMemory
    body = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="big.csv"\r\n\r\n'
        + b"x" * 2_000_000
        + b"\r\n--x--"
    )
    sent = {"data": body, "content_type": "multipart/form-data; boundary=x"}
    with web.app.test_request_context("/import", method="POST", **sent) as context:
        assert isinstance(context.request.files["file"].stream, BytesIO)


@pytest.mark.parametrize("page", ["0", "2", str(2**63), "9" * 40])
def test_a_page_of_the_preview_that_is_not_there_is_not_found(spoc: Web, page: str) -> None:
    assert spoc.get(f"{send(spoc, GOOD)}?page={page}").status_code == 404
