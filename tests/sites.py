"""The demonstration opened for the tests: seeded once a process, then a clone and a web server.

The server is the real one, in a thread: its engine can be listened to, a browser can visit it.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

import httpx2
import uvicorn
from starlette.applications import Starlette

from server.app import create_app
from server.demo import runner, seed
from server.demo.world import World
from server.pages.visits import session_cookie
from server.settings import Settings
from server.tenants.sessions import open_session
from server.tenants.transactions import Database as App
from tests.databases import Database, Databases

ISSUER = "http://127.0.0.1:1"  # nobody there: who visits has her session already
PATIENCE_SECONDS = 30


def run_apart[T](work: Coroutine[Any, Any, T]) -> T:
    """Run to the end in a thread of its own: the loop of a test is none of our business."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, work).result()
