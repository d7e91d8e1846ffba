"""Through which door is followed what happens?"""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from app.events import actions, schemas
from app.reading import ReadEvents

exchange = APIRouter(tags=["exchange"])
routers = [exchange]


@exchange.get("/events", name="events_list", response_model=schemas.FeedOut)
async def events(request: Request, read: ReadEvents, query: Annotated[schemas.FeedQuery, Query()]) -> Response:
    """What happened in the townships of the county, in each in the order of its ledger, without a gap / 县级事件流

    Keep `next_cursor` with what you made of the entries, and ask on with it: that is all the state there is. With
    `wait` an answer without entries comes only when something happened that was left out, or the time is over.
    """
    found = await actions.look(read, query.cursor, query.event, query.limit)
    if query.wait and not found.items and not found.more and await _news(request, found, query.wait):
        found = await actions.look(read, found.position.cursor, query.event, query.limit)
    onward = urlencode(
        [*(p for p in request.query_params.multi_items() if p[0] != "cursor"), ("cursor", found.position.cursor)]
    )
    headers = {"link": f'<{request.url.path}?{onward}>; rel="next"'}
    return Response(found.json, media_type="application/json", headers=headers)


async def _news(request: Request, found: actions.Found, seconds: int) -> bool:
    async def given_up() -> bool:
        return getattr(request.state, "going", False) or await request.is_disconnected()

    async with request.state.place.given_up():
        watch: actions.Watch = request.app.state.watch
        return await watch.news(found, seconds, given_up)
