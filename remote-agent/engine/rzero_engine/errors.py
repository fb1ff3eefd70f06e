"""Errors that carry their HTTP status and the name of the field they are about."""

from typing import Any


class ApiError(Exception):
    """A refused request. `param` is the path of the offending field, e.g. `prompt[3]`."""

    def __init__(self, status: int, message: str, kind: str, param: str | None = None, **extra: Any) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.kind = kind
        self.param = param
        self.extra = extra

    def body(self) -> dict[str, Any]:
        return {"error": {"message": self.message, "type": self.kind, "param": self.param}, **self.extra}


def invalid(param: str, what: str) -> ApiError:
    """422: the field `param` is wrong; `what` completes the sentence `param …`."""
    return ApiError(422, f"{param} {what}", "invalid_request_error", param)


def not_found(param: str, what: str) -> ApiError:
    """404: what `param` names does not exist here."""
    return ApiError(404, f"{param} {what}", "not_found_error", param)


def conflict(param: str, what: str, **extra: Any) -> ApiError:
    """409: the call contradicts what was already accepted."""
    return ApiError(409, f"{param} {what}", "conflict_error", param, **extra)


class UserJobError(Exception):
    """A job that failed because of what was asked; the future reports category `user`."""


class ServerJobError(Exception):
    """A job that failed inside the engine; the future reports category `server`."""


class DiskFullError(ServerJobError):
    """A save for which there was no room; what was written of it is removed. The future reports code `disk_full`."""


class Cancelled(Exception):
    """The client went away, so nobody waits for this job."""
