"""What the gate asks of every page there is: the application itself is the list."""

import uuid

import pytest

from portal import gate
from tests.portal.pages.web import Web


def values(rule):
    """Something that fits each variable part of an address."""
    return {name: uuid.uuid4() if "uuid" in repr(kind).lower() else "x" for name, kind in rule._converters.items()}


def pages(app):
    """(endpoint, gate, method, path) of every page."""
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            if rule.endpoint == "static":
                continue
            path = rule.build(values(rule))[1]
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield rule.endpoint, app.view_functions[rule.endpoint].gate, method, path


@pytest.fixture
def web(world):
    return Web(world.app(), world)


@pytest.fixture
def everything(web):
    return list(pages(web.app))


def test_every_page_of_the_log_is_for_officers_and_behind_a_fresh_proof(web, world, everything):
    officers = [(method, path) for _, (behind, _), method, path in everything if behind == gate.LOG]
    names = ("log.", "log_kept.", "log_proof.", "log_sheet.", "publishing.bundle", "question.form", "question.ask")
    of_the_log = {path for endpoint, _, _, path in everything if endpoint.startswith(names)}
    assert of_the_log == {path for _, path in officers}
    assert len(officers) > 10
    web.sign_in(world.actor("police", "dpo", "Not Fresh", stepped_up=False))
    for method, path in officers:
        answer = web.get(path) if method == "GET" else web.post(path)
        assert (answer.status_code, (answer.location or "")[:8]) in ((302, "/confirm"), (428, "")), path


def test_emergency_access_and_export_are_behind_a_fresh_proof(everything):
    fresh = {endpoint for endpoint, (behind, step_up), _, _ in everything if step_up and behind != gate.LOG}
    assert {e.partition(".")[0] for e in fresh} == {"emergency", "paper"}
    assert {e for e, *_ in everything if e.startswith("emergency.")} <= fresh
    assert {e for e, *_ in everything if "export" in e} <= fresh


def test_nobody_reaches_a_page_that_is_not_open_without_a_session(web, everything):
    for _, (behind, _), method, path in everything:
        answer = web.get(path) if method == "GET" else web.post(path)
        if behind != gate.OPEN:
            assert answer.status_code == (302 if method == "GET" else 401), path
            assert method != "GET" or answer.location.startswith("/sign-in"), path


def test_open_pages_are_the_few_that_must_be(everything):
    assert {endpoint for endpoint, (behind, _), _, _ in everything if behind == gate.OPEN} == {
        "health.healthz",
        "help.accessibility",
        "help.show_help",
        "privacy.every",
        "privacy.file",
        "privacy.one",
        "publishing.about",
        "publishing.checkpoint",
        "publishing.tile",
        "sign_in.begin",
        "sign_in.callback",
        "sign_in.choose",
        "sign_out.back_channel",
        "sign_out.front_channel",
        "sign_out.sign_out",
        "sign_out.signed_out",
    }
