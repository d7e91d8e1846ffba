"""How does a connection behave? uvicorn's protocol with deadlines for whoever sends no request or takes no answer.

uvicorn ends a connection that idles after an answer, but waits for ever for the first byte, for headers that never end
and for a reader who never reads. A body's pace is the guard's matter.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

HEADERS_SECONDS = 5.0
"""Within which the headers of a request arrive whole, from the connection or from their first byte."""
HEADERS_BYTES = 32_768
"""Of a request, besides its body and an eighth of that, which chunks may take."""
READING_SECONDS = 10.0
"""Within which a reader takes something of what waits for it."""
CONNECTIONS = 1_000
"""How many one worker keeps; more are closed as they come."""


class Connection(HttpToolsProtocol):
    """One caller's connection."""

    _headers_due: asyncio.TimerHandle | None = None
    _read_due: asyncio.TimerHandle | None = None
    _besides = _body = 0
    """Bytes of the request that is arriving: besides its body, and of that."""
    _in_body = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS:
            transport.abort()
        else:
            self._await_headers()

    def data_received(self, data: bytes) -> None:
        if self._headers_due is None and self._at_rest():
            self._await_headers()
        self._besides += len(data)
        super().data_received(data)
        if self._besides > HEADERS_BYTES + self._body // 8:
            self.transport.abort()

    def on_header(self, name: bytes, value: bytes) -> None:
        """What follows a body is no header: who asks was told before it."""
        if not self._in_body:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._forget_headers()
        self._in_body = True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._besides -= len(body)
        self._body += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_body, self._besides, self._body = False, 0, 0
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_headers()
        self._forget_reader()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Who waits for something to happen is told that the worker goes, and answers with what there is."""
        if not self._at_rest():
            self.scope["state"]["going"] = True
        super().shutdown()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._await_reader()

    def resume_writing(self) -> None:
        self._forget_reader()
        super().resume_writing()

    def _at_rest(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is None or cycle.response_complete

    def _await_headers(self) -> None:
        self._headers_due = self.loop.call_later(HEADERS_SECONDS, self.transport.abort)

    def _await_reader(self) -> None:
        left = self.transport.get_write_buffer_size()
        self._read_due = self.loop.call_later(READING_SECONDS, self._look_at_reader, left)

    def _look_at_reader(self, before: int) -> None:
        if self.transport.get_write_buffer_size() < before:
            self._await_reader()
        else:
            self.transport.abort()

    def _forget_headers(self) -> None:
        if self._headers_due is not None:
            self._headers_due.cancel()
            self._headers_due = None

    def _forget_reader(self) -> None:
        if self._read_due is not None:
            self._read_due.cancel()
            self._read_due = None
