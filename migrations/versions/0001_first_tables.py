"""The first tables: cases and records, keys, sign-in, the access log"""

import sqlalchemy as sa
from alembic import op

from portal.audit import triggers
from portal.audit.tables import FIRST_APPEND_ONLY

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "agreement_adoption",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("agreement", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("party", sa.String(length=40), nullable=False),
        sa.Column("signed_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement_adoption")),
        sa.UniqueConstraint("digest", "party", "signed_at", name=op.f("uq_agreement_adoption_digest_party_signed_at")),
    )
    op.create_table(
        "audit_checkpoint",
        sa.Column("size", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_audit_checkpoint")),
    )
    op.create_table(
        "audit_detail",
        sa.Column("entry_id", sa.LargeBinary(16), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("subject_tag", sa.LargeBinary(length=16), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("silent", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("entry_id", "position", name=op.f("pk_audit_detail")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_audit_detail_subject_tag", "audit_detail", ["subject_tag", "entry_id"], unique=False)

    op.create_table(
        "audit_entry",
        sa.Column("entry_id", sa.LargeBinary(16), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.LargeBinary(16), nullable=True),
        sa.Column("agency", sa.String(length=64), nullable=True),
        sa.Column("role", sa.String(length=64), nullable=True),
        sa.Column("session", sa.String(length=64), nullable=True),
        sa.Column("operation", sa.String(length=32), nullable=False),
        sa.Column("purpose", sa.String(length=64), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("agreement", sa.String(length=200), nullable=True),
        sa.Column("decision", sa.LargeBinary(length=32), nullable=True),
        sa.Column("details", sa.LargeBinary(length=32), nullable=True),
        sa.Column("writer", sa.LargeBinary(16), nullable=False),
        sa.Column("n", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reference", sa.String(length=7), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_audit_entry")),
        sa.UniqueConstraint("writer", "n", name=op.f("uq_audit_entry_writer_n")),
    )
    op.create_index("ix_audit_entry_actor_at", "audit_entry", ["actor", "at"], unique=False)
    op.create_index("ix_audit_entry_at", "audit_entry", ["at", "entry_id"], unique=False)
    op.create_index("ix_audit_entry_reference", "audit_entry", ["reference"], unique=False)

    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("edge", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "audit_node",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("index", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("level", "index", name=op.f("pk_audit_node")),
    )
    op.create_table(
        "audit_outcome",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_audit_outcome")),
    )
    op.create_table(
        "audit_outcome_field",
        sa.Column("field", sa.String(length=128), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("permitted", sa.Boolean(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("field", "owner", "permitted", "digest", name=op.f("pk_audit_outcome_field")),
    )
    op.create_index("ix_audit_outcome_field_digest", "audit_outcome_field", ["digest"], unique=False)

    op.create_table(
        "audit_pending",
        sa.Column("writer", sa.LargeBinary(16), nullable=False),
        sa.Column("n", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("entry_id", sa.LargeBinary(16), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("writer", "n", name=op.f("pk_audit_pending")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "audit_person_key",
        sa.Column("subject_tag", sa.LargeBinary(length=16), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key_id", sa.LargeBinary(length=8), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("commitment", sa.LargeBinary(length=32), nullable=False),
        sa.Column("wrapped_silent", sa.LargeBinary(), nullable=False),
        sa.Column("commitment_silent", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("subject_tag", "year", name=op.f("pk_audit_person_key")),
        sa.UniqueConstraint("key_id", name=op.f("uq_audit_person_key_key_id")),
    )
    op.create_table(
        "audit_sequence",
        sa.Column("index", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("entry_id", sa.LargeBinary(16), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("index", name=op.f("pk_audit_sequence")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_audit_sequence_entry_id")),
    )
    op.create_table(
        "auth_request",
        sa.Column("state_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("browser_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("step_up_of", sa.String(length=22), nullable=True),
        sa.Column("next_path", sa.String(length=500), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("state_hash", name=op.f("pk_auth_request")),
    )
    op.create_index(op.f("ix_auth_request_ends"), "auth_request", ["ends"], unique=False)

    op.create_table(
        "case_file",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("person", sa.LargeBinary(16), nullable=False),
        sa.Column("agreement", sa.String(length=60), nullable=False),
        sa.Column("reference", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("lead_party", sa.String(length=40), nullable=False),
        sa.Column("review_due", sa.BigInteger(), nullable=True),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("minor", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_file")),
        sa.UniqueConstraint("reference", name=op.f("uq_case_file_reference")),
    )
    op.create_index("ix_case_file_agreement_state", "case_file", ["agreement", "state"], unique=False)
    op.create_index(op.f("ix_case_file_person"), "case_file", ["person"], unique=False)

    op.create_table(
        "import_run",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("user", sa.LargeBinary(16), nullable=False),
        sa.Column("party", sa.String(length=40), nullable=False),
        sa.Column("capacity", sa.LargeBinary(16), nullable=False),
        sa.Column("session", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("why", sa.String(length=20), nullable=False),
        sa.Column("problem", sa.String(length=1000), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("touched_at", sa.BigInteger(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=7), nullable=False),
        sa.Column("file_tag", sa.LargeBinary(length=16), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
    )
    op.create_index("ix_import_run_state", "import_run", ["state"], unique=False)
    op.create_index("ix_import_run_user", "import_run", ["user"], unique=False)

    op.create_table(
        "key_dek",
        sa.Column("id", sa.LargeBinary(length=8), nullable=False),
        sa.Column("person", sa.LargeBinary(16), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("seal_class", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("suite", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("commitment", sa.LargeBinary(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN ('active', 'decrypt-only')", name=op.f("ck_key_dek_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_dek")),
        sa.UniqueConstraint(
            "person", "owner", "seal_class", "version", name=op.f("uq_key_dek_person_owner_seal_class_version")
        ),
    )
    op.create_index(
        "uq_key_dek_active",
        "key_dek",
        ["person", "owner", "seal_class"],
        unique=True,
        sqlite_where=sa.text("state = 'active'"),
        postgresql_where=sa.text("state = 'active'"),
    )

    op.create_table(
        "key_generation",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_generation")),
    )
    op.create_table(
        "key_secret",
        sa.Column("id", sa.LargeBinary(length=8), nullable=False),
        sa.Column("root", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("commitment", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_secret")),
        sa.UniqueConstraint("name", "version", name=op.f("uq_key_secret_name_version")),
    )
    op.create_table(
        "logout_token_seen",
        sa.Column("jti_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("jti_hash", name=op.f("pk_logout_token_seen")),
    )
    op.create_table(
        "notice",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("party", sa.String(length=40), nullable=False),
        sa.Column("about", sa.String(length=20), nullable=False),
        sa.Column("entry", sa.LargeBinary(16), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=True),
        sa.Column("seen_by", sa.LargeBinary(16), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
    )
    op.create_index(op.f("ix_notice_entry"), "notice", ["entry"], unique=False)
    op.create_index("ix_notice_party_seen_at", "notice", ["party", "seen_at"], unique=False)

    op.create_table(
        "search_made",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("session", sa.String(length=40), nullable=False),
        sa.Column("capacity", sa.LargeBinary(16), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("tags", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_made")),
    )
    op.create_table(
        "staff_value",
        sa.Column("user", sa.LargeBinary(16), nullable=False),
        sa.Column("field", sa.String(length=20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("party", sa.String(length=40), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("user", "field", name=op.f("pk_staff_value")),
    )
    op.create_table(
        "user_account",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("home_party", sa.String(length=40), nullable=False),
        sa.Column("suggested", sa.String(length=400), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
    )
    op.create_index(op.f("ix_user_account_home_party"), "user_account", ["home_party"], unique=False)

    op.create_table(
        "capacity_grant",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("user", sa.LargeBinary(16), nullable=False),
        sa.Column("party", sa.String(length=40), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("starts", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=True),
        sa.Column("granted_at", sa.BigInteger(), nullable=False),
        sa.Column("granted_by", sa.LargeBinary(16), nullable=True),
        sa.Column("suggested_by_claim", sa.Boolean(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.LargeBinary(16), nullable=True),
        sa.ForeignKeyConstraint(["user"], ["user_account.id"], name=op.f("fk_capacity_grant_user_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_capacity_grant")),
    )
    op.create_index(op.f("ix_capacity_grant_party"), "capacity_grant", ["party"], unique=False)
    op.create_index(op.f("ix_capacity_grant_user"), "capacity_grant", ["user"], unique=False)

    op.create_table(
        "case_seen",
        sa.Column("user", sa.LargeBinary(16), nullable=False),
        sa.Column("case", sa.LargeBinary(16), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["case"], ["case_file.id"], name=op.f("fk_case_seen_case_case_file")),
        sa.PrimaryKeyConstraint("user", "case", name=op.f("pk_case_seen")),
    )
    op.create_table(
        "import_row",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("run", sa.LargeBinary(16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("agreement", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("doubtful", sa.Boolean(), nullable=False),
        sa.Column("case", sa.LargeBinary(16), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["import_run.id"], name=op.f("fk_import_row_run_import_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_row")),
    )
    op.create_index("ix_import_row_run_number", "import_row", ["run", "number"], unique=False)

    op.create_table(
        "kept_form",
        sa.Column("user", sa.LargeBinary(16), nullable=False),
        sa.Column("capacity", sa.LargeBinary(16), nullable=False),
        sa.Column("case", sa.LargeBinary(16), nullable=False),
        sa.Column("then", sa.String(length=200), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("kept_at", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["case"], ["case_file.id"], name=op.f("fk_kept_form_case_case_file")),
        sa.PrimaryKeyConstraint("user", "capacity", "case", "then", name=op.f("pk_kept_form")),
    )
    op.create_index(op.f("ix_kept_form_ends"), "kept_form", ["ends"], unique=False)

    op.create_table(
        "record",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("case", sa.LargeBinary(16), nullable=False),
        sa.Column("person", sa.LargeBinary(16), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("label", sa.String(length=40), nullable=False),
        sa.Column("owner", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("made_as_youth", sa.Boolean(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.LargeBinary(16), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_by", sa.LargeBinary(16), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["case"], ["case_file.id"], name=op.f("fk_record_case_case_file")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record")),
    )
    op.create_index("ix_record_case_kind", "record", ["case", "kind"], unique=False)

    op.create_table(
        "assignment",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("case", sa.LargeBinary(16), nullable=False),
        sa.Column("user", sa.LargeBinary(16), nullable=False),
        sa.Column("party", sa.String(length=40), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("pathway", sa.String(length=40), nullable=True),
        sa.Column("starts", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=True),
        sa.Column("covers", sa.LargeBinary(16), nullable=True),
        sa.Column("record", sa.LargeBinary(16), nullable=True),
        sa.ForeignKeyConstraint(["case"], ["case_file.id"], name=op.f("fk_assignment_case_case_file")),
        sa.ForeignKeyConstraint(["record"], ["record.id"], name=op.f("fk_assignment_record_record")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment")),
    )
    op.create_index("ix_assignment_case_party", "assignment", ["case", "party"], unique=False)
    op.create_index("ix_assignment_covers", "assignment", ["covers"], unique=False)
    op.create_index("ix_assignment_user", "assignment", ["user"], unique=False)

    op.create_table(
        "user_identity",
        sa.Column("tag", sa.LargeBinary(length=32), nullable=False),
        sa.Column("user", sa.LargeBinary(16), nullable=False),
        sa.ForeignKeyConstraint(["user"], ["user_account.id"], name=op.f("fk_user_identity_user_user_account")),
        sa.PrimaryKeyConstraint("tag", name=op.f("pk_user_identity")),
    )
    op.create_index(op.f("ix_user_identity_user"), "user_identity", ["user"], unique=False)

    op.create_table(
        "visit",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("session", sa.String(length=40), nullable=False),
        sa.Column("user", sa.LargeBinary(16), nullable=False),
        sa.Column("capacity", sa.LargeBinary(16), nullable=False),
        sa.Column("case", sa.LargeBinary(16), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("agreement_digest", sa.String(length=64), nullable=False),
        sa.Column("emergency", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["case"], ["case_file.id"], name=op.f("fk_visit_case_case_file")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit")),
    )
    op.create_index(op.f("ix_visit_session"), "visit", ["session"], unique=False)

    op.create_table(
        "emergency",
        sa.Column("visit", sa.LargeBinary(16), nullable=False),
        sa.Column("case", sa.LargeBinary(16), nullable=False),
        sa.Column("party", sa.String(length=40), nullable=False),
        sa.Column("entry", sa.LargeBinary(16), nullable=False),
        sa.Column("declared_at", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.Column("review_due", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["visit"], ["visit.id"], name=op.f("fk_emergency_visit_visit")),
        sa.PrimaryKeyConstraint("visit", name=op.f("pk_emergency")),
    )
    op.create_table(
        "login_session",
        sa.Column("public_id", sa.String(length=22), nullable=False),
        sa.Column("id_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("user", sa.LargeBinary(16), nullable=False),
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("identity_tag", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sid_tag", sa.LargeBinary(length=32), nullable=True),
        sa.Column("capacity", sa.LargeBinary(16), nullable=True),
        sa.Column("auth_time", sa.BigInteger(), nullable=True),
        sa.Column("stepped_up_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seen", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.Column("sealed_hint", sa.LargeBinary(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_why", sa.String(length=20), nullable=True),
        sa.ForeignKeyConstraint(
            ["capacity"], ["capacity_grant.id"], name=op.f("fk_login_session_capacity_capacity_grant")
        ),
        sa.ForeignKeyConstraint(["user"], ["user_account.id"], name=op.f("fk_login_session_user_user_account")),
        sa.PrimaryKeyConstraint("public_id", name=op.f("pk_login_session")),
        sa.UniqueConstraint("id_hash", name=op.f("uq_login_session_id_hash")),
    )
    op.create_index(op.f("ix_login_session_capacity"), "login_session", ["capacity"], unique=False)
    op.create_index(op.f("ix_login_session_sid_tag"), "login_session", ["sid_tag"], unique=False)
    op.create_index(op.f("ix_login_session_user"), "login_session", ["user"], unique=False)

    op.create_table(
        "sealed_value",
        sa.Column("record", sa.LargeBinary(16), nullable=False),
        sa.Column("field", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(length=40), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("written_at", sa.BigInteger(), nullable=False),
        sa.Column("written_by", sa.LargeBinary(16), nullable=False),
        sa.ForeignKeyConstraint(["record"], ["record.id"], name=op.f("fk_sealed_value_record_record")),
        sa.PrimaryKeyConstraint("record", "field", "version", name=op.f("pk_sealed_value")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "search_tag",
        sa.Column("tag", sa.LargeBinary(length=16), nullable=False),
        sa.Column("record", sa.LargeBinary(16), nullable=False),
        sa.Column("case", sa.LargeBinary(16), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(["record"], ["record.id"], name=op.f("fk_search_tag_record_record")),
        sa.PrimaryKeyConstraint("tag", "record", name=op.f("pk_search_tag")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_search_tag_record", "search_tag", ["record"], unique=False)
    for statement in triggers.statements(op.get_bind().dialect.name, FIRST_APPEND_ONLY):
        op.execute(statement)


def downgrade() -> None:
    for statement in triggers.drop_statements(op.get_bind().dialect.name, FIRST_APPEND_ONLY):
        op.execute(statement)
    op.drop_index("ix_search_tag_record", table_name="search_tag")

    op.drop_table("search_tag")
    op.drop_table("sealed_value")
    op.drop_index(op.f("ix_login_session_user"), table_name="login_session")
    op.drop_index(op.f("ix_login_session_sid_tag"), table_name="login_session")
    op.drop_index(op.f("ix_login_session_capacity"), table_name="login_session")

    op.drop_table("login_session")
    op.drop_table("emergency")
    op.drop_index(op.f("ix_visit_session"), table_name="visit")

    op.drop_table("visit")
    op.drop_index(op.f("ix_user_identity_user"), table_name="user_identity")

    op.drop_table("user_identity")
    op.drop_index("ix_assignment_user", table_name="assignment")
    op.drop_index("ix_assignment_covers", table_name="assignment")
    op.drop_index("ix_assignment_case_party", table_name="assignment")

    op.drop_table("assignment")
    op.drop_index("ix_record_case_kind", table_name="record")

    op.drop_table("record")
    op.drop_index(op.f("ix_kept_form_ends"), table_name="kept_form")

    op.drop_table("kept_form")
    op.drop_index("ix_import_row_run_number", table_name="import_row")

    op.drop_table("import_row")
    op.drop_table("case_seen")
    op.drop_index(op.f("ix_capacity_grant_user"), table_name="capacity_grant")
    op.drop_index(op.f("ix_capacity_grant_party"), table_name="capacity_grant")

    op.drop_table("capacity_grant")
    op.drop_index(op.f("ix_user_account_home_party"), table_name="user_account")

    op.drop_table("user_account")
    op.drop_table("staff_value")
    op.drop_table("search_made")
    op.drop_index("ix_notice_party_seen_at", table_name="notice")
    op.drop_index(op.f("ix_notice_entry"), table_name="notice")

    op.drop_table("notice")
    op.drop_table("logout_token_seen")
    op.drop_table("key_secret")
    op.drop_table("key_generation")
    op.drop_index(
        "uq_key_dek_active",
        table_name="key_dek",
        sqlite_where=sa.text("state = 'active'"),
        postgresql_where=sa.text("state = 'active'"),
    )

    op.drop_table("key_dek")
    op.drop_index("ix_import_run_user", table_name="import_run")
    op.drop_index("ix_import_run_state", table_name="import_run")

    op.drop_table("import_run")
    op.drop_index(op.f("ix_case_file_person"), table_name="case_file")
    op.drop_index("ix_case_file_agreement_state", table_name="case_file")

    op.drop_table("case_file")
    op.drop_index(op.f("ix_auth_request_ends"), table_name="auth_request")

    op.drop_table("auth_request")
    op.drop_table("audit_sequence")
    op.drop_table("audit_person_key")
    op.drop_table("audit_pending")
    op.drop_index("ix_audit_outcome_field_digest", table_name="audit_outcome_field")

    op.drop_table("audit_outcome_field")
    op.drop_table("audit_outcome")
    op.drop_table("audit_node")
    op.drop_table("audit_head")
    op.drop_index("ix_audit_entry_reference", table_name="audit_entry")
    op.drop_index("ix_audit_entry_at", table_name="audit_entry")
    op.drop_index("ix_audit_entry_actor_at", table_name="audit_entry")

    op.drop_table("audit_entry")
    op.drop_index("ix_audit_detail_subject_tag", table_name="audit_detail")

    op.drop_table("audit_detail")
    op.drop_table("audit_checkpoint")
    op.drop_table("agreement_adoption")
