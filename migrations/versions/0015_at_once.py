"""Notices at once: who wants them, until when they were told. No word of what one is about"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0012"
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


def downgrade() -> None:
    with op.batch_alter_table("mail_notice") as table:
        table.drop_column("at_once")
    with op.batch_alter_table("morning_mail") as table:
        table.drop_column("at_once_told")
        table.drop_column("at_once_tried")
        table.drop_column("at_once_from")
        table.drop_column("at_once")
