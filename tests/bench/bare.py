"""The same pages served bare: the same templates over plain rows, without sign-in, policy, sealing or log.

What any page with a form has, it has: form tokens, a limit on searches, the same headers.

It is written as a careful person would write it without any of those: statements built once, few of them, plain
columns, the names of kinds and parties from dictionaries. Same engine, same durable settings, same process.
"""

import uuid
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from flask import Flask, redirect, render_template, request
from flask_limiter import Limiter
from flask_wtf.csrf import CSRFProtect, generate_csrf
from sqlalchemy import Boolean, Column, Integer, MetaData, String, Table, Text, bindparam, func, insert, select
from sqlalchemy.engine import Connection
from werkzeug.wrappers import Response

from portal.app import configure, headers, install_templates
from portal.config import Settings
from portal.db import Id, Micros, db, from_micros, new_id, now_micros, prepare
from portal.pages import happened
from portal.pages.face import face
from portal.pages.frame import Frame, NavItem
from portal.pages.home import Cases
from portal.pages.search import Result
from portal.pages.sections import sections
from portal.sharing.disclosure import Disclosure, Receipt, Record, Value, Writable
from portal.sharing.reading.lists import CaseList, Line, Shared
from portal.sharing.reading.search import Hit

_METADATA = MetaData()

CASE = Table(
    "bare_case",
    _METADATA,
    Column("id", Id, primary_key=True),
    Column("reference", String(20)),
    Column("borough", String(40)),
    Column("state", String(20)),
    Column("lead_party", String(40)),
    Column("review_due", Micros),
)
RECORD = Table(
    "bare_record",
    _METADATA,
    Column("id", Id, primary_key=True),
    Column("case", Id, index=True),
    Column("kind", String(40)),
    Column("label", String(40)),
    Column("owner", String(40)),
    Column("version", Integer),
    Column("made_as_youth", Boolean),
    Column("created_at", Micros),
    Column("changed_at", Micros),
    Column("new", Boolean),
)
VALUE = Table(
    "bare_value",
    _METADATA,
    Column("record", Id, primary_key=True),
    Column("field", String(60), primary_key=True),
    Column("text", Text),
)
FOUND = Table(
    "bare_person",
    _METADATA,
    Column("id", Id, primary_key=True),
    Column("case", Id),
    Column("surname", String(80)),
    Column("forename", String(80)),
    Column("date_of_birth", String(10)),
    Column("pnc", String(20), index=True),
)
TABLES = (CASE, RECORD, VALUE, FOUND)

_CASE = select(CASE).where(CASE.c.id == bindparam("case"))
_ROWS = select(*list(RECORD.c)[:9], VALUE.c.field, VALUE.c.text).join(VALUE, VALUE.c.record == RECORD.c.id)
_VIEW = _ROWS.where(RECORD.c.case == bindparam("case")).order_by(RECORD.c.created_at.desc(), RECORD.c.id)
_COUNT = select(func.count()).select_from(CASE)
_PAGE = select(CASE).order_by(CASE.c.review_due.is_(None), CASE.c.review_due, CASE.c.reference).limit(50)
_OF_PAGE = (
    select(RECORD.c.case, VALUE.c.field, VALUE.c.text)
    .join(VALUE, VALUE.c.record == RECORD.c.id)
    .where(
        RECORD.c.case.in_(bindparam("cases", expanding=True)), VALUE.c.field.in_(bindparam("fields", expanding=True))
    )
)
_SHARED = (
    select(RECORD.c.case, RECORD.c.label, RECORD.c.owner, RECORD.c.created_at, RECORD.c.new)
    .where(RECORD.c.case.in_(bindparam("cases", expanding=True)), RECORD.c.kind == "update")
    .order_by(RECORD.c.created_at.desc())
)
_SEARCH = (
    select(FOUND.c.surname, FOUND.c.forename, FOUND.c.date_of_birth, CASE.c.id, CASE.c.reference, CASE.c.borough)
    .join(CASE, CASE.c.id == FOUND.c.case)
    .where(FOUND.c.pnc == bindparam("pnc"))
)
WHY = ("selection", "Deciding whether to take someone on")
FIELDS = ["person.surname", "person.forename", "case.rag", "case.status"]
_AS_IT_IS = (
    *("earlier", "transfers", "asked", "assessed", "linked", "stamps"),
    *("pair_path", "team_path", "emergency_path", "may_move", "may_transfer"),
)
NO_RECEIPT = Receipt("", datetime(2026, 1, 1, tzinfo=UTC))


class Words:
    """What a bare application would hold as constants: names of kinds, labels, owners and fields, and the frames.

    `case`, `home` and `due`: what those pages of ours hand to their templates. The bare pages work out who the person
    is, the records, what happened and the list of cases, and take the rest as it is.
    """

    def __init__(
        self,
        shown: Disclosure,
        listed: CaseList,
        case: Mapping[str, Any],
        home: Mapping[str, Any],
        due: Mapping[str, Any],
    ) -> None:
        self.shown = shown
        self.listed = listed
        self.case = {name: case[name] for name in _AS_IT_IS}
        self.case_frame: Frame = case["page"]
        self.home: tuple[Frame, Cases] = home["page"], home["d"]
        self.due: tuple[Frame, Cases] = due["page"], due["d"]
        self.records = {r.id: r for r in (*shown.timeline, *(r for s in shown.sections for r in s.records))}
        self.kinds = {r.kind: r.kind_name for r in self.records.values()}
        self.labels = {r.label: r.label_name for r in self.records.values()}
        self.owners = {r.owner: r.owner_name for r in self.records.values()}
        self.owners |= {s.owner_name: s.owner_name for s in listed.shared}
        self.fields = {v.key: (v.label, v.type) for r in self.records.values() for v in r.values}
        self.section = {r.kind: s.id for s in shown.sections for r in s.records}
        self.edits = {r.owner for r in self.records.values() if r.can_edit}
        self.copies = {r.owner for r in self.records.values() if r.can_copy}


def fill(connection: Connection, words: Words) -> uuid.UUID:
    """Plain rows of exactly what the portal showed: the case that was viewed, whose id is answered, and
    the fifty that were listed."""
    _METADATA.create_all(connection, tables=TABLES)
    shown, cases, records, values = words.shown, [], [], []
    for line in words.listed.lines:
        cases.append(case_row(line.case, line.reference, line.borough, "", line.review_due))
        names = line.name.rpartition(" ")
        told = {"person": (names[2], names[0]), "case": (line.rag, line.status)}
        for kind, keys in (("person", FIELDS[:2]), ("case", FIELDS[2:])):
            record = new_id()
            records.append(record_row(record, line.case, kind, "", "", 0, 0, False, False))
            values += [{"record": record, "field": k, "text": t} for k, t in zip(keys, told[kind], strict=True) if t]
        for _ in range(line.new):
            records.append(record_row(new_id(), line.case, "update", "housing", "", 0, 0, False, True))
    for s in words.listed.shared:
        at = round(s.at.timestamp() * 1e6)
        records.append(record_row(new_id(), s.case, "update", s.label_name, s.owner_name, at, at, False, False))
    seen = new_id()  # apart from the list's rows of the same case
    cases.append(case_row(seen, shown.reference, shown.borough, shown.lead_party, shown.review_due))
    for r in words.records.values():
        at, changed = round(r.at.timestamp() * 1e6), round(r.changed_at.timestamp() * 1e6)
        row = record_row(r.id, seen, r.kind, r.label, r.owner, at, changed, r.made_as_youth, False)
        records.append({**row, "version": r.version})
        values += [{"record": r.id, "field": v.key, "text": v.text} for v in r.values]
    for table, rows in ((CASE, cases), (RECORD, records), (VALUE, values)):
        connection.execute(insert(table), rows)
    return seen


def case_row(identity: uuid.UUID, reference: str, borough: str, lead: str, due: datetime | None) -> dict[str, Any]:
    at = round(due.timestamp() * 1e6) if due else None
    return {
        "id": identity,
        "reference": reference,
        "borough": borough,
        "state": "open",
        "lead_party": lead,
        "review_due": at,
    }


def record_row(
    identity: uuid.UUID,
    case: uuid.UUID,
    kind: str,
    label: str,
    owner: str,
    created_at: int,
    changed_at: int,
    youth: bool,
    new: bool,
) -> dict[str, Any]:
    return {
        "id": identity,
        "case": case,
        "kind": kind,
        "label": label,
        "owner": owner,
        "version": 1,
        "made_as_youth": youth,
        "created_at": created_at,
        "changed_at": changed_at,
        "new": new,
    }


def create(settings: Settings, words: Words) -> Flask:
    """The bare application. `/log/case/<id>` is the view that also inserts one row durably, as the least a log is."""
    app = Flask("portal")
    configure(app, settings, {"SESSION_COOKIE_NAME": "form-bare"})
    CSRFProtect(app)
    limits = Limiter(lambda: "everybody")
    limits.init_app(app)
    db.init_app(app)
    with app.app_context():
        prepare(db.engine)
    install_templates(app)

    @app.get("/case/<uuid:case>")
    def view(case: uuid.UUID) -> str:
        return _view(words, case)

    @app.get("/log/case/<uuid:case>")
    def view_and_insert(case: uuid.UUID) -> str:
        db.session.execute(insert(VALUE), {"record": new_id(), "field": "log", "text": "x" * 900})
        db.session.commit()
        return _view(words, case)

    @app.post("/case/<uuid:case>/update")
    def share(case: uuid.UUID) -> Response:
        return _share(case)

    @app.get("/")
    def home() -> str:
        return _home(words, *(words.due if request.args.get("review") else words.home))

    @app.post("/search")
    @limits.limit("1000000 per minute")
    def search() -> Response:
        return redirect(f"/search?pnc={request.form['number']}", 303)

    @app.get("/search")
    def results() -> str:
        return _results(words, request.args["pnc"])

    app.after_request(headers(settings, ()))
    return app


def _frame(of: Frame, title: str, base: str | None = None) -> Frame:
    """As `rendering.frame`, for somebody whose name is a constant: made anew, with form tokens and addresses."""
    nav = [(item.text, item.path) for item in of.nav]
    return replace(
        of,
        title=title,
        csrf=generate_csrf,
        receipt=NO_RECEIPT,
        purpose_path=f"{base}/purpose" if base else None,
        visit=base,
        nav=tuple(NavItem(text, path, current=request.path == path) for text, path in nav),
    )


def _view(words: Words, case: uuid.UUID) -> str:
    connection = db.session.connection()
    row = connection.execute(_CASE, {"case": case}).one()
    d = _disclosure(words, row, _records(words, connection.execute(_VIEW, {"case": case}).all()))
    head = face(d, datetime.now(UTC).date())
    base = f"/case/{case}"
    return render_template(
        "case.html",
        page=_frame(words.case_frame, head.name or d.reference, base),
        d=d,
        face=head,
        base=base,
        sections=sections(d),
        happened=happened.told(d),
        may_update=happened.may_update(d),
        may_act=happened.may_act(d),
        add=happened.addable(d),
        **words.case,
    )


def _records(words: Words, rows: Sequence[Any]) -> list[Record]:
    values: dict[uuid.UUID, list[Value]] = defaultdict(list)
    heads: dict[uuid.UUID, Any] = {}
    for row in rows:
        label, type_ = words.fields[row.field]
        heads[row.id] = row
        values[row.id].append(Value(row.field, label, row.text, type_))
    return [
        replace(
            words.records[h.id],  # whatever no row tells: as constants
            kind_name=words.kinds[h.kind],
            label_name=words.labels[h.label],
            owner_name=words.owners[h.owner],
            at=from_micros(h.created_at),
            version=h.version,
            changed_at=from_micros(h.changed_at),
            made_as_youth=h.made_as_youth,
            can_edit=h.owner in words.edits,
            can_copy=h.owner in words.copies,
            values=tuple(values[h.id]),
        )
        for h in heads.values()
    ]


def _disclosure(words: Words, case: Any, records: Sequence[Record]) -> Disclosure:
    shown = words.shown
    by_section: dict[str, list[Record]] = defaultdict(list)
    for r in records:
        if r.kind != "update":
            by_section[words.section[r.kind]].append(r)
    return replace(
        shown,  # the rest: what people did about the case, as constants
        case=case.id,
        visit=case.id,
        reference=case.reference,
        borough=case.borough,
        receipt=NO_RECEIPT,
        state=case.state,
        review_due=from_micros(case.review_due) if case.review_due else None,
        lead_party=case.lead_party,
        sections=tuple(replace(s, records=tuple(by_section[s.id])) for s in shown.sections),
        timeline=tuple(r for r in records if r.kind == "update"),
        safety=tuple(by_section["safety"]),
        writable=tuple(Writable(w.kind, w.kind_name, w.label, w.label_name) for w in shown.writable),
    )


def _share(case: uuid.UUID) -> Response:
    form, record, now = request.form, new_id(), now_micros()
    row = record_row(record, new_id(), "update", form["kind"], "police", now, now, False, True)
    typed = {
        "text": form["text"].strip(),
        "nature": form["nature"],
        "source": form["source"].strip(),
        "happened_on": f"{form['happened-year']}-{form['happened-month']:0>2}-{form['happened-day']:0>2}",
    }
    values = [{"record": record, "field": f"update.{name}", "text": text} for name, text in typed.items() if text]
    connection = db.session.connection()
    connection.execute(insert(RECORD), row)
    connection.execute(insert(VALUE), values)
    db.session.commit()
    return redirect(f"/case/{case}#happened", 303)


def _home(words: Words, frame: Frame, front: Cases) -> str:
    connection = db.session.connection()
    total = connection.execute(_COUNT).scalar_one()
    cases = connection.execute(_PAGE).all()
    ids = [c.id for c in cases]
    texts: dict[uuid.UUID, dict[str, str]] = defaultdict(dict)
    for row in connection.execute(_OF_PAGE, {"cases": ids, "fields": FIELDS}):
        texts[row.case][row.field] = row.text
    fresh = connection.execute(_SHARED, {"cases": ids}).all()
    new = Counter(update.case for update in fresh if update.new)
    lines = tuple(_line(case, texts[case.id], new[case.id]) for case in cases)
    names = {line.case: line.name for line in lines}
    shared = tuple(
        Shared(update.case, names[update.case], update.label, update.owner, from_micros(update.created_at))
        for update in fresh
        if not update.new
    )
    found = CaseList(lines, shared[:10], total, 1, "OFFICIAL-SENSITIVE", NO_RECEIPT, dated=words.listed.dated)
    d = replace(front, list=found)
    return render_template("home.html", page=_frame(frame, d.heading), d=d)


def _line(case: Any, text: Mapping[str, str], new: int) -> Line:
    return Line(
        case=case.id,
        reference=case.reference,
        borough=case.borough,
        name=f"{text.get(FIELDS[1], '')} {text.get(FIELDS[0], '')}".strip(),
        rag=text.get("case.rag", ""),
        status=text.get("case.status", ""),
        review_due=from_micros(case.review_due) if case.review_due else None,
        new=new,
        can_share=True,
    )


def _results(words: Words, pnc: str) -> str:
    hits = [
        Hit(
            case=row.id,
            reference=row.reference,
            borough=row.borough,
            name=f"{row.forename} {row.surname}",
            date_of_birth=row.date_of_birth,
            matched=("the same PNC ID",),
            agencies=("Police", "Probation"),
            safety=(),
            may_open=True,
            in_emergency=False,
        )
        for row in db.session.connection().execute(_SEARCH, {"pnc": pnc})
    ]
    results = tuple(Result(hit, f"/case/{hit.case}", None, "") for hit in hits)
    d = {"results": results, "total": len(results), "more": False, "again": "/search"}
    return render_template("search_results.html", page=_frame(words.case_frame, "Search results"), d=d)
