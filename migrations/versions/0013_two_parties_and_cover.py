"""Who works for two parties confirms for each; who covers a colleague finds who asks that colleague"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

KEY = "pk_confirmation"


def upgrade() -> None:
    _key("record", "user", "party", "version")
    op.add_column("mention", sa.Column("covers", sa.LargeBinary(16), nullable=True))


def downgrade() -> None:
    op.execute(sa.text("DELETE FROM mention WHERE covers IS NOT NULL"))
    with op.batch_alter_table("mention") as mention:
        mention.drop_column("covers")
    table = sa.table("confirmation", *map(sa.column, ("record", "user", "version", "party", "confirmed_at")))
    other = table.alias()
    same = sa.and_(*(table.c[name] == other.c[name] for name in ("record", "user", "version")))
    op.execute(sa.delete(table).where(sa.exists().where(same, other.c.party < table.c.party)))
    _key("record", "user", "version")


def _key(*columns: str) -> None:
    with op.batch_alter_table("confirmation") as table:
        table.drop_constraint(op.f(KEY), type_="primary")
        table.create_primary_key(op.f(KEY), list(columns))
