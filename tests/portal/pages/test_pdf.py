"""PDF files: tagged, marked on every page, silent about anybody outside their text, and made of nothing else."""

import io
import re
import socket
import threading
import time
from datetime import UTC, datetime
from types import SimpleNamespace

import pikepdf
import pypdfium2
import pytest

from portal.pages import pdf
from tests.machine import PATIENCE


def texts(content: bytes) -> list[str]:
    """What a reader copies out of each page, in one line a page."""
    with pypdfium2.PdfDocument(content) as document:
        found = []
        for page in document:
            text = page.get_textpage()
            found.append(" ".join(text.get_text_range().split()))
            text.close()
            page.close()
        return found


def tags(content: bytes) -> list[str]:
    """The structure elements of a file, in reading order."""
    with pikepdf.open(io.BytesIO(content)) as file:
        found: list[str] = []

        def walk(node):
            if isinstance(node, pikepdf.Array):
                for each in node:
                    walk(each)
            elif isinstance(node, pikepdf.Dictionary):
                if "/S" in node:
                    found.append(str(node.S))
                if "/K" in node:
                    walk(node.K)

        walk(file.Root.StructTreeRoot.K)
        return found


def about(content: bytes) -> str:
    """Everything a file says outside its pages: properties, XMP, attachments, its names."""
    with pikepdf.open(io.BytesIO(content)) as file:
        xmp = bytes(file.Root.Metadata.read_bytes()).decode()
        info = " ".join(f"{k}={v}" for k, v in dict(file.docinfo).items())
        assert dict(file.attachments) == {}
        assert "/Names" not in file.Root or "/JavaScript" not in file.Root.Names
        return f"{info} {xmp}"


def check(content: bytes, title: str, marking: str) -> None:
    """What every document keeps: tags, language, a title that a reader shows, and the marking on each page."""
    with pikepdf.open(io.BytesIO(content)) as file:
        root = file.Root
        assert bool(root.MarkInfo.Marked)
        assert str(root.Lang) == "en-GB"
        assert bool(root.ViewerPreferences.DisplayDocTitle)
        assert str(file.docinfo["/Title"]) == title
        assert "/Author" not in file.docinfo
        assert all("/Annots" not in page for page in file.pages), "no links"
        fonts = [f for page in file.pages for f in dict(page.Resources.get("/Font", {})).values()]
        assert fonts
        for font in fonts:
            assert "/FontFile3" in font.DescendantFonts[0].FontDescriptor or (
                "/FontFile2" in font.DescendantFonts[0].FontDescriptor
            ), "embedded"
    said = about(content)
    assert re.search(r"<?pdfuaid:part(>|=\")1", said)
    assert "/Creator=Accord" in said
    assert not re.search(r"(/home|/tmp|/root|/usr)/|CreationDate", said)
    found = tags(content)
    assert "/H1" in found
    assert "/P" in found
    for number, text in enumerate(texts(content), 1):
        assert text.count(marking), f"page {number} is not marked"
        assert f"Page {number} of " in text


@pytest.fixture
def app(world):
    found = world.app()
    with found.test_request_context():
        yield found


def minutes(name="Dean Marlowe", reason="Agreed.", cases=1):
    """The minutes of a meeting that never was."""
    decision = SimpleNamespace(text=lambda key: {"outcome": "Stay on IOM", "reason": reason}.get(key, "Panel, Barnet"))
    one = SimpleNamespace(name=name, reference="BN-2026-0001", decision=decision)
    nadia = ("Nadia Rahman", "Community Safety", "IOM coordinator")
    found = SimpleNamespace(
        opened=datetime(2026, 11, 21, 12, tzinfo=UTC), closed=None, present=(nadia,),
        about=SimpleNamespace(decided=cases, cases=cases), minutes=SimpleNamespace(items=(one,) * cases),
    )  # fmt: skip
    return pdf.made(
        "minutes.html", title="Minutes: Barnet panel", marking="OFFICIAL-SENSITIVE", about="Barnet panel, minutes",
        made="Made by Nadia Rahman, 21 November 2026 at 12:00, entry K7QF-2M", found=found, heading="Barnet panel",
    )  # fmt: skip


def test_this_machine_can_make_pdf_files():
    assert pdf.able(), "run: make test-tools"


def test_a_file_is_tagged_and_marked(app):
    content = minutes(cases=30)
    check(content, "Minutes: Barnet panel", "OFFICIAL-SENSITIVE")
    assert len(texts(content)) > 2
    assert tags(content).count("/H3") == 30
    assert "Marlowe" not in about(content)
    assert all("entry K7QF-2M" in text for text in texts(content))


def test_what_was_typed_is_text_and_fetches_nothing(app, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("CANARY-OF-A-FILE")
    asked = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        threading.Thread(target=lambda: asked.append(server.accept()), daemon=True).start()
        hostile = (
            f"<img src='http://127.0.0.1:{port}/x'><link rel=stylesheet href='http://127.0.0.1:{port}/y'>"
            f"<style>@import url(http://127.0.0.1:{port}/z);</style><object data='file://{secret}'></object>"
            f"<link rel=attachment href='file://{secret}'><iframe src='file:///etc/passwd'></iframe>"
            "</p></body><script>1</script>{{ 7 * 7 }}{% raw %}&lt;"
        )
        content = minutes(name=hostile, reason=hostile)
        time.sleep(0.2)
    assert asked == []
    text = " ".join(texts(content)).replace(" ", "").replace("￾", "")
    assert f"<imgsrc='http://127.0.0.1:{port}/x'>" in text
    assert "{{7*7}}{%raw%}&lt;" in text
    assert b"CANARY-OF-A-FILE" not in content
    assert "root:" not in text
    about(content)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x", "file:///etc/passwd", "data:text/css,p{}", "ftp://h/x"])
def test_even_markup_of_our_own_would_fetch_nothing(app, url):
    """Should a template ever let markup through: the fetcher itself refuses, whatever it is asked."""
    import weasyprint

    with pytest.raises(pdf.Outside):
        pdf.fetcher()(url)
    html = f"<html lang=en><title>t</title><link rel=stylesheet href='{url}'><img src='{url}' alt=x><p>Seen"
    opened = []
    real = socket.socket.connect
    socket.socket.connect = lambda *a: opened.append(a)  # type: ignore[method-assign]
    try:
        content = weasyprint.HTML(string=html, url_fetcher=pdf.fetcher()).write_pdf()
    finally:
        socket.socket.connect = real  # type: ignore[method-assign]
    assert opened == []
    assert "Seen" in texts(content)[0]
    assert "root:" not in texts(content)[0]


@pytest.mark.parametrize("name", ["Zoë O’Brien-Łukasz", "Đặng Thị Ánh", "Ивана Ђорђевић", "Στέφανος", "x" * 4000])
def test_names_of_any_script_and_length_stand_in_full(app, name):
    content = minutes(name=name)
    check(content, "Minutes: Barnet panel", "OFFICIAL-SENSITIVE")
    text = re.sub(r"[\s\ufffe\x02-]", "", "".join(texts(content)))
    assert re.sub(r"[\s-]", "", name) in text or text.count("x") == len(name)


def test_very_long_text_is_set_whole_and_in_time(app):
    begun = time.monotonic()
    content = minutes(reason="A long reason that goes on and on. " * 600)
    assert "".join(texts(content)).count("goes on and on.") == 600
    assert time.monotonic() - begun < PATIENCE
