"""How is an address asked that somebody else named? Resolved once, checked, and that very address asked; no redirect.

Between the check of a name and its use nobody may change what it means (DNS rebinding): so the name is resolved here,
every address it has is checked, and the connection goes to one of these, with the name for TLS and `Host` alone.
"""

import asyncio
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

import httpx

SECONDS = 20.0
"""For resolving, connecting, sending and the status of the answer, all together."""
READ = 65_536
"""Bytes of an answer that are read, so that its connection can be used again; they are not kept."""
Check = Callable[[IPv4Address | IPv6Address], bool]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A status, or in a word why there is none; and how long it took."""

    status: int | None
    error: str | None
    ms: int


async def addresses(host: str, port: int) -> list[str]:
    """What the name means now. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(sockaddr[0]) for *_, sockaddr in found]


class Sender:
    """Posts to one host; its connections are for that host alone."""

    def __init__(self, host: str, port: int, is_fit: Check) -> None:
        self._host, self._port, self._is_fit = host, port, is_fit
        self._client = httpx.AsyncClient(timeout=SECONDS, trust_env=False, follow_redirects=False)

    async def close(self) -> None:
        await self._client.aclose()

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
        """Never raises for what the other side does."""
        loop = asyncio.get_running_loop()
        began, status, error = loop.time(), None, None
        try:
            async with asyncio.timeout(SECONDS):
                status = await self._post(url, body, headers)
        except _Refused:
            error = "address_refused"
        except (TimeoutError, httpx.TimeoutException):
            error = "timeout"
        except socket.gaierror:
            error = "name_not_found"
        except (OSError, httpx.HTTPError, httpx.InvalidURL, UnicodeError):
            error = "no_connection"
        return Outcome(status, error, int((loop.time() - began) * 1000))

    async def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        found = await addresses(self._host, self._port)
        if not found or not all(self._is_fit(ip_address(address.partition("%")[0])) for address in found):
            raise _Refused
        whole = httpx.URL(url)
        pinned = whole.copy_with(host=found[0])
        request = self._client.build_request(
            "POST", pinned, content=body, headers={**headers, "host": whole.netloc.decode()},
            extensions={"sni_hostname": self._host, "timeout": httpx.Timeout(SECONDS).as_dict()},
        )  # fmt: skip
        answer = await self._client.send(request, stream=True)
        try:
            read = 0
            async for part in answer.aiter_raw():
                read += len(part)
                if read > READ:
                    break
        finally:
            await answer.aclose()
        return answer.status_code


class _Refused(Exception):
    """The name leads where nothing is sent."""
