"""The inbox of referrals"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "referral",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("case", sa.LargeBinary(16), nullable=False),
        sa.Column("party", sa.String(length=40), nullable=False),
        sa.Column("user", sa.LargeBinary(16), nullable=False),
        sa.Column("answer", sa.LargeBinary(16), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["answer"], ["record.id"], name=op.f("fk_referral_answer_record")),
        sa.ForeignKeyConstraint(["case"], ["case_file.id"], name=op.f("fk_referral_case_case_file")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral")),
    )
    op.create_index(op.f("ix_referral_case"), "referral", ["case"], unique=False)
    op.create_index("ix_referral_party_user", "referral", ["party", "user"], unique=False)
    op.create_index("ix_referral_state_since", "referral", ["state", "since"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_referral_state_since", table_name="referral")
    op.drop_index("ix_referral_party_user", table_name="referral")
    op.drop_index(op.f("ix_referral_case"), table_name="referral")
    op.drop_table("referral")
