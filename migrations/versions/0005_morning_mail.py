"""Mails of the morning: who wants one, until when they have been told"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "morning_mail",
        sa.Column("user", sa.LargeBinary(16), nullable=False),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        sa.Column("tried_on", sa.Integer(), nullable=False),
        sa.Column("told_until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("user", name=op.f("pk_morning_mail")),
    )


def downgrade() -> None:
    op.drop_table("morning_mail")
