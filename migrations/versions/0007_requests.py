"""Requests to see more: which field of which owner somebody asked for, and until when they may read it"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ask",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("request", sa.LargeBinary(16), nullable=False),
        sa.Column("case", sa.LargeBinary(16), nullable=False),
        sa.Column("owner", sa.String(length=40), nullable=False),
        sa.Column("field", sa.String(length=60), nullable=False),
        sa.Column("party", sa.String(length=40), nullable=False),
        sa.Column("user", sa.LargeBinary(16), nullable=False),
        sa.Column("capacity", sa.LargeBinary(16), nullable=False),
        sa.Column("post", sa.LargeBinary(16), nullable=True),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("answered_by", sa.LargeBinary(16), nullable=True),
        sa.Column("ends", sa.BigInteger(), nullable=True),
        sa.Column("reply", sa.LargeBinary(16), nullable=True),
        sa.ForeignKeyConstraint(["case"], ["case_file.id"], name=op.f("fk_ask_case_case_file")),
        sa.ForeignKeyConstraint(["post"], ["assignment.id"], name=op.f("fk_ask_post_assignment")),
        sa.ForeignKeyConstraint(["reply"], ["record.id"], name=op.f("fk_ask_reply_record")),
        sa.ForeignKeyConstraint(["request"], ["record.id"], name=op.f("fk_ask_request_record")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ask")),
    )
    op.create_index(op.f("ix_ask_case"), "ask", ["case"], unique=False)
    op.create_index(op.f("ix_ask_request"), "ask", ["request"], unique=False)
    op.create_index("ix_ask_capacity_state", "ask", ["capacity", "state"], unique=False)
    op.create_index("ix_ask_owner_state", "ask", ["owner", "state"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_ask_owner_state", table_name="ask")
    op.drop_index("ix_ask_capacity_state", table_name="ask")
    op.drop_index(op.f("ix_ask_request"), table_name="ask")
    op.drop_index(op.f("ix_ask_case"), table_name="ask")
    op.drop_table("ask")
