"""From the checked shape to the `Agreement`: groups spread, labelled kinds spread, every reference resolved.

Nothing here guesses: a name that the document does not declare is a problem with its path and line.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from isa.agreement import (
    EMERGENCY,
    Agreement,
    Arrangement,
    Category,
    Controller,
    Example,
    Fact,
    Field,
    Kind,
    LogRetention,
    Party,
    Purpose,
    Retention,
    Role,
)
from isa.clauses import ClauseBuilder
from isa.document import Document, GatewayRow
from isa.gateway import Gateway
from isa.names import Names
from isa.positions import Lines, Location


class Builder:
    """Builds one agreement. `problems` grows as `build` runs; the result is worth something only if it stays empty."""

    def __init__(self, document: Document, raw: Mapping[str, Any], lines: Lines) -> None:
        self._doc = document
        self._raw = raw
        self._names = Names(raw, lines)
        self._lines = lines

    @property
    def problems(self) -> list[Any]:
        return self._names.problems

    def build(self, digest: str) -> Agreement:
        """The agreement, carrying `digest`."""
        doc = self._doc
        categories = self._categories()
        fields = self._fields(categories)
        facts = {k: Fact(k, r.name, r.per or "", r.note) for k, r in doc.fact.items()}
        if EMERGENCY not in self._names.known["fact"] and any(c.emergency for c in doc.clause):
            self._names.say(("fact",), f'an emergency clause needs the fact "{EMERGENCY}" to be declared')
        agreement = Agreement(
            id=doc.id,
            version=doc.version,
            title=doc.title,
            borough=doc.borough,
            effective=date.fromisoformat(doc.effective),
            expires=date.fromisoformat(doc.expires),
            review_by=date.fromisoformat(doc.review_by),
            silence=doc.silence,
            digest=digest,
            preamble=tuple(doc.preamble),
            arrangement=self._arrangement(),
            controllers={k: Controller(k, r.name, r.competent, r.note) for k, r in doc.controller.items()},
            parties=self._parties(),
            party_groups=self._names.party_groups(doc.parties),
            roles=self._roles(),
            role_groups=self._names.role_groups(doc.roles),
            purposes={k: Purpose(k, r.name, r.ask, r.example, r.task, r.note) for k, r in doc.purpose.items()},
            facts=facts,
            gateways={k: self._gateway(k, r) for k, r in doc.gateway.items()},
            categories=categories,
            kinds=self._kinds(),
            fields=fields,
            clauses=ClauseBuilder(doc, self._raw, self._names, fields).build(),
            examples=self._examples(),
            log=self._log(),
            lines={".".join(map(str, path)): line for path, line in self._lines.items() if len(path) <= 3},
        )
        self._check_head(agreement)
        return agreement

    def _check_head(self, agreement: Agreement) -> None:
        if not agreement.effective < agreement.expires:
            self._names.say(("expires",), "the agreement must end after it begins")
        if not agreement.effective <= agreement.review_by <= agreement.expires:
            self._names.say(("review_by",), "the review must fall within the agreement's dates")
        silence = agreement.clauses.get(agreement.silence)
        if agreement.silence not in self._names.clause_at:
            self._names.say(("silence",), f"no clause {agreement.silence} says that what is not granted is refused")
        elif silence is not None and silence.effect != "statement":
            self._names.say(("silence",), f"clause {agreement.silence} must be a statement")

    def _arrangement(self) -> Arrangement:
        row = self._doc.arrangement
        for key in ("subjects_contact", "breach_contact"):
            self._names.check("party", getattr(row, key), ("arrangement", key))
        return Arrangement(row.subjects_contact, row.breach_contact, tuple(row.text))

    def _parties(self) -> dict[str, Party]:
        for key, row in self._doc.party.items():
            self._names.check("controller", row.controller, ("party", key, "controller"))
            if row.acts_for is not None:
                self._names.check("party", row.acts_for, ("party", key, "acts_for"))
        return {key: Party(id=key, **row.model_dump()) for key, row in self._doc.party.items()}

    def _roles(self) -> dict[str, Role]:
        kinds = {p.get("kind") for p in self._raw["party"].values() if isinstance(p, dict)}
        for key, row in self._doc.role.items():
            if row.standing_purpose is not None:
                self._names.check("purpose", row.standing_purpose, ("role", key, "standing_purpose"))
            for at, kind in enumerate(row.kinds or ()):
                if kind not in kinds:
                    self._names.say(("role", key, "kinds", at), f'no party is of the kind "{kind}"')
        return {
            key: Role(
                key,
                r.name,
                r.reach,
                r.content,
                r.standing_purpose,
                None if r.kinds is None else frozenset(r.kinds),
                r.note,
            )
            for key, r in self._doc.role.items()
        }

    def _gateway(self, key: str, row: GatewayRow) -> Gateway:
        names, at = self._names, ("gateway", key)

        def parties(name: str, said: list[str] | str | None) -> frozenset[str] | None:
            return None if said is None else names.parties([said] if isinstance(said, str) else said, (*at, name))

        for place, pair in enumerate(row.not_pair):
            for party in pair:
                names.check("party", party, (*at, "not_pair", place))
        for name, section, said in (("not_category", "category", row.not_category), ("needs", "fact", row.needs)):
            for place, item in enumerate(said):
                names.check(section, item, (*at, name, place))
        return Gateway(
            id=key,
            cite=row.cite,
            text=row.text,
            owners=parties("from", row.from_),
            to=parties("to", row.to),
            not_owners=parties("not_from", row.not_from) or frozenset(),
            not_to=parties("not_to", row.not_to) or frozenset(),
            not_pair=frozenset((pair[0], pair[1]) for pair in row.not_pair),
            between=parties("between", row.between),
            not_category=frozenset(row.not_category),
            needs=tuple(row.needs),
            listed=parties("listed", row.listed),
            anchor=parties("anchor", row.anchor),
            note=row.note,
        )

    def _categories(self) -> dict[str, Category]:
        return {
            key: Category(
                id=key,
                name=row.name,
                sensitivity=row.sensitivity,
                owners=self._names.parties(row.owners, ("category", key, "owners")),
                special=row.special,
                criminal=row.criminal,
                silent=row.on_deny == "silent",
                retention=None if row.retention is None else Retention(**row.retention.model_dump(exclude={"note"})),
                note=row.note,
            )
            for key, row in self._doc.category.items()
        }

    def _log(self) -> LogRetention | None:
        row = self._doc.log
        return None if row is None else LogRetention(int(row.retention.period[1:-1]), row.clause, row.note)

    def _kinds(self) -> dict[str, Kind]:
        for key, row in self._doc.kind.items():
            for at, category in enumerate(row.labelled or ()):
                self._names.check("category", category, ("kind", key, "labelled", at))
        local: dict[str, list[str]] = {}
        for name in self._doc.field:
            kind, _, rest = name.partition(".")
            local.setdefault(kind, []).append(rest)
        return {
            key: Kind(key, r.name, r.section, tuple(r.labelled or ()), tuple(local.get(key, ())), r.note)
            for key, r in self._doc.kind.items()
        }

    def _fields(self, categories: Mapping[str, Category]) -> dict[str, Field]:
        built: dict[str, Field] = {}
        for name, row in self._doc.field.items():
            said = None if row.owners is None else self._names.parties(row.owners, ("field", name, "owners"))
            if row.type == "choice" and not row.choices:
                self._names.say(("field", name), "a choice needs its choices")
            for at, source in enumerate(row.source):
                self._names.check("field", source.partition("@")[0], ("field", name, "source", at))
            for key, category in self._labels(name, row.category):
                if category in categories:
                    owners = categories[category].owners
                    if said is not None:  # a label never gives a category to a party that may not own it
                        owners = said & owners if key != name else said
                    built[key] = Field(
                        key=key,
                        name=row.name,
                        category=category,
                        owners=owners,
                        type=row.type,
                        choices=tuple(row.choices),
                        source=tuple(row.source),
                        note=row.note,
                    )
        return built

    def _labels(self, name: str, category: str | None) -> Iterable[tuple[str, str]]:
        """The decision keys of one written field, each with its category."""
        at: Location = ("field", name)
        kind = name.partition(".")[0]
        if not self._names.check("kind", kind, at) or kind not in self._doc.kind:
            return ()
        labelled = self._doc.kind[kind].labelled
        if labelled:
            if category is not None:
                self._names.say((*at, "category"), "a record of this kind carries its label; leave the category out")
            return [(f"{name}@{label}", label) for label in labelled]
        if category is None:
            self._names.say(at, "the category is missing")
            return ()
        self._names.check("category", category, (*at, "category"))
        return [(name, category)]

    def _examples(self) -> tuple[Example, ...]:
        built = []
        for row in self._doc.example:
            party, _, role = row.given.who.partition(".")
            built.append(
                Example(
                    say=row.say,
                    party=party,
                    role=role,
                    action=row.given.can,
                    field=row.given.field,
                    owner=row.given.owner,
                    purpose=row.given.for_,
                    true=tuple(row.given.facts),
                    false=tuple(row.given.not_),
                    expect=row.expect,
                    line=self._names.example_line(row.say),
                )
            )
        return tuple(built)
