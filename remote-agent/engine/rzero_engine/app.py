"""The HTTP surface (docs/engine-api.md): tokens, bodies, errors and routes. No decision about training is made here."""

import asyncio
import hmac
import json
import logging
import os
import time
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from rzero_engine import __version__, checks
from rzero_engine.base import Base
from rzero_engine.errors import ApiError, Cancelled, ServerJobError, UserJobError
from rzero_engine.futures import FutureTable, encode
from rzero_engine.losses import LOSSES
from rzero_engine.registry import Registry, Snapshot
from rzero_engine.sampling_calls import Sampling
from rzero_engine.settings import Settings
from rzero_engine.text import Texts
from rzero_engine.tinker_messages import MEDIA_TYPE, as_protobuf, read_forward_backward
from rzero_engine.training_calls import Training
from rzero_engine.worker import Job, Worker

MAX_BODY = 1 << 30
log = logging.getLogger("rzero_engine")


class Api:
    """`last_call` is the clock's time of the newest authorised call: a sign that somebody still needs this engine."""

    def __init__(self, base: Base, settings: Settings, instance: str, clock: Callable[[], float] = time.monotonic):
        self.base = base
        self.settings = settings
        self.instance = instance
        self.clock = clock
        self.last_call = clock()
        self.worker = Worker(asyncio.get_running_loop(), fuse=not settings.deterministic)
        self.futures = FutureTable()
        self.registry = Registry((base.name, "base"), Snapshot("base", None, 0, {}))
        self.training = Training(base, self.registry, self.worker, self.futures, settings, instance)
        self.sampling = Sampling(base, Texts(base.directory), self.registry, self.worker, self.futures)

    def app(self, token: str) -> ASGIApp:
        training, sampling = self.training, self.sampling
        calls: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "/api/v1/client/config": self.client_config,
            "/api/v1/create_session": self.create_session,
            "/api/v1/session_heartbeat": self.session_heartbeat,
            "/api/v1/get_info": training.get_info,
            "/api/v1/telemetry": self.telemetry,
            "/api/v1/create_model": training.create_model,
            "/api/v1/forward": training.forward,
            "/api/v1/optim_step": training.optim_step,
            "/api/v1/save_weights_for_sampler": training.save_weights_for_sampler,
            "/api/v1/save_weights": training.save_weights,
            "/api/v1/load_weights": training.load_weights,
            "/api/v1/unload_model": training.unload_model,
            "/api/v1/weights_info": training.weights_info,
            "/api/v1/create_sampling_session": sampling.create_sampling_session,
            "/api/v1/asample": sampling.asample,
            "/x/snapshots/delete": sampling.delete_snapshots,
        }
        routes = [Route(path, self._call(call), methods=["POST"]) for path, call in calls.items()]
        routes += [
            Route("/api/v1/healthz", _guard(self.healthz), methods=["GET"]),
            Route("/api/v1/get_server_capabilities", _guard(self.capabilities), methods=["GET"]),
            Route("/api/v1/forward_backward", _guard(self.forward_backward), methods=["POST"]),
            Route("/api/v1/samplers/{sampler_id}", _guard(self.sampler), methods=["GET"]),
            Route("/api/v1/retrieve_future", _guard(self.retrieve_future), methods=["POST"]),
            Route("/v1/completions", _guard(self.completions), methods=["POST"]),
            Route("/v1/models", _guard(self.models), methods=["GET"]),
            Route("/x/status", _guard(self.status), methods=["GET"]),
            Route("/x/models/{model_id}/state", _guard(self.model_state), methods=["GET"]),
        ]
        inner = Starlette(routes=routes, exception_handlers={404: _no_route, 405: _no_route})
        return _Door(inner, token, self)

    def client_config(self, body: dict[str, Any]) -> dict[str, Any]:
        """Flags of the official SDK: calls of a model come in order, and the token is used as it is."""
        return {"parallel_fwdbwd_chunks": False, "proto_compress_fwdbwd": False, "pjwt_auth_enabled": False}

    def telemetry(self, body: dict[str, Any]) -> dict[str, Any]:
        """The official SDK sends it and tries again for ever when it is refused. Nothing of it is kept."""
        return {"status": "accepted"}

    def create_session(self, body: dict[str, Any]) -> dict[str, Any]:
        checks.as_list(checks.get(body, "tags", "tags", []), "tags")
        return {"type": "create_session", "session_id": self.registry.new_session()}

    def session_heartbeat(self, body: dict[str, Any]) -> dict[str, Any]:
        self.registry.session(checks.as_str(checks.get(body, "session_id", "session_id"), "session_id"))
        return {"type": "session_heartbeat"}

    async def healthz(self, request: Request) -> Response:
        return _json({"status": "ok"})

    async def models(self, request: Request) -> Response:
        context = self.base.decoder.context_length
        names = [self.base.name, *self.registry.snapshots]
        return _json(
            {"object": "list", "data": [{"id": n, "object": "model", "max_model_len": context} for n in names]}
        )

    async def capabilities(self, request: Request) -> Response:
        base, decoder = self.base, self.base.decoder
        eos = base.eos_token_ids
        return _json(
            {
                "supported_models": [{"model_name": base.name, "max_context_length": decoder.context_length}],
                "x": {
                    "engine": "rzero",
                    "version": __version__,
                    "instance": self.instance,
                    "device": base.device.type,
                    "dtype": str(base.dtype).removeprefix("torch."),
                    "deterministic": self.settings.deterministic,
                    "losses": list(LOSSES),
                    "lora": True,
                    "full": True,
                    "batch_prompts": True,
                    "seeds": True,
                    "reference": True,
                    "token_stats": True,
                    "compact": True,
                    "vocab_size": decoder.vocab_size,
                    "pad_token_id": base.pad_token_id,
                    "eos_token_id": eos[0] if len(eos) == 1 else eos or None,
                },
            }
        )

    async def status(self, request: Request) -> Response:
        registry = self.registry
        about = {"instance": self.instance, "pid": os.getpid(), **self.worker.status()}
        return _json({**about, "models": list(registry.models), "snapshots": list(registry.snapshots)})

    async def sampler(self, request: Request) -> Response:
        return _json(self.sampling.sampler(request.path_params["sampler_id"]))

    async def model_state(self, request: Request) -> Response:
        return _json(self.training.state(request.path_params["model_id"]))

    async def retrieve_future(self, request: Request) -> Response:
        body = await _body(request)
        request_id = checks.as_str(checks.get(body, "request_id", "request_id"), "request_id")
        if not self.futures.known(request_id):
            raise ApiError(410, f"request_id {request_id!r} is not known (any more)", "gone_error", "request_id")
        payload = await self.futures.wait(request_id, self.settings.poll_seconds)
        if payload is None:
            return _json({"type": "try_again", "request_id": request_id, "queue_state": "active"}, 408)
        if MEDIA_TYPE in request.headers.get("accept", ""):
            message = as_protobuf(payload)
            if message is not None:
                return Response(message, media_type=MEDIA_TYPE)
        return Response(payload, media_type="application/json")

    async def forward_backward(self, request: Request) -> Response:
        """JSON, or the official SDK's protobuf message, which serves for `forward` as well."""
        if request.headers.get("content-type", "").startswith(MEDIA_TYPE):
            forward_only, body = read_forward_backward(await _bytes(request))
            return _json((self.training.forward if forward_only else self.training.forward_backward)(body))
        body = await _body(request)
        self._fence(body)
        return _json(self.training.forward_backward(body))

    async def completions(self, request: Request) -> Response:
        body = await _body(request)
        self._fence(body)
        job = self.sampling.completions(body)
        await _finished_or_gone(job, request)
        try:
            return Response(job.future.result(), media_type="application/json")
        except Cancelled:
            raise ClientDisconnect from None
        except UserJobError as error:
            raise ApiError(422, str(error), "invalid_request_error") from None
        except ServerJobError as error:
            raise ApiError(500, str(error), "server_error") from None

    def _call(self, call: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            body = await _body(request)
            self._fence(body)
            return _json(call(body))

        return _guard(handle)

    def _fence(self, body: dict[str, Any]) -> None:
        epoch = checks.get(body, "epoch", "epoch", None)
        if epoch is not None:
            self.registry.check_epoch(checks.as_int(epoch, "epoch", 0))


class _Door:
    """Lets in who carries the token, as `Authorization: Bearer` or `x-api-key`."""

    def __init__(self, inner: ASGIApp, token: str, api: Api) -> None:
        self._inner = inner
        self._token = token.encode()
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] != "/api/v1/healthz":
            if not self._carries_token(scope):
                error = ApiError(401, "the engine's token is missing or wrong", "authentication_error")
                return await _json(error.body(), 401)(scope, receive, send)
            self._api.last_call = self._api.clock()
        await self._inner(scope, receive, send)

    def _carries_token(self, scope: Scope) -> bool:
        for name, value in scope["headers"]:
            if name == b"authorization" and value[:7].lower() == b"bearer ":
                value = value[7:]
            elif name != b"x-api-key":
                continue
            if hmac.compare_digest(value.strip(), self._token):
                return True
        return False


async def _finished_or_gone(job: Job, request: Request) -> None:
    """Waits for the job; drops it when the client hangs up."""

    async def gone() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    watch = asyncio.ensure_future(gone())
    await asyncio.wait([job.future, watch], return_when=asyncio.FIRST_COMPLETED)
    if not job.future.done():
        job.cancel()
        raise ClientDisconnect
    watch.cancel()


def _guard(handle: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    async def guarded(request: Request) -> Response:
        try:
            return await handle(request)
        except ApiError as error:
            return _json(error.body(), error.status)
        except ClientDisconnect:
            return Response(status_code=499)
        except Exception as error:
            log.exception("%s failed", request.url.path)
            return _json(ApiError(500, f"{type(error).__name__}: {error}", "server_error").body(), 500)

    return guarded


async def _bytes(request: Request) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BODY:
            raise ApiError(413, f"the body is larger than {MAX_BODY} bytes", "invalid_request_error")
        parts.append(part)
    return b"".join(parts)


async def _body(request: Request) -> dict[str, Any]:
    data = await _bytes(request)
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ApiError(400, f"the body is not JSON: {error}", "invalid_request_error") from None
    return checks.as_object(value, "the body")


async def _no_route(request: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 404)
    what = "is not a call of this engine" if status == 404 else f"does not take {request.method}"
    return _json(ApiError(status, f"{request.url.path} {what}", "not_found_error").body(), status)


def _json(value: Any, status: int = 200) -> Response:
    return Response(encode(value), status, media_type="application/json")
