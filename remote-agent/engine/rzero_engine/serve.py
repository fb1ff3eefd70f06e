"""The engine process: bind, load, announce, serve, and leave when nobody needs it."""

import asyncio
import json
import logging
import os
import secrets
import socket
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from rzero_engine.app import Api
from rzero_engine.base import Base, load_base
from rzero_engine.settings import Settings

log = logging.getLogger("rzero_engine")
# A restarted agent may adopt a living engine, so an orphan waits this long for a call.
ORPHAN_S = 60.0
WATCH_S = 2.0


@dataclass(frozen=True)
class Listen:
    host: str
    port: int  # 0 = any free one
    token: str | None  # None = make one and put it into the ready file
    ready_file: Path | None
    parent_pid: int | None


def serve(settings: Settings, listen: Listen) -> None:
    """Returns when the server was told to stop, or is an orphan.

    @raises BaseModelError, OSError (the address is taken)
    """
    listener = listener_at(listen.host, listen.port)
    base = load_base(settings.model, settings.device, settings.dtype)
    log.info("loaded %s on %s (%s)", base.name, base.device, base.dtype)
    asyncio.run(_serve(base, settings, listen, listener))


def listener_at(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=512)
    # asyncio does this only for sockets that name their protocol, and connections inherit it from here: without it
    # every answer waits 40 ms for the client's delayed acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


async def _serve(base: Base, settings: Settings, listen: Listen, listener: socket.socket) -> None:
    instance = uuid.uuid4().hex
    token = listen.token or f"tml-{secrets.token_urlsafe(32)}"  # the prefix the official Tinker SDK asks for
    api = Api(base, settings, instance)
    config = uvicorn.Config(
        api.app(token),
        log_level="warning",
        log_config=None,  # its loggers write to ours
        access_log=False,
        lifespan="off",
        timeout_keep_alive=120,  # longer than any client's, so that it is never us who closes under a request
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started and not serving.done():
        await asyncio.sleep(0.005)
    if server.started:
        host, port = listener.getsockname()[:2]
        ready = {"url": f"http://{_bracketed(host)}:{port}", "pid": os.getpid(), "instance": instance}
        _announce(ready if listen.token else {**ready, "token": token}, listen.ready_file)
        if listen.parent_pid is not None:
            watch = asyncio.create_task(_leave_when_orphaned(api, server, listen.parent_pid))
            serving.add_done_callback(lambda _: watch.cancel())
    await serving


def _announce(ready: dict[str, object], file: Path | None) -> None:
    line = json.dumps(ready)
    if file is not None:
        aside = file.with_name(f".{file.name}.{os.getpid()}")
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as out:
            out.write(line + "\n")
        aside.rename(file)
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def _leave_when_orphaned(api: Api, server: uvicorn.Server, parent: int) -> None:
    born = _start_time(parent)
    while True:
        await asyncio.sleep(WATCH_S)
        gone = _start_time(parent) != born or born is None
        if gone and api.clock() - api.last_call > ORPHAN_S and not api.worker.status()["busy"]:
            log.info("process %d is gone and nobody called for %.0f s: leaving", parent, ORPHAN_S)
            server.should_exit = True
            return


def _start_time(pid: int) -> str | None:
    """What tells a process from a later one with the same pid; None when there is no such process."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return None if fields[0] == "Z" else fields[19]
    except (OSError, IndexError):
        pass
    if Path("/proc/self/stat").exists():
        return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return "alive"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
