"""Where do files lie? In a folder or an object store, under names that say nothing and are never given twice.

Names begin with county and township. A file is there, whole and on disk, before any row names it: what no row names a
day later never will be named, and may go.
"""

import asyncio
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, from_url

from app.refusal import Unavailable
from app.settings import Settings

CHUNK = 256 * 1024
"""Bytes that are read at once on the way out."""
NEVER_NAMED = timedelta(days=1)
"""How old a file must be that no row names: a request that would name it has long ended."""
PATIENCE = timedelta(seconds=10)
"""For one request to an object store, tries included."""


class FileLost(Unavailable):
    """A file that is on record is not in the store: the store must be restored from its backup.

    文件库中缺少已登记的文件,须从备份恢复。
    """


class Storage:
    """The store that the settings name: a folder on this machine, or what obstore opens for an address.

    obstore's own coroutines end the process with SIGABRT where it exits soon after one; its plain functions, called in
    threads here, do not.
    """

    def __init__(self, settings: Settings) -> None:
        self._store: Any
        if settings.storage is None:
            self._store = LocalStore(settings.data_dir.absolute() / "attachments", mkdir=True)
        else:
            self._store = from_url(
                settings.storage,
                client_options={"timeout": PATIENCE, "allow_http": True},
                retry_config={"retry_timeout": PATIENCE},
            )

    async def keep(self, county: str, township: str, content: bytes | IO[bytes]) -> str:
        """Write a file whole, to the disk; its name. Raises Unavailable."""
        name = f"{county}/{township}/{uuid4().hex}"
        await asyncio.to_thread(self._keep, name, content)
        return name

    def _keep(self, name: str, content: bytes | IO[bytes]) -> None:
        with _answering():
            obstore.put(self._store, name, content)
        if isinstance(self._store, LocalStore):
            _sync(Path(str(self._store.prefix)) / name)

    async def read(self, name: str, first: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes from `first` to before `end`, in pieces that block. Raises FileLost, Unavailable, at once."""
        return await asyncio.to_thread(self.pieces, name, first, end)

    def pieces(self, name: str, first: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The same, for whoever is in a thread already."""
        options: Any = {"range": {"offset": first} if end is None else (first, end)}
        with _answering():
            stream = obstore.get(self._store, name, options=options).stream(min_chunk_size=CHUNK)
        return map(bytes, stream)

    async def old(self, county: str, township: str, now: datetime) -> set[str]:
        """The names of a township's files that are older than NEVER_NAMED."""
        with _answering():
            listed = await asyncio.to_thread(obstore.list(self._store, f"{county}/{township}/").collect)
        return {one["path"] for one in listed if one["last_modified"] < now - NEVER_NAMED}

    async def remove(self, names: Collection[str]) -> None:
        with _answering():
            await asyncio.to_thread(obstore.delete, self._store, sorted(names))


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise FileLost from error
    except BaseError as error:
        raise Unavailable from error


def _sync(file: Path) -> None:
    """To the disk, with the folder that names it: a power cut loses nothing that was acknowledged."""
    for path in (file, file.parent):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
