"""Criteria for selection: one row for each version of a borough's set. Nothing about anybody"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "criteria_set",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("agreement", sa.String(length=60), nullable=False),
        sa.Column("people", sa.String(length=20), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("starts", sa.BigInteger(), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.LargeBinary(16), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_criteria_set")),
        sa.UniqueConstraint("agreement", "people", "number", name=op.f("uq_criteria_set_agreement_people_number")),
    )


def downgrade() -> None:
    op.drop_table("criteria_set")
