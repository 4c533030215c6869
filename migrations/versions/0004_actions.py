"""Actions: which party is to do what by when. What is to be done is a sealed record like any other"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "action",
        sa.Column("record", sa.LargeBinary(16), nullable=False),
        sa.Column("case", sa.LargeBinary(16), nullable=False),
        sa.Column("party", sa.String(length=40), nullable=False),
        sa.Column("user", sa.LargeBinary(16), nullable=True),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("told", sa.LargeBinary(16), nullable=True),
        sa.ForeignKeyConstraint(["case"], ["case_file.id"], name=op.f("fk_action_case_case_file")),
        sa.ForeignKeyConstraint(["record"], ["record.id"], name=op.f("fk_action_record_record")),
        sa.ForeignKeyConstraint(["told"], ["record.id"], name=op.f("fk_action_told_record")),
        sa.PrimaryKeyConstraint("record", name=op.f("pk_action")),
    )
    op.create_index(op.f("ix_action_case"), "action", ["case"], unique=False)
    op.create_index("ix_action_party_state_due", "action", ["party", "state", "due"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_action_party_state_due", table_name="action")
    op.drop_index(op.f("ix_action_case"), table_name="action")
    op.drop_table("action")
