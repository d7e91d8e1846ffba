"""What can an operator do? `huayuan serve | migrate | adopt | divisions | openapi | demo`."""

import asyncio
import json
import secrets
import sys
from datetime import date
from pathlib import Path

import cyclopts

from app.database import address
from app.settings import Settings
from app.vault import Vault

app = cyclopts.App(name="huayuan", help="精准脱贫考核与责任追究服务 / assessment and accountability service")
ROOT = Path(__file__).parent.parent


@app.command
def migrate() -> None:
    """Bring the database to the newest schema; several at once queue up."""
    from alembic import command
    from alembic.config import Config

    config = Config(ROOT / "alembic.ini")
    config.attributes["url"] = address(Settings())
    command.upgrade(config, "head")


def ready() -> Settings:
    """The settings, with the embedded database at the newest schema; a server's is migrated by its operator."""
    settings = Settings()
    if settings.database_url is None:
        migrate()
    return settings


@app.command
def serve(*, host: str | None = None, port: int | None = None, workers: int | None = None) -> None:
    """Migrate the embedded database and serve the API."""
    import uvicorn

    settings = ready()
    uvicorn.run(
        "app.main:application",
        factory=True,
        host=host or settings.host,
        port=port or settings.port,
        workers=workers or settings.workers,
        access_log=False,
        timeout_graceful_shutdown=10,
    )


@app.command
def adopt(place: str, *, name: str, login: str = "admin", password: str | None = None, on: date | None = None) -> None:
    """The first day of a township (9 digits) or county (6): its log, its villages, its first administrator, NAME.

    The place must stand in the national list. Without a password one is made and printed. ON is the day the
    appointment begins, today if not said.
    """
    from app.accounts import actions
    from app.places.actions import load_divisions
    from app.places.rules import UnknownDivision

    settings = ready()
    password = password or secrets.token_urlsafe(12)
    try:
        load_divisions(address(settings), place)
    except UnknownDivision as refusal:
        sys.exit(f"{place}: {refusal.title('zh-CN')} / {refusal.title('en')}")
    asyncio.run(actions.adopt(address(settings), Vault(settings.master_secret), place, name, login, password, on))
    print(f"{place}/{login} {password}")


@app.command
def divisions(*, under: str = "") -> None:
    """Load the national list of places that ships with the service, or the part under a code."""
    from app.places.actions import load_divisions

    print(load_divisions(address(ready()), under))


@app.command
def mark_missed(*townships: str) -> None:
    """Put on record the months that ended in these townships without a draw; for a daily timer (G8)."""
    from app.inspections import actions

    settings = Settings()
    for code in townships:
        months = asyncio.run(actions.mark_township(address(settings), Vault(settings.master_secret), code))
        print(code, *months)


@app.command
def openapi() -> None:
    """Write openapi/openapi.json from the code."""
    from app.main import create_app

    document = create_app(Settings(secret="x" * 32)).openapi()
    text = json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True)
    (ROOT / "openapi" / "openapi.json").write_text(text + "\n")


@app.command
def demo(*, exit: bool = False) -> None:
    """Play the year of a township over HTTP, print it, and leave the service running; with --exit end instead."""
    from app.demo import story

    sys.exit(story.tell(leave=exit))


if __name__ == "__main__":
    app()
