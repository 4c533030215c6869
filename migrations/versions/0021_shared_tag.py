"""Which search tags stand for more than one case: who may be here twice is found without reading all of them"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("search_tag", sa.Column("shared", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute(
        """
        UPDATE search_tag SET shared = (1 = 1) WHERE tag IN
        (SELECT tag FROM search_tag GROUP BY tag HAVING count(DISTINCT "case") > 1)
        """
    )
    op.create_index(
        "ix_search_tag_shared",
        "search_tag",
        ["tag"],
        sqlite_where=sa.text("shared = 1"),
        postgresql_where=sa.text("shared"),
    )


def downgrade() -> None:
    op.drop_index("ix_search_tag_shared", table_name="search_tag")
    op.drop_column("search_tag", "shared")
