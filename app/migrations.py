"""May this release run on the database as it stands? On its own newest migration, and on newer ones that say so.

A migration names the `oldest` one whose release goes on working beside it, and the database keeps that name beside its
own: so workers of the release before serve on while the next one's migration runs and until they are replaced.
"""

from functools import cache
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory

from app.refusal import Refusal, Unavailable

INI = Path(__file__).parent.parent / "alembic.ini"
STANDING = "select array[version_num, obj_description('alembic_version'::regclass, 'pg_class')] from alembic_version"
"""The database's migration and the note made with it; no row before the first one."""
NOTE = "Releases from this migration on may run: {oldest}"


class NotMigrated(Unavailable):
    """The database is not at the newest migration of this release.

    数据库尚未迁移到本版本的最新结构。
    """


class ReleaseTooOld(Unavailable):
    """The database has moved on to a migration beside which this release cannot run.

    数据库结构已更新,本版本过旧,不能继续运行。
    """


@cache
def known() -> tuple[str, ...]:
    """The migrations of this release, the newest first."""
    return tuple(script.revision for script in ScriptDirectory.from_config(Config(INI)).walk_revisions())


def obstacle(standing: list[str | None] | None) -> Refusal | None:
    """What keeps this release from running where the database is as STANDING says."""
    migration, note = standing or (None, None)
    if migration == known()[0]:
        return None
    if migration is None or migration in known():
        return NotMigrated(migration=migration, newest=known()[0])
    oldest = (note or "").rpartition(" ")[2]
    return None if oldest in known() else ReleaseTooOld(migration=migration, newest=known()[0])
