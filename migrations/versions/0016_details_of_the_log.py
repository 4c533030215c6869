"""Erasing details of the access log at the end of their period, and what keeps them longer"""

import sqlalchemy as sa
from alembic import op

from portal.audit import guards, triggers
from portal.audit.tables import HOLDS_APPEND_ONLY

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    op.add_column("audit_detail", sa.Column("erasure", sa.LargeBinary(16), nullable=True))
    said = sa.text("erasure IS NOT NULL")
    op.create_index(
        "ix_audit_detail_erasure",
        "audit_detail",
        ["erasure", "subject_tag"],
        sqlite_where=said,
        postgresql_where=said,
    )
    op.create_table(
        "audit_hold",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("entry_id", sa.LargeBinary(16), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("party", sa.String(length=64), nullable=False),
        sa.Column("agreement", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.LargeBinary(length=32), nullable=True),
        sa.Column("first_year", sa.Integer(), nullable=False),
        sa.Column("last_year", sa.Integer(), nullable=False),
        sa.Column("asked_by", sa.String(length=200), nullable=False),
        sa.Column("matter", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_hold")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_audit_hold_entry_id")),
    )
    op.create_table(
        "audit_hold_subject",
        sa.Column("hold", sa.LargeBinary(16), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=16), nullable=False),
        sa.Column("subject_tag", sa.LargeBinary(length=16), nullable=False),
        sa.PrimaryKeyConstraint("hold", name=op.f("pk_audit_hold_subject")),
    )
    op.create_table(
        "audit_hold_lift",
        sa.Column("hold", sa.LargeBinary(16), nullable=False),
        sa.Column("entry_id", sa.LargeBinary(16), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("hold", name=op.f("pk_audit_hold_lift")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_audit_hold_lift_entry_id")),
    )
    for statement in (*triggers.statements(dialect, HOLDS_APPEND_ONLY), *guards.statements(dialect)):
        op.execute(statement)


def downgrade() -> None:
    for statement in guards.drop_statements(op.get_bind().dialect.name):
        op.execute(statement)
    for table in ("audit_hold_lift", "audit_hold_subject", "audit_hold"):
        op.drop_table(table)  # triggers go with their tables; the function serves the other ones
    op.drop_index("ix_audit_detail_erasure", table_name="audit_detail")
    op.drop_column("audit_detail", "erasure")
