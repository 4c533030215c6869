"""Notices on their way, mailboxes of teams, time away. No word of what a notice is about, no reason for being away"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mail_notice",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("user", sa.LargeBinary(16), nullable=True),
        sa.Column("party", sa.String(length=40), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_notice")),
    )
    op.create_index(op.f("ix_mail_notice_day"), "mail_notice", ["day"])
    with op.batch_alter_table("morning_mail") as table:
        table.add_column(sa.Column("to_team", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "team_mailbox",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("party", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("none", sa.Boolean(), nullable=False),
        sa.Column("set_at", sa.BigInteger(), nullable=False),
        sa.Column("set_by", sa.LargeBinary(16), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team_mailbox")),
        sa.UniqueConstraint("party", "number", name=op.f("uq_team_mailbox_party_number")),
    )
    op.create_table(
        "time_away",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("user", sa.LargeBinary(16), nullable=False),
        sa.Column("party", sa.String(length=40), nullable=False),
        sa.Column("starts", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.Column("set_at", sa.BigInteger(), nullable=False),
        sa.Column("set_by", sa.LargeBinary(16), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.LargeBinary(16), nullable=True),
        sa.ForeignKeyConstraint(["user"], ["user_account.id"], name=op.f("fk_time_away_user_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_time_away")),
    )
    op.create_index(op.f("ix_time_away_user_party"), "time_away", ["user", "party"])


def downgrade() -> None:
    op.drop_table("time_away")
    op.drop_table("team_mailbox")
    with op.batch_alter_table("morning_mail") as table:
        table.drop_column("to_team")
    op.drop_index(op.f("ix_mail_notice_day"), table_name="mail_notice")
    op.drop_table("mail_notice")
