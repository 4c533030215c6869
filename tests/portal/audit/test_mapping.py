"""Entries as other systems read them: by the words those systems allow, and never more than the leaf says."""

import json
import uuid
from typing import Any

import pytest

from portal.audit.entry import Entry, Place, make_leaf, read_leaf
from portal.audit.mapping import Sequenced, ecs, fhir, line
from portal.audit.operations import OPERATIONS
from portal.audit.tree import leaf_hash

ORIGIN = "accord.example/log"
# By hand from the ECS 8.17 reference: the event types that are expected with a category.
EXPECTED = {
    "authentication": {"start", "end", "info"},
    "configuration": {"access", "change", "creation", "deletion", "info"},
    "database": {"access", "change", "info", "error"},
    "email": {"info"},
    "file": {"access", "change", "creation", "deletion", "info"},
    "iam": {"admin", "change", "creation", "deletion", "group", "info", "user"},
    "process": {"access", "change", "end", "info", "start"},
    "session": {"start", "end", "info"},
}
ACTOR = uuid.UUID("01900000-0000-7000-8000-000000000007")


def sequenced(operation="consultation", outcome="permitted", details="ab" * 32, **more) -> Sequenced:
    told: dict[str, Any] = {
        "actor": ACTOR,
        "agency": "police",
        "role": "practitioner",
        "session": "s-1",
        "purpose": "risk",
        "agreement": "barnet-iom@4#" + "a" * 64,
        "source": b"\x01" * 16,
        "correlation": "c-9",
    }
    entry = Entry(operation, outcome, **(told | more))
    place = Place(uuid.UUID(int=(7 << 76) | 41), 1_795_694_400_000_123, uuid.UUID(int=2), 0, None, b"s" * 16)
    leaf = make_leaf(entry, place, decision=None, details=details, sealed=None, software="9.9")
    return Sequenced(41, read_leaf(leaf), leaf_hash(leaf))


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("outcome", ["permitted", "refused", "failed"])
def test_every_operation_is_categorised_as_ecs_allows(operation, outcome):
    event = ecs(sequenced(operation, outcome), ORIGIN)["event"]
    ((category,), (kind,)) = event["category"], event["type"]
    assert kind in EXPECTED[category]
    well = outcome == "permitted" and operation not in ("sign-in-failed", "open-failed")
    assert event["outcome"] == ("success" if well else "failure")


def test_an_event_says_when_who_and_where_it_stands_in_the_log():
    entry = sequenced()
    found = ecs(entry, ORIGIN)
    assert found["@timestamp"] == "2026-11-26T12:00:00.000123Z"
    assert (found["event"]["sequence"], found["event"]["hash"]) == (41, entry.digest.hex())
    assert (found["event"]["action"], found["event"]["code"]) == ("consultation", "2222-3B")
    assert found["user"] == {"id": str(ACTOR), "roles": ["practitioner"]}
    assert found["organization"] == {"id": "police"}
    assert found["labels"]["purpose"] == "risk"


def test_what_an_entry_leaves_open_is_left_out():
    nothing = dict.fromkeys(("actor", "agency", "role", "session", "purpose", "agreement", "source", "correlation"))
    bare = sequenced("log-closed", details=None, **nothing)
    assert not {"user", "organization", "labels", "trace"} & ecs(bare, ORIGIN).keys()
    assert "null" not in line(bare, ORIGIN, "ecs") + line(bare, ORIGIN, "fhir")
    assert [agent["requestor"] for agent in fhir(bare, ORIGIN)["agent"]] == [False, False]


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("outcome", ["permitted", "refused"])
def test_every_operation_is_a_sound_audit_event(operation, outcome):
    """By hand from FHIR R4: what an AuditEvent must have, and the codes it may have there."""
    found = fhir(sequenced(operation, outcome), ORIGIN)
    assert found["resourceType"] == "AuditEvent"
    assert {"type", "recorded", "agent", "source", "entity"} <= found.keys()
    assert found["action"] in {"C", "R", "U", "D", "E"}
    assert found["outcome"] == ("0" if outcome == "permitted" and not operation.endswith("-failed") else "4")
    assert all(type(agent["requestor"]) is bool for agent in found["agent"])
    assert sum(agent["requestor"] for agent in found["agent"]) == 1
    assert all(agent["network"]["type"] in set("12345") for agent in found["agent"] if "network" in agent)


@pytest.mark.parametrize(
    ("operation", "profile", "client"),
    [
        ("consultation", "PatientRead", "110152"),
        ("collection", "PatientCreate", "110153"),
        ("alteration", "PatientUpdate", "110153"),
        ("erasure", "PatientDelete", "110153"),
    ],
)
def test_a_profile_is_named_where_it_is_fulfilled(operation, profile, client):
    """By hand from BALP: one client and one server with their networks, one user, one person and one object."""
    found = fhir(sequenced(operation), ORIGIN)
    assert found["meta"]["profile"] == [
        f"https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.{profile}"
    ]
    agents = {agent["type"]["coding"][0]["code"]: agent for agent in found["agent"]}
    assert agents.keys() == {"110152", "110153", "IRCP"}
    assert agents[client]["who"]["identifier"]["value"] == "01" * 16
    assert all("network" in agents[code] for code in ("110152", "110153"))
    assert "network" not in agents["IRCP"]
    assert sorted(entity["type"]["code"] for entity in found["entity"]) == ["1", "2"]
    assert found["type"]["code"] == "rest"
    for lacking in ({"outcome": "refused"}, {"details": None}, {"source": None}):
        assert "meta" not in fhir(sequenced(operation, **lacking), ORIGIN)


def test_a_word_of_a_later_version_is_given_on_as_it_is():
    entry = sequenced()
    later = Sequenced(41, {**entry.members, "operation": "dreamt-of"}, entry.digest)
    assert ecs(later, ORIGIN)["event"]["action"] == "dreamt-of"
    assert fhir(later, ORIGIN)["outcomeDesc"].startswith("dreamt-of")


def test_a_line_is_one_line_of_json():
    entry = sequenced(correlation="two\nlines \u2028")
    for form in ("ecs", "fhir"):
        text = line(entry, ORIGIN, form)
        assert "\n" not in text
        assert json.loads(text)
