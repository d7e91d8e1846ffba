"""The queue of background work, row-level security, grants, and the log of the nation."""

from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0002"
oldest = "0003"
SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    op.execute("select log_open('0', '0')")
    driver = op.get_bind().connection.driver_connection
    driver.execute("create schema queue")
    driver.execute("set local search_path = queue")
    driver.execute((SQL / "queue.sql").read_text())  # of procrastinate 3.10, as it stands there
    driver.execute("set local search_path to default")
    driver.execute((SQL / "guard.sql").read_text())


def downgrade() -> None:
    """Tables and their policies go with revision 0002."""
    op.execute("drop schema queue cascade")
