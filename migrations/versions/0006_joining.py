"""How people join: what is recorded of their training and vetting, and who asks for a role"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "induction_record",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("user", sa.LargeBinary(16), nullable=False),
        sa.Column("party", sa.String(length=40), nullable=False),
        sa.Column("fact", sa.String(length=20), nullable=False),
        sa.Column("level", sa.String(length=20), nullable=False),
        sa.Column("starts", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.LargeBinary(16), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["user"], ["user_account.id"], name=op.f("fk_induction_record_user_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_induction_record")),
    )
    op.create_index("ix_induction_record_user_party", "induction_record", ["user", "party"], unique=False)
    op.create_table(
        "access_request",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("user", sa.LargeBinary(16), nullable=False),
        sa.Column("party", sa.String(length=40), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("answered_by", sa.LargeBinary(16), nullable=True),
        sa.ForeignKeyConstraint(["user"], ["user_account.id"], name=op.f("fk_access_request_user_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_request")),
    )
    op.create_index(op.f("ix_access_request_user"), "access_request", ["user"], unique=False)
    op.create_index("ix_access_request_party_state", "access_request", ["party", "state"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_access_request_party_state", table_name="access_request")
    op.drop_index(op.f("ix_access_request_user"), table_name="access_request")
    op.drop_table("access_request")
    op.drop_index("ix_induction_record_user_party", table_name="induction_record")
    op.drop_table("induction_record")
