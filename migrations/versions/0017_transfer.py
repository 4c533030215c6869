"""Transfers to another borough: which referral comes from which case, and what became of it"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "transfer",
        sa.Column("referral", sa.LargeBinary(16), nullable=False),
        sa.Column("case", sa.LargeBinary(16), nullable=False),
        sa.Column("record", sa.LargeBinary(16), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["case"], ["case_file.id"], name=op.f("fk_transfer_case_case_file")),
        sa.ForeignKeyConstraint(["record"], ["record.id"], name=op.f("fk_transfer_record_record")),
        sa.ForeignKeyConstraint(["referral"], ["referral.id"], name=op.f("fk_transfer_referral_referral")),
        sa.PrimaryKeyConstraint("referral", name=op.f("pk_transfer")),
    )
    op.create_index(op.f("ix_transfer_case"), "transfer", ["case"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_transfer_case"), table_name="transfer")
    op.drop_table("transfer")
