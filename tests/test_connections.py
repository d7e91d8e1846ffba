"""Does a connection end that never sends a request or never takes its answer, and no other?"""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress

import httpx
import pytest
import uvicorn

from app import connections
from tests.serving import eventually

LARGE = 20_000_000
"""Bytes of an answer that no system's buffers take whole."""


async def application(scope, receive, send):
    if scope["type"] == "http" and scope["path"] == "/never":
        await asyncio.sleep(60)
    elif scope["type"] == "http" and scope["path"] == "/length":
        size, more = 0, True
        while more:
            message = await receive()
            size, more = size + len(message.get("body", b"")), message.get("more_body", False)
        told = b"%d %d" % (size, any(name == b"x-late" for name, _ in scope["headers"]))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(told))]})
        await send({"type": "http.response.body", "body": told})
    elif scope["type"] == "http":
        size = LARGE if scope["path"] == "/large" else 2  # the body is not waited for
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % size)]})
        await send({"type": "http.response.body", "body": b"o" * size})


@pytest.fixture(params=["asyncio", "uvloop"])
def port(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(connections, "HEADERS_SECONDS", 0.4)
    monkeypatch.setattr(connections, "READING_SECONDS", 0.4)
    monkeypatch.setattr(connections, "CONNECTIONS", 5)
    config = uvicorn.Config(
        application, port=0, log_level="critical", lifespan="off", loop=request.param,
        http=request.getfixturevalue("protocol"),
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    assert eventually(lambda: server.started)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = server.force_exit = True
    thread.join(10)


@pytest.fixture
def protocol() -> str:
    return "app.connections:Connection"


def ends(connection: socket.socket, seconds: float = 3, dribble: bytes = b"") -> bool:
    """Does the other side end it, while we send a little ever again?"""
    connection.settimeout(0.1)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if dribble:
                connection.sendall(dribble)
                time.sleep(0.05)
            if connection.recv(65_536) == b"":
                return True
        except TimeoutError:
            continue
        except OSError:
            return True
    return False


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=5)


NEVER = {
    "nothing": (b"", b""),
    "headers": (b"GET / HTTP/1.1\r\nhost: x\r\n", b"a: b\r\n"),
    "blank lines": (b"", b"\r\n"),
    "a body after its answer": (b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9999\r\n\r\n", b"x"),
    "trailers": (
        b"POST /length HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n",
        b"a: bb\r\n" * 400,
    ),
    "a large trailer": (
        b"POST /length HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\na: ",
        b"x" * 4000,
    ),
    "headers while one waits": (b"GET /never HTTP/1.1\r\nhost: x\r\n\r\nGET / HTTP/1.1\r\n", b"a: bb\r\n" * 400),
    "large headers": (b"GET / HTTP/1.1\r\nhost: x\r\na: " + b"x" * 40_000, b""),
}


@pytest.mark.parametrize("start", NEVER)
def test_who_never_sends_a_whole_request_is_let_go(port, start):
    begun, dribble = NEVER[start]
    with closing(connect(port)) as connection:
        connection.sendall(begun)
        assert ends(connection, dribble=dribble)


@pytest.mark.parametrize("protocol", ["httptools"])
def test_without_our_deadlines_he_would_stay(port, protocol):
    """The negative control: uvicorn's own protocol."""
    begun, dribble = NEVER["headers"]
    with closing(connect(port)) as connection:
        connection.sendall(begun)
        assert not ends(connection, 1.2, dribble), protocol


def test_who_sends_request_after_request_stays(port):
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client, closing(connect(port)) as slow:
        for _ in range(5):
            assert client.get("/").text == "oo"
            slow.sendall(b"GET / HTTP/1.1\r\n")
            time.sleep(0.2)
            slow.sendall(b"host: x\r\n\r\n")
            answer = b""
            while not answer.endswith(b"oo"):
                part = slow.recv(1000)
                assert part, "it was ended"
                answer += part


@pytest.mark.parametrize("size", [0, 5, 60_000, 900_000])
def test_who_is_answered_while_he_sends_reads_the_answer_and_may_go_on(port, size):
    """As one of a crowd is turned away who hands in a long list."""
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        for _ in range(5):
            assert client.post("/", content=b"x" * size).text == "oo"


@pytest.mark.parametrize("chunk", [1_000, 100_000])
def test_a_body_in_chunks_arrives_and_what_follows_it_is_no_header(port, chunk):
    whole = b"".join(b"%x\r\n" % chunk + b"x" * chunk + b"\r\n" for _ in range(2_000_000 // chunk))
    for _ in range(2):
        with closing(connect(port)) as connection:
            head = b"POST /length HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n"
            connection.sendall(head + whole + b"0\r\nx-late: 1\r\n\r\n")
            answer = b""
            while part := connection.recv(1000):
                answer += part
            assert answer.endswith(b"2000000 0")


def reading(port: int, *, rests: float, every: float) -> int:
    """Bytes of the large answer that a reader gets who rests at first, and then between takes."""
    connection = connect(port)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    connection.sendall(b"GET /large HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
    got = 0
    with closing(connection), suppress(OSError):
        time.sleep(rests)
        while part := connection.recv(65_536):
            got += len(part)
            time.sleep(every)
    return got


def test_who_does_not_read_is_let_go_and_who_reads_slowly_is_not(port, monkeypatch):
    monkeypatch.setattr(connections, "READING_SECONDS", 1.0)
    assert reading(port, rests=3.0, every=0) < LARGE
    assert reading(port, rests=0, every=0.005) > LARGE, "for longer in all than the other"


def test_connections_are_bounded(port):
    held = [connect(port) for _ in range(5)]
    with closing(connect(port)) as one_more:
        assert ends(one_more, 0.3)
    for connection in held:
        connection.close()
    assert eventually(lambda: httpx.get(f"http://127.0.0.1:{port}/").text == "oo", 5)
