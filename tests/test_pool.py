"""Does a connection that nobody understands any more go to nobody, and does the queue for the others end?"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import asyncpg
import pytest

from app.pool import Pool


def on_a_pool(url: str, work: Callable[[Pool], Coroutine[Any, Any, None]], size: int = 2) -> None:
    async def main() -> None:
        pool = Pool(lambda: asyncpg.connect(url), size, patience=0.2)
        try:
            await work(pool)
        finally:
            await pool.close(1)

    asyncio.run(main())


def test_the_one_used_last_is_used_first_and_no_more_are_opened_than_needed(database_url: str) -> None:
    async def work(pool: Pool) -> None:
        first, second = await pool.take(), await pool.take()
        pool.give_back(first, whole=True)
        pool.give_back(second, whole=True)
        assert await pool.take() is second
        assert (pool.open, pool.in_use) == (2, 1)

    on_a_pool(database_url, work)


def test_the_queue_ends_and_who_waited_in_time_is_served(database_url: str) -> None:
    async def work(pool: Pool) -> None:
        only = await pool.take()
        with pytest.raises(TimeoutError):
            await pool.take()
        asyncio.get_running_loop().call_later(0.05, lambda: pool.give_back(only, whole=True))
        assert await pool.take() is only

    on_a_pool(database_url, work, size=1)


@pytest.mark.parametrize("how", ["broken off", "left in a transaction", "ended by the server"])
def test_what_nobody_understands_any_more_goes_to_nobody(database_url: str, how: str) -> None:
    async def work(pool: Pool) -> None:
        connection = await pool.take()
        ended = asyncio.Event()
        connection.add_termination_listener(lambda _: ended.set())
        if how == "left in a transaction":
            await connection.execute("begin")
        pool.give_back(connection, whole=how != "broken off")
        if how == "ended by the server":
            other = await asyncpg.connect(database_url)
            await other.execute("select pg_terminate_backend($1::int)", connection.get_server_pid())
            await ended.wait()
            await other.close()
        another = await pool.take()
        assert another is not connection and connection.is_closed()
        assert await another.fetchval("select 1") == 1

    on_a_pool(database_url, work)


def test_a_sound_connection_goes_to_the_next(database_url: str) -> None:
    """The control of the test before."""

    async def work(pool: Pool) -> None:
        connection = await pool.take()
        await connection.execute("begin; commit")
        pool.give_back(connection, whole=True)
        assert await pool.take() is connection

    on_a_pool(database_url, work)


def test_a_server_that_is_not_there_costs_no_place() -> None:
    async def work(pool: Pool) -> None:
        for _ in range(3):
            with pytest.raises(ConnectionRefusedError):
                await pool.take()
        assert (pool.open, pool.in_use) == (0, 0)

    on_a_pool("postgresql://nobody@127.0.0.1:1/nothing", work, size=1)
