"""Row-level security, grants, and the log of the nation."""

from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0002"
oldest = "0003"
SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    op.execute("select log_open('0', '0')")
    op.get_bind().connection.driver_connection.execute((SQL / "guard.sql").read_text())


def downgrade() -> None:
    """Tables and their policies go with revision 0002."""
