"""Comments on updates, who is asked in them, and who confirmed to have read an update. Ids, parties and times alone"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "comment",
        sa.Column("record", sa.LargeBinary(16), nullable=False),
        sa.Column("about", sa.LargeBinary(16), nullable=False),
        sa.Column("case", sa.LargeBinary(16), nullable=False),
        sa.ForeignKeyConstraint(["about"], ["record.id"], name=op.f("fk_comment_about_record")),
        sa.ForeignKeyConstraint(["case"], ["case_file.id"], name=op.f("fk_comment_case_case_file")),
        sa.ForeignKeyConstraint(["record"], ["record.id"], name=op.f("fk_comment_record_record")),
        sa.PrimaryKeyConstraint("record", name=op.f("pk_comment")),
    )
    op.create_index(op.f("ix_comment_case"), "comment", ["case"], unique=False)
    op.create_table(
        "mention",
        sa.Column("comment", sa.LargeBinary(16), nullable=False),
        sa.Column("user", sa.LargeBinary(16), nullable=False),
        sa.Column("party", sa.String(length=40), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["comment"], ["comment.record"], name=op.f("fk_mention_comment_comment")),
        sa.PrimaryKeyConstraint("comment", "user", name=op.f("pk_mention")),
    )
    op.create_index("ix_mention_user_party", "mention", ["user", "party"], unique=False)
    op.create_table(
        "reading_ask",
        sa.Column("record", sa.LargeBinary(16), nullable=False),
        sa.Column("party", sa.String(length=40), nullable=False),
        sa.Column("case", sa.LargeBinary(16), nullable=False),
        sa.Column("by", sa.LargeBinary(16), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["case"], ["case_file.id"], name=op.f("fk_reading_ask_case_case_file")),
        sa.ForeignKeyConstraint(["record"], ["record.id"], name=op.f("fk_reading_ask_record_record")),
        sa.PrimaryKeyConstraint("record", "party", name=op.f("pk_reading_ask")),
    )
    op.create_index(op.f("ix_reading_ask_case"), "reading_ask", ["case"], unique=False)
    op.create_table(
        "confirmation",
        sa.Column("record", sa.LargeBinary(16), nullable=False),
        sa.Column("user", sa.LargeBinary(16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("party", sa.String(length=40), nullable=False),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["record"], ["record.id"], name=op.f("fk_confirmation_record_record")),
        sa.PrimaryKeyConstraint("record", "user", "version", name=op.f("pk_confirmation")),
    )


def downgrade() -> None:
    op.drop_table("confirmation")
    op.drop_index(op.f("ix_reading_ask_case"), table_name="reading_ask")
    op.drop_table("reading_ask")
    op.drop_index("ix_mention_user_party", table_name="mention")
    op.drop_table("mention")
    op.drop_index(op.f("ix_comment_case"), table_name="comment")
    op.drop_table("comment")
