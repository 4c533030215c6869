"""The agreement file as it is written: which tables and keys exist and what sort of value each takes.

Unknown keys are refused, nothing is converted ("5.10" is never 5.1). References are resolved by `isa.building`.
"""

from datetime import date
from typing import Annotated, Any, Literal

from annotated_types import MinLen
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
FieldName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$")]
Number = Annotated[str, StringConstraints(pattern=r"^\d+[A-Z]?(\.\d+[A-Z]?)*$")]
Words = Annotated[str, StringConstraints(min_length=1, pattern=r"^\S(.|\n)*$")]
Period = Annotated[str, StringConstraints(pattern=r"^P(\d+Y(\d+M)?|\d+M|\d+W|\d+D|T\d+[HM])$")]
Some = Annotated[list[str], MinLen(1)]
Action = Literal["read", "create", "edit", "share", "export", "search"]


def _calendar_day(text: str) -> str:
    date.fromisoformat(text)
    return text


Day = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$"), AfterValidator(_calendar_day)]


class Row(BaseModel):
    """What every table of the file shares: no unknown keys, no conversions, an optional note of the reasoning."""

    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=True)
    note: str = ""


class ArrangementRow(Row):
    """`[arrangement]`: who answers subjects and reports breaches (DPA 2018 s.58; UK GDPR Art 26)."""

    subjects_contact: Id
    breach_contact: Id
    text: Some


class ControllerRow(Row):
    """`[controller.ID]`: a legal entity that answers in law."""

    name: Words
    competent: Literal["full", "extent", "none"]


class PartyRow(Row):
    """`[party.ID]`: an agency that takes part, under its controller."""

    name: Words
    short: Words
    controller: Id
    kind: Id
    signatory: Words
    contact: Words
    acts_for: Id | None = None
    contract: str = ""


class RoleRow(Row):
    """`[role.ID]`: what a person may act as."""

    name: Words
    reach: Literal["assigned", "party", "agreement", "none"]
    content: bool
    standing_purpose: Id | None = None
    kinds: Some | None = None


class PurposeRow(Row):
    """`[purpose.ID]`: why someone may look, in the words of the question."""

    name: Words
    ask: Words
    example: Words
    task: str = ""


class FactRow(Row):
    """`[fact.ID]`: a circumstance that clauses may ask for."""

    name: Words
    per: Literal["category", "field", "person"] | None = None


class GatewayRow(Row):
    """`[gateway.ID]`: a legal power to disclose, with its direction and exclusions."""

    cite: Words
    text: Words
    to: Some | None = None
    from_: Some | None = Field(default=None, alias="from")
    not_to: list[str] = []
    not_from: list[str] = []
    not_pair: list[Annotated[list[str], MinLen(2), Field(max_length=2)]] = []
    between: Some | str | None = None
    not_category: list[str] = []
    needs: list[str] = []
    listed: Some | None = None
    anchor: Some | None = None


class RetentionRow(Row):
    """`retention` of a category: how long after which event, and what then."""

    after: Words
    period: Period
    then: Words


class LogRetentionRow(Row):
    """`retention` of the log: whole years after the end of the year (UTC) that the details were written in."""

    after: Literal["year_end"]
    period: Annotated[str, StringConstraints(pattern=r"^P[1-9]\d?Y$")]
    then: Literal["erase"]


class LogRow(Row):
    """`[log]`: how long sealed details of the access log are kept, and the clause that says so."""

    retention: LogRetentionRow
    clause: Number


class CategoryRow(Row):
    """`[category.ID]`: a sort of data, its owners and its sensitivity."""

    name: Words
    sensitivity: Literal["official", "official-sensitive"]
    owners: Some
    special: bool = False
    criminal: bool = False
    on_deny: Literal["explain", "silent"] = "explain"
    retention: RetentionRow | None = None


class KindRow(Row):
    """`[kind.ID]`: a sort of record."""

    name: Words
    section: Words
    labelled: Some | None = None


class FieldRow(Row):
    """`[field."kind.name"]`: one thing that is decided."""

    name: Words
    category: Id | None = None
    type: Literal["text", "longtext", "date", "choice", "integer", "yesno"] = "text"
    owners: Some | None = None
    choices: list[Words] = []
    source: list[str] = []


class ObligationRow(Row):
    """One of `then` of a clause: what a permit costs."""

    do: Literal["justify", "notify", "review"]
    who: str = ""
    within: Period | None = None
    by: str = ""


class ClauseRow(Row):
    """`[[clause]]`: prose and the rule it states."""

    no: Number
    heading: Words
    effect: Literal["grant", "prohibit", "statement"]
    prose: str = ""
    to: Some | None = None
    acting: Some | None = None
    from_: Some | None = Field(default=None, alias="from")
    can: Some | None = None
    what: Some | None = None
    for_: Some | None = Field(default=None, alias="for")
    gateway: list[str] = []
    condition: str | None = None
    when: list[str] = []
    unless: list[str] = []
    emergency: bool = False
    regime_change: bool = False
    then: list[ObligationRow] = []


class GivenRow(Row):
    """`given` of an example: who asks for what, and what is known."""

    who: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$")]
    can: Action
    field: str
    owner: Id
    for_: Id = Field(alias="for")
    facts: list[str] = []
    not_: list[str] = Field(default=[], alias="not")


class ExampleRow(Row):
    """`[[example]]`: a worked case that is signed with the text and run at load."""

    say: Words
    given: GivenRow
    expect: Annotated[str, StringConstraints(pattern=r"^(permit \S+( [a-z]+)*|deny \S+( near \S+)?)$")]


class Document(Row):
    """The whole file, format 1."""

    format: Literal[1]
    id: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$")]
    version: Annotated[int, Field(ge=1)]
    title: Words
    borough: Words
    effective: Day
    expires: Day
    review_by: Day
    commencement: Literal["pairwise"]
    silence: Number
    supersedes: str | None = None
    preamble: Some
    arrangement: ArrangementRow
    controller: dict[Id, ControllerRow]
    party: dict[Id, PartyRow]
    parties: dict[Id, Some] = {}
    role: dict[Id, RoleRow]
    roles: dict[Id, Some] = {}
    purpose: dict[Id, PurposeRow]
    fact: dict[Id, FactRow] = {}
    gateway: dict[Id, GatewayRow] = {}
    log: LogRow | None = None
    category: dict[Id, CategoryRow]
    kind: dict[Id, KindRow]
    field: dict[FieldName, FieldRow]
    clause: list[ClauseRow]
    example: list[ExampleRow] = []


def json_schema() -> dict[str, Any]:
    """JSON Schema of the file (2020-12), for editors that check TOML as it is typed (tombi, taplo)."""
    schema = Document.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
