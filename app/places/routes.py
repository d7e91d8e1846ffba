"""Through which doors are places reached?"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.places import actions, schemas
from app.reading import PageQuery, Read
from app.wire import Json
from app.writing import Changing, Creating

places = APIRouter(tags=["places"])
routers = [places]


@places.get("/divisions", name="divisions_list", response_model=schemas.DivisionPage)
async def list_divisions(read: Read, query: Annotated[schemas.DivisionQuery, Query()]) -> Response:
    """The national list, one level at a time / 全国区划(按上级逐级)"""
    return await actions.children(read, query)


@places.get("/divisions/{code}", name="divisions_read", response_model=schemas.DivisionOut)
async def read_division(read: Read, code: Annotated[schemas.DivisionCode, Path()]) -> Response:
    """One place of the national list / 区划"""
    return Response(await actions.division(read, code), media_type="application/json")


@places.get("/townships", name="townships_list", response_model=schemas.TownshipPage)
async def list_townships(read: Read, query: Annotated[PageQuery, Query()]) -> Response:
    """Townships that work with this service / 已启用的乡镇"""
    return await read.page(actions.TOWNSHIPS, query)


@places.get("/townships/{id}", name="townships_read", response_model=schemas.TownshipOut)
async def read_township(read: Read, id: UUID) -> Response:
    """One township / 乡镇"""
    return await read.one(actions.TOWNSHIPS, id)


@places.post("/villages", name="villages_create", status_code=201, response_model=schemas.VillageOut)
async def create_village(command: Creating, body: Json[schemas.CreateVillage]) -> Response:
    """Register a village that the national list did not bring / 登记村"""
    return await command.run(actions.create_village, body)


@places.get("/villages", name="villages_list", response_model=schemas.VillagePage)
async def list_villages(read: Read, query: Annotated[schemas.VillageQuery, Query()]) -> Response:
    """Villages, with principal and liaison leader today / 村"""
    return await read.page(actions.VILLAGES, query)


@places.get("/villages/{id}", name="villages_read", response_model=schemas.VillageOut)
async def read_village(read: Read, id: UUID) -> Response:
    """One village / 村"""
    return await read.one(actions.VILLAGES, id)


@places.patch("/villages/{id}", name="villages_patch", response_model=schemas.VillageOut)
async def patch_village(command: Changing, id: UUID, body: Json[schemas.PatchVillage]) -> Response:
    """Change a village's name or whose post makes its principal / 修改村信息"""
    return await command.run(actions.patch_village, id, body)
