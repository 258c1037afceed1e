"""The agent's interface: HTTP and JSON, version 1."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

import sartor_agent
from sartor_agent.process import START, ask
from sartor_agent.server.gate import Gate
from sartor_agent.server.jobs import Jobs
from sartor_agent.server.leases import Leases
from sartor_agent.server.messages import Hash, Holder, Job, Key
from sartor_agent.server.programs import Programs
from sartor_agent.server.refusals import Refusal
from sartor_agent.server.settings import Settings

INTERFACE = 1
"""Version of what stands here; a client that knows another one says so."""
LONGEST_WAIT = 20.0
"""Seconds that a request for a job's result may wait for it."""
Json = dict[str, Any]  # Any: plain data


def create_app(settings: Settings) -> FastAPI:
    """Make the application of an agent.

    Its threads start at once; the application's own shutdown ends them.

    Args:
        settings: The token, the folder, bounds.

    Raises:
        MeasurementError: The runtimes of this device cannot be described.
    """
    request = {"do": "describe", "most_bytes": settings.most_bytes}
    described = ask(request, START, ["this device"], settings.worker)
    programs = Programs(settings.folder, settings.kept_bytes)
    jobs = Jobs(settings, programs)
    leases = Leases(settings.lease_s, jobs.lose)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        jobs.close()

    # Without pages of documentation: they would load scripts from elsewhere.
    app = FastAPI(
        title="sartor-agent", version=sartor_agent.__version__, lifespan=lifespan,
        docs_url=None, redoc_url=None, openapi_url="/v1/openapi.json", redirect_slashes=False,
    )  # fmt: skip
    for router in (
        _device(settings, described),
        _leases(leases),
        _programs(leases, programs, jobs),
        _jobs(leases, jobs, described),
    ):
        app.include_router(router, prefix="/v1")
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _not_served)
    app.add_middleware(
        Gate, token=settings.token, upload_bytes=settings.upload_bytes, idle_s=settings.idle_s
    )
    return app


def _device(settings: Settings, described: Json) -> APIRouter:
    router = APIRouter()
    limits = {
        name: getattr(settings, name)
        for name in ("upload_bytes", "kept_bytes", "job_s", "most_bytes", "lease_s")
    }

    @router.get("/device")
    def device() -> Json:
        """Say what this device is, what its runtimes can do, and what it allows."""
        versions = {"interface": INTERFACE, "version": sartor_agent.__version__}
        return versions | described | {"limits": limits}

    return router


def _leases(leases: Leases) -> APIRouter:
    router = APIRouter(prefix="/leases/{lease}")

    @router.put("")
    def take(lease: Key, body: Holder) -> Json:
        """Take the device, or keep it: a heartbeat is the same request."""
        return {"seconds": leases.take(lease, body.holder)}

    @router.delete("", status_code=204)
    def give_back(lease: Key) -> None:
        """Give the device back; what still runs for the lease is stopped."""
        leases.give_back(lease)

    return router


def _programs(leases: Leases, programs: Programs, jobs: Jobs) -> APIRouter:
    router = APIRouter()

    @router.head("/programs/{program}")
    def has(program: Hash) -> Response:
        """Say whether a program is here."""
        return Response(status_code=204 if programs.find(program) else 404)

    @router.put("/leases/{lease}/programs/{program}", status_code=201)
    async def upload(lease: Key, program: Hash, request: Request) -> Json:
        """Keep a program: the body, whose hash and content are checked."""
        size = int(request.headers.get("content-length", 0))
        with contextlib.ExitStack() as stack:
            try:
                leases.check(lease)
                if size == 0:
                    raise Refusal(422, "the program is refused: it is empty.")
                incoming = stack.enter_context(programs.receive(size, jobs.used()))
            except Refusal:
                await _drain(request)
                raise
            try:
                async for chunk in request.stream():
                    await asyncio.to_thread(incoming.write, chunk)
            except (ClientDisconnect, TimeoutError) as error:
                raise Refusal(408, "the upload was cut off; repeat it.") from error
            await asyncio.to_thread(programs.keep, incoming, program, jobs.check)
        leases.check(lease)
        return {"program": program}

    return router


async def _drain(request: Request) -> None:
    """Read a body that nobody wants: a client that still sends it would not read the answer."""
    with contextlib.suppress(TimeoutError):
        while (await request.receive()).get("more_body"):
            pass


def _jobs(leases: Leases, jobs: Jobs, described: Json) -> APIRouter:
    router = APIRouter()

    @router.put("/leases/{lease}/jobs/{job}", status_code=202)
    def put(lease: Key, job: Key, body: Job) -> Json:
        """Measure; the same job again asks for the same result."""
        leases.check(lease)
        _refuse_unknown(body, described["runtimes"])
        return jobs.put(lease, job, body).to_json()

    @router.get("/jobs/{job}")
    def wait(job: Key, wait: Annotated[float, Query(ge=0, le=LONGEST_WAIT)] = 0.0) -> Json:
        """Tell a job's state, and its result if it has one; wait for it if asked to."""
        return jobs.wait(job, wait).to_json()

    @router.delete("/jobs/{job}", status_code=204)
    def remove(job: Key) -> None:
        """Stop a job, or forget a result that was fetched."""
        jobs.remove(job)

    return router


def _refuse_unknown(body: Job, runtimes: Mapping[str, Json]) -> None:
    """Refuse runtimes that the device lacks."""
    for it in body.request.programs().values():
        if it.runtime not in runtimes:
            known = ", ".join(runtimes) or "none"
            raise Refusal(422, f"unknown runtime {it.runtime!r}; on this device: {known}.")


def _refused(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refusal)
    return JSONResponse(error.to_json(), error.status)


def _not_served(_: Request, error: Exception) -> JSONResponse:
    """Answer for paths and methods that are not there, in the form of the others."""
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": f"{error.detail}."}, error.status_code, error.headers)


def _malformed(_: Request, error: Exception) -> JSONResponse:
    """Name the first field that is not as it should be; what was sent is not repeated."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = ".".join(str(it)[:60] for it in first["loc"])
    return JSONResponse({"error": f"{place}: {first['msg']}"[:300]}, 422)
