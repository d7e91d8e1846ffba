"""Litestar with SQLAlchemy's async session and msgspec models, as its documentation shows."""

import os
from collections.abc import AsyncGenerator
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import msgspec
from litestar import Litestar, Request, get, post
from litestar.di import Provide
from litestar.exceptions import HTTPException, NotFoundException
from sqlalchemy import Uuid, func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import DateTime

engine = create_async_engine(
    os.environ["HUAYUAN_DATABASE_URL"].replace("postgresql://", "postgresql+asyncpg://"), pool_size=12, max_overflow=0
)
sessions = async_sessionmaker(engine, expire_on_commit=False)
PLACE = {"county_code": "411421", "township_code": "411421201"}
KEY, MOMENT = {"primary_key": True}, DateTime(timezone=True)


def now() -> datetime:
    return datetime.now(UTC)


class Base(DeclarativeBase):
    county_code: Mapped[str] = mapped_column(primary_key=True)
    township_code: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid4)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(MOMENT, default=now)


class Visit(Base):
    __tablename__ = "visits"
    fingerprint: Mapped[str] = mapped_column(default="")
    helper_id: Mapped[UUID]
    household_id: Mapped[UUID]
    visited_on: Mapped[date]
    device_time: Mapped[datetime] = mapped_column(MOMENT)
    received_at: Mapped[datetime] = mapped_column(MOMENT, default=now)
    clock: Mapped[str] = mapped_column(default="device")
    received_later: Mapped[bool] = mapped_column(default=False)
    place: Mapped[str]
    text: Mapped[str]


class Pairing(Base):
    __tablename__ = "pairings"
    household_id: Mapped[UUID]
    helper_id: Mapped[UUID]
    starts: Mapped[date]
    ends: Mapped[date | None]


class Measure(Base):
    __tablename__ = "plan_measures"
    state: Mapped[str]
    state_since: Mapped[datetime] = mapped_column(MOMENT)
    plan_id: Mapped[UUID]
    household_id: Mapped[UUID]
    text: Mapped[str]
    due_on: Mapped[date]
    done_on: Mapped[date | None]
    result: Mapped[str | None]


class VisitIn(msgspec.Struct):
    household_id: UUID
    device_time: datetime
    place: str
    text: str


class VisitOut(msgspec.Struct):
    township_code: str
    id: UUID
    version: int
    created_at: datetime
    helper_id: UUID
    household_id: UUID
    visited_on: date
    device_time: datetime
    received_at: datetime
    clock: str
    received_later: bool
    place: str
    text: str


class PageOut(msgspec.Struct):
    items: list[VisitOut]


class MeasureOut(msgspec.Struct):
    township_code: str
    id: UUID
    version: int
    created_at: datetime
    state: str
    state_since: datetime
    plan_id: UUID
    household_id: UUID
    text: str
    due_on: date
    done_on: date | None
    result: str | None


async def session() -> AsyncGenerator[AsyncSession, None]:
    async with sessions() as opened, opened.begin():
        yield opened


def here(model):
    return select(model).filter_by(**PLACE)


@get("/v1/visits/{id:uuid}")
async def one(db: AsyncSession, id: UUID) -> VisitOut:
    found = await db.scalar(here(Visit).filter_by(id=id))
    if found is None:
        raise NotFoundException
    return msgspec.convert(found, VisitOut, from_attributes=True)


@get("/v1/visits")
async def page(db: AsyncSession) -> PageOut:
    found = await db.scalars(here(Visit).order_by(Visit.id).limit(50))
    return PageOut([msgspec.convert(row, VisitOut, from_attributes=True) for row in found])


@post("/v1/visits")
async def add(db: AsyncSession, data: VisitIn) -> VisitOut:
    paired = here(Pairing).where(
        Pairing.household_id == data.household_id,
        Pairing.starts <= func.current_date(),
        (Pairing.ends.is_(None)) | (Pairing.ends > func.current_date()),
    )
    if (pairing := await db.scalar(paired)) is None:
        raise HTTPException(status_code=409)
    visit = Visit(
        **PLACE, helper_id=pairing.helper_id, household_id=data.household_id, visited_on=data.device_time.date(),
        device_time=data.device_time, place=data.place, text=data.text,
    )  # fmt: skip
    db.add(visit)
    await db.flush()
    return msgspec.convert(visit, VisitOut, from_attributes=True)


@post("/v1/plan-measures/{id:uuid}/start", status_code=200)
async def begin(db: AsyncSession, id: UUID, request: Request) -> MeasureOut:
    measure = await db.scalar(here(Measure).filter_by(id=id).with_for_update())
    if measure is None:
        raise NotFoundException
    if f'"{measure.version}"' != request.headers.get("if-match"):
        raise HTTPException(status_code=412)
    if measure.state != "planned":
        raise HTTPException(status_code=409)
    measure.state, measure.state_since, measure.version = "under_way", now(), measure.version + 1
    await db.flush()
    return msgspec.convert(measure, MeasureOut, from_attributes=True)


app = Litestar([one, page, add, begin], dependencies={"db": Provide(session)}, openapi_config=None)
