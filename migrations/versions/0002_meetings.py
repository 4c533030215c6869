"""Meetings: agendas, attendance, and sessions that a meeting holds open"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "meeting",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("agreement", sa.String(length=60), nullable=False),
        sa.Column("party", sa.String(length=40), nullable=False),
        sa.Column("held_on", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.LargeBinary(16), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=True),
        sa.Column("opened_by", sa.LargeBinary(16), nullable=True),
        sa.Column("ends", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting")),
    )
    op.create_index("ix_meeting_agreement_held_on", "meeting", ["agreement", "held_on"])
    op.create_table(
        "agenda_item",
        sa.Column("meeting", sa.LargeBinary(16), nullable=False),
        sa.Column("case", sa.LargeBinary(16), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(length=20), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("decision", sa.LargeBinary(16), nullable=True),
        sa.Column("settled", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["case"], ["case_file.id"], name=op.f("fk_agenda_item_case_case_file")),
        sa.ForeignKeyConstraint(["decision"], ["record.id"], name=op.f("fk_agenda_item_decision_record")),
        sa.ForeignKeyConstraint(["meeting"], ["meeting.id"], name=op.f("fk_agenda_item_meeting_meeting")),
        sa.PrimaryKeyConstraint("meeting", "case", name=op.f("pk_agenda_item")),
    )
    op.create_index("ix_agenda_item_case", "agenda_item", ["case"])
    op.create_table(
        "attendance",
        sa.Column("meeting", sa.LargeBinary(16), nullable=False),
        sa.Column("capacity", sa.LargeBinary(16), nullable=False),
        sa.Column("user", sa.LargeBinary(16), nullable=False),
        sa.Column("party", sa.String(length=40), nullable=False),
        sa.Column("joined_at", sa.BigInteger(), nullable=True),
        sa.Column("session", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["meeting"], ["meeting.id"], name=op.f("fk_attendance_meeting_meeting")),
        sa.PrimaryKeyConstraint("meeting", "capacity", name=op.f("pk_attendance")),
    )
    op.create_index("ix_attendance_capacity", "attendance", ["capacity"])
    op.add_column("login_session", sa.Column("held_until", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("login_session") as table:
        table.drop_column("held_until")
    for name in ("attendance", "agenda_item", "meeting"):
        op.drop_table(name)
