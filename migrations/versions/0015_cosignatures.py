"""What witnesses signed of the access log's checkpoints"""

import sqlalchemy as sa
from alembic import op

from portal.audit import triggers
from portal.audit.tables import COSIGNATURE

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "audit_cosignature",
        sa.Column("size", number, autoincrement=False, nullable=False),
        sa.Column("witness", sa.String(length=200), nullable=False),
        sa.Column("key_id", sa.LargeBinary(length=4), nullable=False),
        sa.Column("at", number, nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("size", "witness", "key_id", name=op.f("pk_audit_cosignature")),
    )
    op.create_index("ix_audit_cosignature_witness", "audit_cosignature", ["witness", "key_id", "size"])
    for statement in triggers.statements(op.get_bind().dialect.name, [COSIGNATURE]):
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("audit_cosignature")  # its triggers go with it; their function serves the other tables
