"""Runs migrations over a connection the caller already holds (`portal migrate`, tests)."""

from alembic import context

import portal.audit.tables
import portal.auth.tables
import portal.casework.criteria_tables
import portal.casework.notice_tables
import portal.keys.tables
import portal.sharing.ask_tables
import portal.sharing.mailbox_tables
import portal.sharing.meeting_tables
import portal.sharing.question_tables
import portal.sharing.same_tables
import portal.sharing.tables
import portal.sharing.talk_tables
import portal.sharing.transfer_tables  # noqa: F401  every table registers itself on Base
from portal.db import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
