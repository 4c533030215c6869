"""Where records live. Only pseudonymous operating columns stand in the clear; every personal value is sealed."""

import uuid

from sqlalchemy import Boolean, ForeignKey, Index, Integer, LargeBinary, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Id, Micros

CLUSTERED = {"sqlite_with_rowid": False}
"""On SQLite rows lie in the order of their key, those of one record side by side: one tree to look into, not two."""


class CaseFile(Base):
    """One nominal under one agreement. What is personal about it is in records; this row only steers work."""

    __tablename__ = "case_file"

    id: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    person: Mapped[uuid.UUID] = mapped_column(Id, index=True)
    agreement: Mapped[str] = mapped_column(String(60))
    reference: Mapped[str] = mapped_column(String(20), unique=True)
    state: Mapped[str] = mapped_column(String(20))  # "open" or "deselected"
    lead_party: Mapped[str] = mapped_column(String(40))
    review_due: Mapped[int | None] = mapped_column(Micros)
    opened_at: Mapped[int] = mapped_column(Micros)
    closed_at: Mapped[int | None] = mapped_column(Micros)
    release_due: Mapped[int | None] = mapped_column(Micros)  # the day somebody comes out; no page reads it from here
    minor: Mapped[bool | None] = mapped_column(Boolean)  # under 18 when last seen; None: date of birth not known

    __table_args__ = (
        Index("ix_case_file_agreement_state", "agreement", "state"),
        Index("ix_case_file_release_due", "release_due"),
    )


class RecordRow(Base):
    """The head of one record: who owns it, its version, and which sealed value each field has now.

    `head` is canonical JSON {field: [version, SHA-256 of the sealed value in hex]}; its own SHA-256 is in the access
    log, so that an older value put back into its place is noticed.
    """

    __tablename__ = "record"

    id: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    case: Mapped[uuid.UUID] = mapped_column(Id, ForeignKey("case_file.id"))
    person: Mapped[uuid.UUID] = mapped_column(Id)
    kind: Mapped[str] = mapped_column(String(40))
    label: Mapped[str] = mapped_column(String(40))  # the category its writer chose, "" where the kind has fixed ones
    owner: Mapped[str] = mapped_column(String(40))
    version: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(20))  # "" unless there is one (a basis: in_force; an update: confirm)
    made_as_youth: Mapped[bool | None] = mapped_column(Boolean)  # None: date of birth was not known
    created_at: Mapped[int] = mapped_column(Micros)
    created_by: Mapped[uuid.UUID] = mapped_column(Id)
    changed_at: Mapped[int] = mapped_column(Micros)
    changed_by: Mapped[uuid.UUID] = mapped_column(Id)
    head: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (Index("ix_record_case_kind", "case", "kind"),)


class SealedValue(Base):
    """One version of one field of one record, sealed. Older versions stay, for the history of the field."""

    __tablename__ = "sealed_value"

    record: Mapped[uuid.UUID] = mapped_column(Id, ForeignKey("record.id"), primary_key=True)
    field: Mapped[str] = mapped_column(String(60), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    category: Mapped[str] = mapped_column(String(40))  # as it was when written; bound into the seal
    current: Mapped[bool] = mapped_column(Boolean)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    written_at: Mapped[int] = mapped_column(Micros)
    written_by: Mapped[uuid.UUID] = mapped_column(Id)

    __table_args__ = CLUSTERED


class Assignment(Base):
    """Who works on a case, for which party, from when to when: what the fact "assigned" is read from.

    The words about it are the `assignment` record that `record` names; None where nobody wrote them.
    """

    __tablename__ = "assignment"

    id: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    case: Mapped[uuid.UUID] = mapped_column(Id, ForeignKey("case_file.id"))
    user: Mapped[uuid.UUID] = mapped_column(Id)
    party: Mapped[str] = mapped_column(String(40))
    role: Mapped[str] = mapped_column(String(40))
    pathway: Mapped[str | None] = mapped_column(String(40))  # what the party delivers on this case, if anything
    starts: Mapped[int] = mapped_column(Micros)
    ends: Mapped[int | None] = mapped_column(Micros)
    covers: Mapped[uuid.UUID | None] = mapped_column(Id)  # the colleague whose work this is until it ends
    record: Mapped[uuid.UUID | None] = mapped_column(Id, ForeignKey("record.id"))

    __table_args__ = (
        Index("ix_assignment_user", "user"),
        Index("ix_assignment_case_party", "case", "party"),
        Index("ix_assignment_covers", "covers"),
    )


class Referral(Base):
    """One referral on its way to the panel's list: who sent it, whose answer it waits for. Its words are records."""

    __tablename__ = "referral"

    id: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    case: Mapped[uuid.UUID] = mapped_column(Id, ForeignKey("case_file.id"), index=True)
    party: Mapped[str] = mapped_column(String(40))
    user: Mapped[uuid.UUID] = mapped_column(Id)
    answer: Mapped[uuid.UUID | None] = mapped_column(Id, ForeignKey("record.id"))  # of whoever keeps the panel's list
    state: Mapped[str] = mapped_column(String(20))  # waiting, asked, accepted, refused, withdrawn, lapsed
    version: Mapped[int] = mapped_column(Integer)
    sent_at: Mapped[int] = mapped_column(Micros)
    since: Mapped[int] = mapped_column(Micros)  # when it came into this state

    __table_args__ = (
        Index("ix_referral_state_since", "state", "since"),
        Index("ix_referral_party_user", "party", "user"),
    )


class ActionRow(Base):
    """What an action is steered by: which party is to do it, who of it (None: nobody has taken it), by which day.

    Its words are the `action` record of the same id; `told` is the record that says what came of it, if it is closed.
    """

    __tablename__ = "action"

    record: Mapped[uuid.UUID] = mapped_column(Id, ForeignKey("record.id"), primary_key=True)
    case: Mapped[uuid.UUID] = mapped_column(Id, ForeignKey("case_file.id"), index=True)
    party: Mapped[str] = mapped_column(String(40))
    user: Mapped[uuid.UUID | None] = mapped_column(Id)
    due: Mapped[int] = mapped_column(Micros)  # the first instant of the day, in London
    state: Mapped[str] = mapped_column(String(20))  # open, done, dropped
    closed_at: Mapped[int | None] = mapped_column(Micros)
    told: Mapped[uuid.UUID | None] = mapped_column(Id, ForeignKey("record.id"))

    __table_args__ = (Index("ix_action_party_state_due", "party", "state", "due"),)


class VisitRow(Base):
    """One capacity at one case for one purpose, for a bounded time. Its id is what the address bar shows."""

    __tablename__ = "visit"

    id: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    session: Mapped[str] = mapped_column(String(40), index=True)
    user: Mapped[uuid.UUID] = mapped_column(Id)
    capacity: Mapped[uuid.UUID] = mapped_column(Id)
    case: Mapped[uuid.UUID] = mapped_column(Id, ForeignKey("case_file.id"))
    purpose: Mapped[str] = mapped_column(String(40))
    agreement_digest: Mapped[str] = mapped_column(String(64))
    emergency: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[int] = mapped_column(Micros)
    ends: Mapped[int] = mapped_column(Micros)
    ended_at: Mapped[int | None] = mapped_column(Micros)


class EmergencyRow(Base):
    """One declared emergency. What was found of it stands in the notices of those who were told."""

    __tablename__ = "emergency"

    visit: Mapped[uuid.UUID] = mapped_column(Id, ForeignKey("visit.id"), primary_key=True)
    case: Mapped[uuid.UUID] = mapped_column(Id)
    party: Mapped[str] = mapped_column(String(40))
    entry: Mapped[uuid.UUID] = mapped_column(Id)
    declared_at: Mapped[int] = mapped_column(Micros)
    ends: Mapped[int] = mapped_column(Micros)
    review_due: Mapped[int] = mapped_column(Micros)


class KeptForm(Base):
    """A form sent after the clock had ended its session: sealed for a day, for the same person and capacity."""

    __tablename__ = "kept_form"

    user: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    capacity: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    case: Mapped[uuid.UUID] = mapped_column(Id, ForeignKey("case_file.id"), primary_key=True)
    then: Mapped[str] = mapped_column(String(200), primary_key=True)  # the page of a visit that it was sent to
    purpose: Mapped[str] = mapped_column(String(40))  # of the visit it was written in
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    kept_at: Mapped[int] = mapped_column(Micros)
    ends: Mapped[int] = mapped_column(Micros, index=True)


class Notice(Base):
    """A message without content to the data-protection officers of a party, and what they found. Never deleted."""

    __tablename__ = "notice"

    id: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    party: Mapped[str] = mapped_column(String(40))
    about: Mapped[str] = mapped_column(String(20))  # emergency
    entry: Mapped[uuid.UUID] = mapped_column(Id, index=True)
    created_at: Mapped[int] = mapped_column(Micros)
    due: Mapped[int] = mapped_column(Micros)
    seen_at: Mapped[int | None] = mapped_column(Micros)
    seen_by: Mapped[uuid.UUID | None] = mapped_column(Id)
    outcome: Mapped[str | None] = mapped_column(String(20))  # justified, questioned, escalated; None: not found yet

    __table_args__ = (Index("ix_notice_party_seen_at", "party", "seen_at"),)


class SearchTag(Base):
    """A keyed tag under which a person may be found; says nothing without the index key.

    `shared`: true wherever another case has the same tag; it may stay true for a while after that other is corrected.
    Few are, so that whoever asks who may be here twice looks at those alone.
    """

    __tablename__ = "search_tag"

    tag: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    record: Mapped[uuid.UUID] = mapped_column(Id, ForeignKey("record.id"), primary_key=True)
    case: Mapped[uuid.UUID] = mapped_column(Id)
    kind: Mapped[str] = mapped_column(String(20))
    shared: Mapped[bool] = mapped_column(Boolean, server_default=false())

    __table_args__ = (
        Index("ix_search_tag_record", "record"),
        Index("ix_search_tag_shared", "tag", sqlite_where=text("shared = 1"), postgresql_where=text("shared")),
        CLUSTERED,
    )


class CaseSeen(Base):
    """When someone last opened a case, for "new since your last visit" (never taken from the access log)."""

    __tablename__ = "case_seen"

    user: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    case: Mapped[uuid.UUID] = mapped_column(Id, ForeignKey("case_file.id"), primary_key=True)
    seen_at: Mapped[int] = mapped_column(Micros)


class Adoption(Base):
    """One party's signature or acceptance of one version of an agreement; ended when suspended or superseded."""

    __tablename__ = "agreement_adoption"

    id: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    agreement: Mapped[str] = mapped_column(String(60))
    version: Mapped[int] = mapped_column(Integer)
    digest: Mapped[str] = mapped_column(String(64))
    party: Mapped[str] = mapped_column(String(40))
    signed_at: Mapped[int] = mapped_column(Micros)
    ended_at: Mapped[int | None] = mapped_column(Micros)

    __table_args__ = (UniqueConstraint("digest", "party", "signed_at"),)


class StaffValue(Base):
    """A name or work address of someone who signs in, sealed under a key of their own."""

    __tablename__ = "staff_value"

    user: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    field: Mapped[str] = mapped_column(String(20), primary_key=True)  # name, email
    version: Mapped[int] = mapped_column(Integer)
    party: Mapped[str] = mapped_column(String(40))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class SearchMade(Base):
    """A search that was made: lets its result page have an opaque address bound to the session."""

    __tablename__ = "search_made"

    id: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    session: Mapped[str] = mapped_column(String(40))
    capacity: Mapped[uuid.UUID] = mapped_column(Id)
    purpose: Mapped[str] = mapped_column(String(40))
    tags: Mapped[bytes] = mapped_column(
        LargeBinary
    )  # 16 bytes a tag; the words themselves are kept nowhere but the log
    made_at: Mapped[int] = mapped_column(Micros)


class ImportRun(Base):
    """One monthly file on its way in: staging, staged, publishing, then published, abandoned or unreadable.

    Nothing it holds is in force before it is published.
    """

    __tablename__ = "import_run"

    id: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    user: Mapped[uuid.UUID] = mapped_column(Id)
    party: Mapped[str] = mapped_column(String(40))
    capacity: Mapped[uuid.UUID] = mapped_column(Id)
    session: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(20))
    why: Mapped[str] = mapped_column(String(20))  # of the state, for the person: "", again, failed
    problem: Mapped[str] = mapped_column(String(1000))  # why the file could not be read; quotes nothing of it
    created_at: Mapped[int] = mapped_column(Micros)
    touched_at: Mapped[int] = mapped_column(Micros)  # work that stopped is known by its silence
    done: Mapped[int] = mapped_column(Integer)  # rows compared, or prepared, so far
    new: Mapped[int] = mapped_column(Integer)
    changed: Mapped[int] = mapped_column(Integer)
    unchanged: Mapped[int] = mapped_column(Integer)
    refused: Mapped[int] = mapped_column(Integer)
    reference: Mapped[str] = mapped_column(String(7))  # of the entry that published it
    file_tag: Mapped[bytes] = mapped_column(LargeBinary(16))  # keyed, so that the same file is known again
    sealed: Mapped[bytes] = mapped_column(LargeBinary)  # the file until it is read; then headings, notes, who asked

    __table_args__ = (Index("ix_import_run_user", "user"), Index("ix_import_run_state", "state"))


class ImportRow(Base):
    """One row of such a file, sealed under the key of its run: destroying that key abandons it."""

    __tablename__ = "import_row"

    id: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    run: Mapped[uuid.UUID] = mapped_column(Id, ForeignKey("import_run.id"))
    number: Mapped[int] = mapped_column(Integer)
    agreement: Mapped[str] = mapped_column(String(60))
    state: Mapped[str] = mapped_column(String(20))  # waiting to be compared; new, changed, unchanged, refused
    doubtful: Mapped[bool] = mapped_column(Boolean)  # refused until its sender confirms who it is
    case: Mapped[uuid.UUID | None] = mapped_column(Id)  # the known case it belongs to
    sealed: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (Index("ix_import_row_run_number", "run", "number"),)
