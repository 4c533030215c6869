"""House rules for templates: one layout, nothing inline, nothing marked safe, nothing of GOV.UK's identity."""

import re
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader, nodes

from portal.sharing.disclosure import Disclosure

PORTAL = Path(__file__).parents[2] / "portal"
TEMPLATES = PORTAL / "templates"
ALL = sorted(path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html"))
PAGES = [name for name in ALL if not name.startswith("_") and name != "layout.html"]
ENVIRONMENT = Environment(autoescape=True, loader=FileSystemLoader(TEMPLATES))

INLINE = re.compile(r"<script|<style|\sstyle\s*=|\son[a-z]+\s*=\s*[\"'{]|javascript:|srcdoc", re.IGNORECASE)
IDENTITY = re.compile(r"crown|crest|govuk-header\b|govuk-logo|logotype|gds.?transport|copyright-logo", re.IGNORECASE)
FOREIGN = re.compile(r"(?:src|href|action)=[\"'](?:https?:)?//", re.IGNORECASE)


def source(name: str) -> str:
    return (TEMPLATES / name).read_text("utf-8")


def faults(text: str) -> set[str]:
    """Which house rules a template's text breaks."""
    parsed = ENVIRONMENT.parse(text)
    markup = re.sub(r"\{#.*?#\}", "", text, flags=re.DOTALL)
    found = {
        name for name, rule in (("inline", INLINE), ("identity", IDENTITY), ("foreign", FOREIGN)) if rule.search(markup)
    }
    filters = {node.name for node in parsed.find_all(nodes.Filter)}
    if filters & {"safe", "tojson"} or list(parsed.find_all(nodes.ScopedEvalContextModifier)):
        found.add("unescaped")
    for form in re.findall(r"<form\b.*?</form>", markup, flags=re.DOTALL):
        if 'method="post"' in form and "csrf" not in form:
            found.add("csrf")
    if any(value == "" for value in re.findall(r'<(?:a|form)\b[^>]*(?:href|action)="([^"]*)"', markup)):
        found.add("nowhere")
    return found


def test_there_are_templates_to_judge() -> None:
    assert len(PAGES) > 30


@pytest.mark.parametrize("name", ALL)
def test_a_template_keeps_the_house_rules(name: str) -> None:
    assert faults(source(name)) == set()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("<p style='color:red'>", "inline"),
        ('<a onclick="go()">', "inline"),
        ("<script>1</script>", "inline"),
        ("{{ d.text|safe }}", "unescaped"),
        ("{% autoescape false %}{{ d }}{% endautoescape %}", "unescaped"),
        ('<div class="govuk-header">', "identity"),
        ('<img src="//example.org/x.png">', "foreign"),
        ('<form method="post" action="/x"><button>Go</button></form>', "csrf"),
        ('<a href="">x</a>', "nowhere"),
    ],
)
def test_the_rules_can_fail(text: str, fault: str) -> None:
    assert fault in faults(text)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_extends_the_layout_and_fills_it_with_one_heading(name: str) -> None:
    text = source(name)
    parsed = ENVIRONMENT.parse(text)
    assert [node.template.value for node in parsed.find_all(nodes.Extends)] == ["layout.html"]  # type: ignore[attr-defined]
    headings = len(re.findall(r"<h1\b", text)) + text.count("page_heading=true")
    assert headings == 1


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_what_data_it_takes(name: str) -> None:
    text = source(name)
    about = re.match(r"\{#-(.*?)-#\}", text, flags=re.DOTALL)
    assert about, "the head of a template says what it takes"
    read = {
        node.attr
        for node in ENVIRONMENT.parse(text).find_all(nodes.Getattr)
        if isinstance(node.node, nodes.Name) and node.node.name == "d"
    }
    known = set(Disclosure.__slots__) if "Disclosure" in about[1] else set(re.findall(r"\w+", about[1]))
    assert read - known == set()


def test_every_class_of_our_own_has_a_style() -> None:
    styled = set(re.findall(r"\.((?:app|isa)-[\w-]+)", (PORTAL / "static" / "portal.css").read_text("utf-8")))
    used = {c for name in ALL for c in re.findall(r"\bapp-[a-z][\w-]*(?![\w{-])", _classes(source(name)))}
    plain = {"app-see--", "app-rag--", "app-alert--"}
    assert {c for c in used if c not in styled and c not in plain} == set()


def _classes(text: str) -> str:
    return " ".join(re.findall(r'class="((?:[^"{]|\{\{.*?\}\}|\{%.*?%\})*)"', text))


def test_our_styles_name_nothing_foreign_and_no_gds_font() -> None:
    css = (PORTAL / "static" / "portal.css").read_text("utf-8")
    rules = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    assert not re.search(r"url\(|@import|gds.?transport", rules, re.IGNORECASE)
