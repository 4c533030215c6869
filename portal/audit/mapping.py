"""Entries in the words of other systems: Elastic Common Schema for security teams, FHIR AuditEvent for health.

What a leaf does not say, these do not say either: neither whom an entry is about nor an address. Whoever needs to know
asks the portal, under the entry's reference. Elastic Common Schema 8.17; FHIR R4 with the codes and patterns of IHE
Basic Audit Log Patterns 1.1, whose profiles are named where an entry fulfils them. No database and no keys.
"""

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from portal.audit.entry import reference_of
from portal.audit.operations import OPERATIONS, OUTCOMES

ECS_VERSION: Final = "8.17.0"
_BALP: Final = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."
_TERMS: Final = "http://terminology.hl7.org/CodeSystem/"
_DCM: Final = "http://dicom.nema.org/resources/ontology/DCM"
_REST: Final = "http://hl7.org/fhir/restful-interaction"

_ECS: Final[Mapping[str, tuple[str, str]]] = {
    **dict.fromkeys(("consultation", "disclosure", "search", "list", "print", "log-read"), ("database", "access")),
    **dict.fromkeys(("collection", "alteration", "combination", "erasure", "import"), ("database", "change")),
    "open-failed": ("database", "error"),
    "log-verified": ("database", "info"),
    "export": ("file", "creation"),
    "notified": ("email", "info"),
    **dict.fromkeys(("purpose-chosen", "capacity-chosen"), ("session", "info")),
    **dict.fromkeys(("sign-out", "session-ended"), ("session", "end")),
    **dict.fromkeys(("sign-in", "sign-in-failed"), ("authentication", "start")),
    "step-up": ("authentication", "info"),
    **dict.fromkeys(("capacity-granted", "capacity-ended", "emergency-access"), ("iam", "change")),
    "account-ended": ("iam", "deletion"),
    "emergency-reviewed": ("iam", "info"),
    "key-destroyed": ("configuration", "deletion"),
    "log-closed": ("process", "end"),
}
"""Category and type of each operation; whatever is not here changes how the portal is set up."""
_SETTING: Final = ("configuration", "change")


@dataclass(frozen=True, slots=True)
class Sequenced:
    """An entry with its place in the log: `members` as `read_leaf` gives them, `digest` the leaf's hash."""

    index: int
    members: Mapping[str, Any]
    digest: bytes


def ecs(entry: Sequenced, origin: str) -> dict[str, Any]:
    """The entry as an event of the Elastic Common Schema; what the entry leaves open is left out."""
    told = entry.members
    category, kind = _ECS.get(told["operation"], _SETTING)
    event = {
        "@timestamp": _moment(told["time"]),
        "ecs": {"version": ECS_VERSION},
        "message": _sentence(told),
        "event": {
            "kind": "event",
            "id": told["entry"],
            "code": _reference(told),
            "action": told["operation"],
            "category": [category],
            "type": [kind],
            "outcome": "success" if _went_well(told) else "failure",
            "sequence": entry.index,
            "hash": entry.digest.hex(),
            "provider": origin,
            "dataset": "accord.access",
        },
        "user": {"id": told["actor"], "roles": [told["role"]] if told["role"] else None},
        "organization": {"id": told["agency"]},
        "service": {"name": "accord", "type": "accord", "version": told["software"]},
        "trace": {"id": told["correlation"]},
        "labels": {name: told[name] for name in ("purpose", "agreement", "session", "source")},
    }
    found: dict[str, Any] = _without_gaps(event)
    return found


def fhir(entry: Sequenced, origin: str) -> dict[str, Any]:
    """The entry as a FHIR R4 AuditEvent. The person stands in it as the sealed subject of this very entry."""
    told, way = entry.members, _way(entry.members)
    about = told["details"] is not None
    client, server = ("110152", "110153") if way.action in ("R", "E") else ("110153", "110152")
    agents = [
        _agent(_DCM, client, who=_named(origin, "source", told["source"] or "unknown"), at=told["source"]),
        _agent(_DCM, server, who=_named(origin, "log", origin), at=origin),
    ]
    if told["actor"]:
        agents.append(_user(told, origin))
    event = {
        "resourceType": "AuditEvent",
        "id": told["entry"],
        "meta": {"profile": [_BALP + way.profile]} if way.profile and about and told["source"] else None,
        "type": {"system": way.system, "code": way.code},
        "subtype": [{"system": system, "code": code} for system, code in way.subtypes] or None,
        "action": way.action,
        "recorded": _moment(told["time"]),
        "outcome": "0" if _went_well(told) else "4",
        "outcomeDesc": _sentence(told),
        "agent": agents,
        "source": {"observer": _named(origin, "log", origin), "type": [_code(_TERMS + "security-source-type", "4")]},
        "entity": [*([_person(told, origin)] if about else []), _stored(entry, origin)],
    }
    found: dict[str, Any] = _without_gaps(event)
    return found


FORMATS: Final[Mapping[str, Callable[[Sequenced, str], dict[str, Any]]]] = {"ecs": ecs, "fhir": fhir}


def line(entry: Sequenced, origin: str, form: str) -> str:
    """One line of JSON Lines, without its end. `form` is a key of `FORMATS`."""
    return json.dumps(FORMATS[form](entry, origin), ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class _Way:
    """How FHIR says an operation: its type, subtypes and action, and the BALP profile that fits where it went well."""

    system: str
    code: str
    action: str
    subtypes: tuple[tuple[str, str], ...] = ()
    profile: str = ""


def _rest(interaction: str, action: str, profile: str = "") -> _Way:
    return _Way(_TERMS + "audit-event-type", "rest", action, ((_REST, interaction),), profile)


_ACTIVITY: Final = _Way(_DCM, "110100", "E")
_WAYS: Final[Mapping[str, _Way]] = {
    "consultation": _rest("read", "R", "PatientRead"),
    "collection": _rest("create", "C", "PatientCreate"),
    "alteration": _rest("update", "U", "PatientUpdate"),
    "erasure": _rest("delete", "D", "PatientDelete"),
    "combination": _rest("update", "U"),
    "search": _rest("search-type", "E"),
    "list": _rest("search-type", "E"),
    "disclosure": _Way(
        _DCM, "110106", "R", ((_TERMS + "iso-21089-lifecycle", "disclose"),), "PrivacyDisclosure.Source"
    ),
    "export": _Way(_DCM, "110106", "R"),
    "print": _Way(_DCM, "110106", "R"),
    "import": _Way(_DCM, "110107", "C"),
    "sign-in": _Way(_DCM, "110114", "E", ((_DCM, "110122"),)),
    "sign-in-failed": _Way(_DCM, "110114", "E", ((_DCM, "110122"),)),
    "sign-out": _Way(_DCM, "110114", "E", ((_DCM, "110123"),)),
    "session-ended": _Way(_DCM, "110114", "E", ((_DCM, "110123"),)),
    "emergency-access": _Way(_DCM, "110113", "E", ((_DCM, "110127"),)),
    "log-read": _Way(_DCM, "110101", "R"),
}
"""DICOM: 110100 application activity, 110101 audit log used, 110106 export, 110107 import, 110113 security alert with
110127 emergency override started, 110114 user authentication with 110122 login and 110123 logout."""


def _way(told: Mapping[str, Any]) -> _Way:
    way = _WAYS.get(told["operation"], _ACTIVITY)
    return way if _went_well(told) else _Way(way.system, way.code, way.action, way.subtypes)


def _went_well(told: Mapping[str, Any]) -> bool:
    return bool(told["outcome"] == "permitted" and told["operation"] not in ("sign-in-failed", "open-failed"))


def _sentence(told: Mapping[str, Any]) -> str:
    """What was done and how it ended; a word of a later version of the portal stands for itself."""
    operation, outcome = told["operation"], told["outcome"]
    return f"{OPERATIONS.get(operation, operation)} {OUTCOMES.get(outcome, outcome)}"


def _reference(told: Mapping[str, Any]) -> str:
    return reference_of(uuid.UUID(told["entry"]))


def _moment(micros: int) -> str:
    whole = datetime.fromtimestamp(micros // 1_000_000, UTC)
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{micros % 1_000_000:06d}Z"


def _code(system: str, code: str) -> dict[str, str]:
    return {"system": system, "code": code}


def _named(origin: str, what: str, value: str) -> dict[str, Any]:
    return {"identifier": {"system": f"urn:{origin}/{what}", "value": value}}


def _agent(system: str, code: str, who: Mapping[str, Any], at: str | None) -> dict[str, Any]:
    network = {"address": f"urn:{at}", "type": "5"} if at else None
    return {"type": {"coding": [_code(system, code)]}, "who": who, "requestor": False, "network": network}


def _user(told: Mapping[str, Any], origin: str) -> dict[str, Any]:
    purpose = [{"coding": [_code(f"urn:{origin}/purpose", told["purpose"])]}] if told["purpose"] else None
    return {
        "type": {"coding": [_code(_TERMS + "v3-ParticipationType", "IRCP")]},
        "who": _named(origin, "user", told["actor"]),
        "requestor": True,
        "role": [{"coding": [_code(f"urn:{origin}/capacity", f"{told['agency']}.{told['role']}")]}],
        "policy": [f"urn:{origin}/agreement/{told['agreement']}"] if told["agreement"] else None,
        "purposeOfUse": purpose,
    }


def _person(told: Mapping[str, Any], origin: str) -> dict[str, Any]:
    return {
        "what": {"type": "Patient", **_named(origin, "subject-of", told["entry"])},
        "type": _code(_TERMS + "audit-entity-type", "1"),
        "role": _code(_TERMS + "object-role", "1"),
    }


def _stored(entry: Sequenced, origin: str) -> dict[str, Any]:
    return {
        "what": {**_named(origin, "entry", str(entry.index)), "display": _reference(entry.members)},
        "type": _code(_TERMS + "audit-entity-type", "2"),
        "role": _code(_TERMS + "object-role", "4"),
        "detail": [{"type": "leaf-hash", "valueString": entry.digest.hex()}],
    }


def _without_gaps(value: Any) -> Any:
    """Without members that say nothing, and without objects that are empty then."""
    if isinstance(value, dict):
        kept = {name: _without_gaps(each) for name, each in value.items()}
        return {name: each for name, each in kept.items() if each is not None} or None
    return [_without_gaps(each) for each in value] if isinstance(value, list) else value
