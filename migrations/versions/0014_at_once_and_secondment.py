"""Notices at once: who wants them, until when they were told; secondments. No name, no word of what one is about"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("morning_mail") as table:
        table.add_column(sa.Column("at_once", sa.Boolean(), nullable=False, server_default=sa.false()))
        table.add_column(sa.Column("at_once_from", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("at_once_tried", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("at_once_told", sa.BigInteger(), nullable=True))
    with op.batch_alter_table("mail_notice") as table:
        table.add_column(sa.Column("at_once", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "secondment",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("party", sa.String(length=40), nullable=False),
        sa.Column("home", sa.String(length=40), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("starts", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("asked_by", sa.LargeBinary(16), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("answered_by", sa.LargeBinary(16), nullable=True),
        sa.Column("user", sa.LargeBinary(16), nullable=True),
        sa.Column("capacity", sa.LargeBinary(16), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.LargeBinary(16), nullable=True),
        sa.ForeignKeyConstraint(["user"], ["user_account.id"], name=op.f("fk_secondment_user_user_account")),
        sa.ForeignKeyConstraint(
            ["capacity"], ["capacity_grant.id"], name=op.f("fk_secondment_capacity_capacity_grant")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_secondment")),
    )
    for column in ("party", "home", "user"):
        op.create_index(op.f(f"ix_secondment_{column}"), "secondment", [column])


def downgrade() -> None:
    op.drop_table("secondment")
    with op.batch_alter_table("mail_notice") as table:
        table.drop_column("at_once")
    with op.batch_alter_table("morning_mail") as table:
        table.drop_column("at_once_told")
        table.drop_column("at_once_tried")
        table.drop_column("at_once_from")
        table.drop_column("at_once")
