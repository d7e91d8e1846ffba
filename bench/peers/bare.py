"""The limit: Starlette's routing, one hand-written statement on the driver's own pool, bytes out."""

import os
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

import asyncpg
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

PLACE = ("411421", "411421201")
UTC = "to_char({} at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
VISIT = f"""
  v.township_code, v.id, v.version, {UTC.format("v.created_at")} as created_at, v.helper_id, v.household_id, v.visited_on,
  {UTC.format("v.device_time")} as device_time, {UTC.format("v.received_at")} as received_at, v.clock, v.received_later, v.place,
  v.text, v.attachment_ids, to_char(v.visited_on, 'YYYY-MM') as month, (
    select coalesce(json_agg(json_build_object('version', o.version, 'place', o.place, 'text', o.text, 'author_id', o.author_id,
                    'reason', o.reason, 'corrected_at', {UTC.format("o.corrected_at")}) order by o.version), '[]'::json)
      from visit_versions o
     where o.county_code = v.county_code and o.township_code = v.township_code and o.visit_id = v.id) as earlier"""
HERE = "v.county_code = $1 and v.township_code = $2"
ONE = f"select row_to_json(t)::text from (select {VISIT} from visits v where {HERE} and v.id = $3) t"
PAGE = (
    "select '{\"items\":' || coalesce(json_agg(t), '[]')::text || '}' from "
    f"(select {VISIT} from visits v where {HERE} order by v.id limit 50) t"
)
ADD = f"""
with v as (
  insert into visits (county_code, township_code, id, version, created_at, fingerprint, helper_id, household_id, visited_on,
                      device_time, received_at, clock, received_later, place, text)
  select $1, $2, uuidv7(), 1, now(), '', p.helper_id, p.household_id, current_date, $4, now(), 'device', false, $5, $6
    from pairings p
   where p.county_code = $1 and p.township_code = $2 and p.household_id = $3 and p.starts <= current_date
     and (p.ends is null or p.ends > current_date)
  returning *)
select row_to_json(t)::text from (select {VISIT} from v) t"""
BEGIN = f"""
with m as (
  update plan_measures set state = 'under_way', state_since = now(), version = version + 1
   where county_code = $1 and township_code = $2 and id = $3 and state = 'planned' and version = $4 returning *)
select row_to_json(t)::text from (
  select township_code, id, version, {UTC.format("created_at")} as created_at, state, {UTC.format("state_since")} as state_since,
         plan_id, household_id, text, due_on, done_on, result from m) t"""


@asynccontextmanager
async def lifespan(api):
    async with asyncpg.create_pool(os.environ["HUAYUAN_DATABASE_URL"], max_size=12) as api.state.pool:
        yield


async def answer(request, sql, *values, status=200):
    async with request.app.state.pool.acquire() as connection:
        found = await connection.fetchval(sql, *PLACE, *values)
    return Response(found or "{}", status if found else 409, media_type="application/json")


async def one(request):
    return await answer(request, ONE, UUID(request.path_params["id"]))


async def page(request):
    return await answer(request, PAGE)


async def add(request):
    body = await request.json()
    values = UUID(body["household_id"]), datetime.fromisoformat(body["device_time"]), body["place"], body["text"]
    return await answer(request, ADD, *values, status=201)


async def begin(request):
    version = int(request.headers["if-match"].strip('"'))
    return await answer(request, BEGIN, UUID(request.path_params["id"]), version)


app = Starlette(
    lifespan=lifespan,
    routes=[
        Route("/v1/visits/{id}", one),
        Route("/v1/visits", page),
        Route("/v1/visits", add, methods=["POST"]),
        Route("/v1/plan-measures/{id}/start", begin, methods=["POST"]),
    ],
)
