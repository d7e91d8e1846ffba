"""What can an operator do? What `huayuan --help` lists: serve, migrate, adopt, sign, witness, export and the like."""

import asyncio
import json
import re
import secrets
import sys
from collections.abc import Callable, Coroutine, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Literal, TypeVar

import asyncpg
import cyclopts
import psycopg
from pydantic import ValidationError

from app import migrations
from app.database import address
from app.phone.commands import commands as phone
from app.settings import Settings
from app.shell import halt, password
from app.vault import Vault
from app.witness import Policy

app = cyclopts.App(name="huayuan", help="精准脱贫考核与责任追究服务 / assessment and accountability service")
app.command(phone)
scale = cyclopts.App(name="scale", help="把数据库分布到 Citus 集群 / make a Citus cluster of the database")
app.command(scale)
ROOT = Path(__file__).parent.parent
T = TypeVar("T")


@app.command
def migrate() -> None:
    """Bring the database to the newest schema; several at once queue up."""
    from alembic import command
    from alembic.config import Config

    url = address(Settings())
    standing(url)
    config = Config(migrations.INI)
    config.attributes["url"] = url
    try:
        command.upgrade(config, "head")
    except TimeoutError as fault:
        halt("数据表一直被占用,迁移未完成", str(fault))


def standing(url: str) -> list[str | None] | None:
    """At which migration the database stands, None before the first one; halts where it cannot be reached."""
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            known = connection.execute("select to_regclass('alembic_version') is not null").fetchone() == (True,)
            found = connection.execute(migrations.STANDING).fetchone() if known else None
    except psycopg.OperationalError as fault:
        halt("无法连接数据库", f"the database cannot be reached: {fault}")
    return None if found is None else found[0]


def in_each(townships: Sequence[str], work: Callable[[str], Coroutine[Any, Any, T]], told: Callable[[T], str]) -> None:
    """Do it for one after another and print what came of it; those that have not adopted are named at the end."""
    if not townships:
        halt("没有写明乡镇,什么也没有办理", "no township is named, nothing was done")
    unknown = []
    for code in townships:
        try:
            print(code, told(asyncio.run(work(code))))
        except asyncpg.NoDataFoundError:
            unknown.append(code)
    if unknown:
        halt(f"{' '.join(unknown)}:该乡尚未启用", "not a township that has adopted the service")


def ready() -> Settings:
    """The settings, with the embedded database at the newest schema; a server's is migrated by its operator."""
    try:
        settings = Settings()
        _ = settings.master_secret, settings.token_masters, settings.oidc  # raise where one is missing or too short
    except ValidationError as fault:
        wrong = (f"HUAYUAN_{str(one['loc'][0]).upper()}: {one['msg']}" for one in fault.errors())
        halt("配置有误", "; ".join(wrong))
    except ValueError as fault:
        halt("配置有误", str(fault))
    if settings.database_url is None:
        migrate()
    elif obstacle := migrations.obstacle(standing(address(settings))):
        halt(obstacle.title("zh-CN"), f"{obstacle.title('en')} See huayuan migrate.")
    return settings


@app.command
def serve(*, host: str | None = None, port: int | None = None, workers: int | None = None) -> None:
    """Migrate the embedded database and serve the API."""
    import uvicorn

    from app.telemetry import LOGGING

    settings = ready()
    uvicorn.run(
        "app.main:application",
        factory=True,
        http="app.connections:Connection",
        host=host or settings.host,
        port=port or settings.port,
        workers=workers or settings.workers,
        log_config=LOGGING,
        access_log=False,
        timeout_graceful_shutdown=10,
        timeout_worker_healthcheck=30,
    )


@app.command
def stop() -> None:
    """End the embedded server, which outlives serve, work and demo; its data stay, and any command starts it again."""
    from app import embedded

    settings = Settings()
    if settings.database_url is not None:
        halt("数据库由 HUAYUAN_DATABASE_URL 指定,请在其所在处停止", "the database is a server's: end it there")
    if not embedded.stop(settings.data_dir):
        halt(
            "内置数据库仍在使用,请先结束 serve、work 和 demo", "the embedded server is in use: end serve, work and demo"
        )
    print(f"内置数据库已停止 / the embedded server is at rest: {settings.data_dir}")


@app.command
def work() -> None:
    """Do what no request waits for; any number of workers may run, and SIGTERM finishes what is in hand."""
    import logging.config

    import app.main  # noqa: F401  (declares every task)
    from app import jobs
    from app.telemetry import LOGGING

    settings = ready()
    logging.config.dictConfig(LOGGING)
    asyncio.run(jobs.run(settings))


@app.command
def adopt(place: str, *, name: str, login: str = "admin", password: str | None = None, on: date | None = None) -> None:
    """The first day of a township (9 digits) or county (6): its log, its villages, its first administrator, NAME.

    The place must stand in the national list. Without a password one is made and printed, good only for setting one's
    own (POST /v1/me/password). ON is the day the appointment begins, today if not said.
    """
    from app.accounts import actions
    from app.places.actions import load_divisions
    from app.places.rules import UnknownDivision

    settings = ready()
    if not re.fullmatch(r"\d{6}|\d{9}", place):
        halt(f"{place}:请填写 9 位乡级或 6 位县级代码", "give the 9 digits of a township or the 6 of a county")
    chosen, password = password is not None, password or secrets.token_urlsafe(12)
    try:
        load_divisions(address(settings), place)
    except UnknownDivision as refusal:
        halt(f"{place}:{refusal.title('zh-CN')}", refusal.title("en"))
    vault = Vault(settings.master_secret)
    try:
        asyncio.run(actions.adopt(address(settings), vault, place, name, login, password, on, chosen=chosen))
    except asyncpg.UniqueViolationError:
        halt(f"{place}/{login}:该账号已存在", "this login exists already; the administrator resets passwords")
    except actions.EasyToGuess as refusal:
        halt(refusal.title("zh-CN"), refusal.title("en"))
    print(f"{place}/{login} {password}")


@app.command
def reset(account: str) -> None:
    """A new password for 411421201/LOGIN, where no administrator can give one; it is printed, and good for setting
    one's own (POST /v1/me/password). What the account's sessions had ends.
    """
    from app.accounts import actions

    settings = ready()
    place, _, login = account.partition("/")
    password = secrets.token_urlsafe(12)
    vault = Vault(settings.master_secret)
    if not asyncio.run(actions.reset_by_operator(address(settings), vault, place, login, password)):
        halt(f"{account}:没有该账号", "there is no such account")
    print(account, password)


@app.command
def sweep() -> None:
    """Forget what is over: sessions a month after their end, answers and deliveries after 90 days; for a timer."""
    from app.sessions import actions

    print(asyncio.run(actions.sweep(address(ready()))))


@app.command
def divisions(*, under: str = "") -> None:
    """Load the national list of places that ships with the service, or the part under a code."""
    from app.places.actions import load_divisions

    print(load_divisions(address(ready()), under))


@app.command
def mark_missed(*townships: str) -> None:
    """Put on record the months that ended in these townships without a draw; for a daily timer (G8)."""
    from app.inspections import actions

    settings = ready()
    vault = Vault(settings.master_secret)
    in_each(
        townships, lambda code: actions.mark_township(address(settings), vault, code),
        lambda months: f"新记的未抽查月份 / months newly marked: {' '.join(months) or '无 / none'}",
    )  # fmt: skip


@app.command(name="import")
def import_(
    file: Path, *, kind: Literal["roster", "households", "pairings", "visits"], login: str,
    mode: Literal["atomic", "independent"] = "atomic", dry_run: bool = False,
    server: str = "http://127.0.0.1:8411",
) -> None:  # fmt: skip
    """Hand in a sheet as LOGIN (411421201/name) at a server; the report is written beside it.

    The password is asked for, or stands in HUAYUAN_PASSWORD. With --dry-run it is checked and nothing is imported.
    Ends with 1 where a row is bad.
    """
    from app import clerk

    if not file.is_file():
        halt(f"{file}:没有该文件", "there is no such file")
    try:
        sys.exit(clerk.hand_in(server, login, password(), file, {"kind": kind, "mode": mode, "dry_run": dry_run}))
    except clerk.NotTaken as problem:
        halt(f"{file.name}", str(problem))


@app.command
def expire_imports(*townships: str) -> None:
    """Delete what sheets held whose report is over in these townships; for a daily timer."""
    from app.imports import actions

    settings = ready()
    vault = Vault(settings.master_secret)
    in_each(
        townships, lambda code: actions.expire(address(settings), vault, code),
        lambda sheets: f"删除的到期表格 / sheets deleted: {sheets}",
    )  # fmt: skip


@app.command
def sweep_attachments(*townships: str) -> None:
    """End uploads that were given up in these townships and remove files that nothing names; for a daily timer."""
    from app.attachments import actions
    from app.storage import Storage

    settings = ready()
    vault, storage = Vault(settings.master_secret), Storage(settings)
    in_each(
        townships, lambda code: actions.sweep(address(settings), vault, storage, code),
        lambda many: f"终止的上传 / uploads ended: {many[0]},删除的文件 / files removed: {many[1]}",
    )  # fmt: skip


@app.command
def checkpoint(*counties: str) -> None:
    """Sign every log of these counties that has grown (0: the nation's); for a timer, best every minute.

    With HUAYUAN_WITNESSES each is shown to the witnesses; where one refuses or too few agree, that is an error.
    """
    from app.ledger import actions
    from app.refusal import NotFound

    settings = ready()
    policy = policy_of(settings.witnesses)
    for code in counties:
        if not re.fullmatch(r"0|\d{6}", code):
            halt(f"{code}:请填写 6 位县级代码或 0", "give the 6 digits of a county, or 0")
        vault = Vault(settings.master_secret)
        try:
            signed = asyncio.run(actions.sign_county(address(settings), vault, settings.log_origin, code, policy))
        except NotFound:
            halt(f"{code}:该县尚未启用", "this county has not adopted the service")
        except actions.HistoryRewritten as refusal:
            halt(f"{refusal.facts['log']}:{refusal.title('zh-CN')}", refusal.title("en"))
        for one in signed:
            print(one.log, one.size, *(f"{name}:{shown}" for name, shown in one.shown.items()))
        if any(actions.Shown.REFUSED in one.shown.values() for one in signed):
            halt("见证方拒绝共签:台账可能已被改写", "a witness refused: a log may have been rewritten")
        if policy and not all(policy.is_met(one.cosigners) for one in signed):
            halt("共签见证方不足", "too few witnesses have signed")


def policy_of(file: Path | None) -> Policy | None:
    """The policy in a file; halts where it is none."""
    try:
        return None if file is None else Policy.of(file.read_text("utf-8"))
    except (OSError, ValueError) as fault:
        halt(f"{file}:无法读取见证策略", f"no policy of logs and witnesses: {fault}")


@app.command
def witness(
    policy: Path, *, name: str, folder: Path = Path(".witness"), host: str = "127.0.0.1", port: int = 8412
) -> None:
    """Watch the logs that POLICY names, for another office: cosign what only grew (C2SP tlog-witness).

    NAME is the witness's own, best its public address without https://. Its key and what it has seen are kept in
    FOLDER; its public key is printed.
    """
    import uvicorn

    from app.telemetry import LOGGING
    from app.witness import Witness, application

    if (trusted := policy_of(policy)) is None or not trusted.logs:
        halt(f"{policy}:策略未列出任何台账", "the policy names no log")
    watching = Witness(folder, name, trusted.logs)
    print(watching.signer.vkey, flush=True)
    uvicorn.run(application(watching), host=host, port=port, log_config=LOGGING, access_log=False)


@app.command
def export_log(log: str, folder: Path, *, disclosed: bool = False) -> None:
    """Write a log's newest signed checkpoint and the entries it covers into a folder, for verify/huayuan_verify.py.

    With --disclosed the personal values stand beside the sealed leaves: such files are for the office alone.
    """
    from app.ledger import actions
    from app.refusal import NotFound

    folder.mkdir(parents=True, exist_ok=True)
    try:
        count = asyncio.run(actions.export(address(ready()), log, folder, disclosed=disclosed))
    except NotFound as refusal:
        halt(f"{log}:{refusal.title('zh-CN')}", refusal.title("en"))
    print(log, count)


@scale.command(name="plan")
def scale_plan() -> None:
    """What would become of each table, and what stands in the way, which ends it with 1; nothing is changed."""
    from app.scale import Plan

    def show(_: Any, plan: Plan) -> None:
        for table in plan.tables:
            print(table.name, table.kind, "已就绪 / done" if table.is_done else "待转换 / to do")
        print(f"待建外键 / foreign keys to make: {len(plan.missing)}")

    scaling(show)


@scale.command(name="distribute")
def scale_distribute(*, shards: int = 32) -> None:
    """Do so, table by table, as a superuser and while nothing else runs; broken off, it goes on when run again.

    SHARDS is how many parts the counties fall into; to have more of them later, data must be moved.
    """
    from app.scale import Plan, distribute

    def convert(connection: Any, plan: Plan) -> None:
        if not plan.obstacles:
            for line in distribute(connection, shards):
                print(line, flush=True)

    scaling(convert)


def scaling(work: Callable[[Any, Any], None]) -> None:
    """The plan, what is done with it, and whatever forbids it, which ends the command."""
    from app.scale import plan

    with psycopg.connect(address(ready()), autocommit=True) as connection:
        planned = plan(connection)
        work(connection, planned)
    for one in planned.obstacles:
        print(f"{one.zh} / {one.en}: {one.concerns}", file=sys.stderr)
    if planned.obstacles:
        sys.exit(1)


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
