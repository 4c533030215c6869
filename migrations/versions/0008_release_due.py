"""When somebody comes out, as an operating date of the case: what "Releases in the next 14 days" is found by"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("case_file", sa.Column("release_due", sa.BigInteger(), nullable=True))
    op.create_index("ix_case_file_release_due", "case_file", ["release_due"])


def downgrade() -> None:
    op.drop_index("ix_case_file_release_due", table_name="case_file")
    op.drop_column("case_file", "release_due")
