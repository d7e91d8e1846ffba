"""Roles, and the functions every command passes through."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
oldest = "0001"
SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    op.get_bind().connection.driver_connection.execute((SQL / "functions.sql").read_text())


def downgrade() -> None:
    op.execute(
        "drop function enter, enter_to_read, finish, log_append, log_open, log_standing, log_hashes, log_sign, round_in_log, place_of_round"
    )
