"""BigQuery's error form: what the local BigQuery answers when something can't be done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Self, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"
Object: TypeAlias = "dict[str, JSON]"

_STATUS: Final[Mapping[str, int]] = {
    "accessDenied": 403,
    "backendError": 503,
    "badRequest": 400,
    "billingNotEnabled": 403,
    "conditionNotMet": 412,
    "duplicate": 409,
    "internalError": 500,
    "invalid": 400,
    "invalidQuery": 400,
    "jobInternalError": 400,
    "notFound": 404,
    "notImplemented": 501,
    "quotaExceeded": 403,
    "rateLimitExceeded": 403,
    "resourceInUse": 400,
    "resourcesExceeded": 400,
    "stopped": 499,
    "timeout": 400,
}


class ApiError(Exception):
    """A refusal, as an HTTP answer or as the result of a failed job.

    Attributes:
        reason: BigQuery's word for it, such as ``notFound``.
        message: What is wrong.
        status: The HTTP status.
        location: Where, such as ``query``.
    """

    def __init__(
        self, reason: str, message: str, *, status: int | None = None, location: str | None = None
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.status = _STATUS.get(reason, 400) if status is None else status
        self.location = location

    def proto(self) -> Object:
        """Return the error as a job's ``errorResult`` has it."""
        proto: Object = {"reason": self.reason, "message": self.message}
        if self.location is not None:
            proto["location"] = self.location
        return proto

    def body(self) -> Object:
        """Return the error as the body of an HTTP answer."""
        return {
            "error": {
                "code": self.status,
                "message": self.message,
                "errors": [{"domain": "global", **self.proto()}],
                "status": "INVALID_ARGUMENT" if self.status == 400 else self.reason,
            }
        }

    @classmethod
    def from_proto(cls, proto: Mapping[str, JSON]) -> Self:
        """Read a job's ``errorResult``."""
        location = proto.get("location")
        return cls(
            str(proto.get("reason", "invalid")),
            str(proto.get("message", "")),
            location=None if location is None else str(location),
        )

    @classmethod
    def from_body(cls, status: int, body: JSON) -> Self:
        """Read the error that stands in the body of an HTTP answer.

        The emulator's own breakdowns become 501: nothing gets better by asking again, and a 5xx with
        ``internalError`` would make clients try for ten minutes.
        """
        error = body.get("error") if isinstance(body, dict) else None
        error = error if isinstance(error, dict) else {}
        errors = error.get("errors")
        first = errors[0] if isinstance(errors, list) and errors else {}
        reason = str(first.get("reason", "invalid")) if isinstance(first, dict) else "invalid"
        message = str(error.get("message", "")) or f"the emulator answered {status}"
        if reason in {"internalError", "backendError", "notImplemented"}:
            return cls("notImplemented", f"not supported by the local BigQuery: {message}")
        location = first.get("location") if isinstance(first, dict) else None
        return cls(reason, message, status=status, location=None if location is None else str(location))


def unsupported(what: str) -> ApiError:
    """Return the refusal of something that BigQuery can do and the local one can't."""
    return ApiError("notImplemented", f"{what} is not supported by the local BigQuery")


def invalid_query(message: str) -> ApiError:
    """Return BigQuery's refusal of a statement that is not right."""
    return ApiError("invalidQuery", message, location="query")


def not_found(kind: str, name: str, location: str | None = None) -> ApiError:
    """Return BigQuery's answer for a resource that is not there."""
    place = f" in location {location}" if location is not None else ""
    return ApiError("notFound", f"Not found: {kind} {name} was not found{place}")


def duplicate(kind: str, name: str) -> ApiError:
    """Return BigQuery's answer for a resource that is there already."""
    return ApiError("duplicate", f"Already Exists: {kind} {name}")


def as_object(value: JSON) -> Object:
    """Return a JSON object's members, and none for anything else."""
    return value if isinstance(value, dict) else {}


def as_text(value: JSON, default: str = "") -> str:
    """Return a JSON string, and the default for anything else."""
    return value if isinstance(value, str) else default
