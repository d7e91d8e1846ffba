"""Through which doors are households, their events and pairings reached?"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.households import actions, schemas
from app.people.schemas import Disclose, Disclosed
from app.reading import PageQuery, Read
from app.wire import Json
from app.writing import Changing, Creating

households = APIRouter(tags=["households"])
routers = [households]


@households.post("/households", name="households_create", status_code=201, response_model=schemas.HouseholdOut)
async def create_household(command: Creating, body: Json[schemas.CreateHousehold]) -> Response:
    """Register a household with its members / 登记贫困户"""
    return await command.run(actions.create_household, body)


@households.get("/households", name="households_list", response_model=schemas.HouseholdPage)
async def list_households(read: Read, query: Annotated[schemas.HouseholdQuery, Query()]) -> Response:
    """Households of the register / 贫困户名册"""
    return await read.page(actions.HOUSEHOLDS, query)


@households.get("/households/{id}", name="households_read", response_model=schemas.HouseholdOut)
async def read_household(read: Read, id: UUID) -> Response:
    """One household / 贫困户"""
    return await read.one(actions.HOUSEHOLDS, id)


@households.patch("/households/{id}", name="households_patch", response_model=schemas.HouseholdOut)
async def patch_household(command: Changing, id: UUID, body: Json[schemas.PatchHousehold]) -> Response:
    """Change master data of a household / 修改贫困户基本信息"""
    return await command.run(actions.patch_household, id, body)


@households.post("/households/{id}/members", name="households_add_member", response_model=schemas.HouseholdOut)
async def add_member(command: Changing, id: UUID, body: Json[schemas.MemberIn]) -> Response:
    """A member joins the household / 家庭成员自然增加"""
    return await command.run(actions.add_member, id, body)


@households.post(
    "/households/{id}/members/{member_id}/leave", name="households_member_leaves", response_model=schemas.HouseholdOut
)
async def member_leaves(command: Changing, id: UUID, member_id: UUID, body: Json[schemas.MemberLeaves]) -> Response:
    """A member no longer belongs to the household / 家庭成员自然减少"""
    return await command.run(actions.member_leaves, id, member_id, body)


@households.post(
    "/households/{id}/members/{member_id}/disclose", name="households_disclose_member", response_model=Disclosed
)
async def disclose_member(command: Creating, id: UUID, member_id: UUID, body: Json[Disclose]) -> Response:
    """A member's citizen id in full, for a recorded purpose / 查看成员完整公民身份号码(须说明用途并留痕)"""
    return await command.run(actions.disclose_member, id, member_id, body)


@households.post(
    "/households/{id}/events", name="households_record_event", status_code=201, response_model=schemas.EventOut
)
async def record_event(command: Creating, id: UUID, body: Json[schemas.CreateEvent]) -> Response:
    """Record a life event with its two confirmers / 登记家庭变动(两人确认)"""
    return await command.run(actions.record_event, id, body)


@households.get("/households/{id}/events", name="households_events", response_model=schemas.EventPage)
async def list_events(read: Read, id: UUID, query: Annotated[PageQuery, Query()]) -> Response:
    """Life events of a household / 家庭变动记录"""
    return await read.page(actions.EVENTS, query, (actions.HOUSEHOLDS, id), household_id=id)


@households.post("/pairings", name="pairings_create", status_code=201, response_model=schemas.PairingOut)
async def create_pairing(command: Creating, body: Json[schemas.CreatePairing]) -> Response:
    """Give a household a helper from a day / 结对帮扶登记"""
    return await command.run(actions.create_pairing, body)


@households.get("/pairings", name="pairings_list", response_model=schemas.PairingPage)
async def list_pairings(read: Read, query: Annotated[schemas.PairingQuery, Query()]) -> Response:
    """Pairings / 结对关系"""
    return await read.page(actions.PAIRINGS, query)


@households.get("/pairings/{id}", name="pairings_read", response_model=schemas.PairingOut)
async def read_pairing(read: Read, id: UUID) -> Response:
    """One pairing / 结对关系"""
    return await read.one(actions.PAIRINGS, id)


@households.post("/pairings/{id}/end", name="pairings_end", response_model=schemas.PairingOut)
async def end_pairing(command: Changing, id: UUID, body: Json[schemas.EndPairing]) -> Response:
    """End a pairing on a date / 终止结对"""
    return await command.run(actions.end_pairing, id, body)


@households.post("/pairings/{id}/hand-over", name="pairings_hand_over", response_model=schemas.PairingOut)
async def hand_over(command: Changing, id: UUID, body: Json[schemas.HandOver]) -> Response:
    """Pass the primary role on; answers with the new pairing / 交接主要帮扶责任(返回新的结对)"""
    return await command.run(actions.hand_over, id, body)
