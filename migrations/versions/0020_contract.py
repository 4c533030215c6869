"""Contracts of those who act for another party: each period as it was recorded, never changed but to end it early"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contract_period",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("party", sa.String(length=40), nullable=False),
        sa.Column("controller", sa.String(length=40), nullable=False),
        sa.Column("starts", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=True),
        sa.Column("recorded_by", sa.LargeBinary(16), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_by", sa.LargeBinary(16), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract_period")),
    )
    for column in ("party", "controller"):
        op.create_index(op.f(f"ix_contract_period_{column}"), "contract_period", [column])


def downgrade() -> None:
    op.drop_table("contract_period")
