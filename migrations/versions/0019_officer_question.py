"""Questions of a data-protection officer: about which entry, of whom, answered when. No word of them"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "officer_question",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("entry", sa.LargeBinary(16), nullable=False),
        sa.Column("party", sa.String(length=40), nullable=False),
        sa.Column("to_user", sa.LargeBinary(16), nullable=False),
        sa.Column("asked_by", sa.LargeBinary(16), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("read_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_officer_question")),
    )
    for column in ("entry", "party", "to_user"):
        op.create_index(op.f(f"ix_officer_question_{column}"), "officer_question", [column])


def downgrade() -> None:
    op.drop_table("officer_question")
