"""Delegation: the capacity that another was delegated from"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("capacity_grant") as table:
        table.add_column(sa.Column("delegated_from", sa.LargeBinary(16), nullable=True))
        table.create_foreign_key(
            op.f("fk_capacity_grant_delegated_from_capacity_grant"), "capacity_grant", ["delegated_from"], ["id"]
        )
    op.create_index(op.f("ix_capacity_grant_delegated_from"), "capacity_grant", ["delegated_from"])


def downgrade() -> None:
    op.drop_index(op.f("ix_capacity_grant_delegated_from"), "capacity_grant")
    with op.batch_alter_table("capacity_grant") as table:
        table.drop_constraint(op.f("fk_capacity_grant_delegated_from_capacity_grant"), type_="foreignkey")
        table.drop_column("delegated_from")
