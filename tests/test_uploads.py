"""What does the door do with a body that is a file? It lies on disk, counted and hashed as it comes, and bounded."""

import asyncio
import hashlib
from typing import Any
from uuid import UUID

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse

from app.access import Bearer, Tokens
from app.problems import IN_MEMORY, Guard
from app.settings import Settings
from app.vault import Vault
from app.wire import Body

SETTINGS = Settings(secret="t" * 32)
TOKENS = Tokens(SETTINGS, Vault(SETTINGS.master_secret))
FILES = {"POST /v1/things/{id}/photo": Body(limit=3 * IN_MEMORY, media=("image/png",), is_file=True)}


async def tell(scope: Any, receive: Any, send: Any) -> None:
    """Answer with what the door handed on."""
    request = Request(scope, receive)
    upload = getattr(request.state, "upload", None)
    told: dict[str, Any] = {"body": len(await request.body())}
    if upload:
        told |= {"size": upload.size, "digest": upload.digest, "media": upload.media}
        told["read"] = hashlib.sha256(upload.file.read()).hexdigest()
    await JSONResponse(told)(scope, receive, send)


def send(path: str, content: bytes, media: str, *, signed_in: bool = True) -> httpx.Response:
    token = TOKENS.issue(Bearer(UUID(int=1), "411421", "411421201"))
    headers = {"content-type": media} | ({"authorization": f"Bearer {token}"} if signed_in else {})

    async def go() -> httpx.Response:
        transport = httpx.ASGITransport(Guard(tell, lambda: TOKENS, FILES))
        async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
            return await client.post(path, content=content, headers=headers)

    return asyncio.run(go())


@pytest.mark.parametrize("size", [0, 5, IN_MEMORY - 1, 2 * IN_MEMORY])
def test_a_file_arrives_whole_and_hashed(size: int) -> None:
    content = bytes(range(256)) * (size // 256 + 1)
    content = content[:size]
    told = send("/v1/things/7/photo", content, "image/png").json()
    digest = hashlib.sha256(content).hexdigest()
    assert told == {"body": 0, "size": size, "digest": digest, "media": "image/png", "read": digest}


def test_a_file_is_bounded_and_of_its_kind() -> None:
    assert send("/v1/things/7/photo", b"x" * (3 * IN_MEMORY + 1), "image/png").status_code == 413
    assert send("/v1/things/7/photo", b"x", "text/html").status_code == 415
    assert send("/v1/things/7/photo", b"x", "image/png", signed_in=False).status_code == 401


def test_elsewhere_the_usual_body_is_taken() -> None:
    assert send("/v1/things/7/photos", b"x", "image/png").status_code == 415
    assert send("/v1/things/7/8/photo", b"{}", "application/json").json() == {"body": 2}
    assert send("/v1/things", b"[" + b" " * 65_535 + b"]", "application/json").status_code == 413
