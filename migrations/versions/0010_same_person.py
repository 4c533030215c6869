"""Two records of one person: what was said of a pair, by number. Nothing about anybody, and nothing is moved"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "same_person",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("agreement", sa.String(length=60), nullable=False),
        sa.Column("first", sa.LargeBinary(16), nullable=False),
        sa.Column("second", sa.LargeBinary(16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("said_at", sa.BigInteger(), nullable=False),
        sa.Column("said_by", sa.LargeBinary(16), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_same_person")),
        sa.UniqueConstraint(
            "agreement", "first", "second", "number", name=op.f("uq_same_person_agreement_first_second_number")
        ),
    )
    op.create_index("ix_same_person_first", "same_person", ["first"], unique=False)
    op.create_index("ix_same_person_second", "same_person", ["second"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_same_person_second", table_name="same_person")
    op.drop_index("ix_same_person_first", table_name="same_person")
    op.drop_table("same_person")
