"""The refusals of a portal, with the vendor's codes, texts and HTTP statuses."""

from typing import Any


class Refused(Exception):
    """A request or a batch command is refused; `body` is what the portal says about it."""

    def __init__(self, status: int, code: str | int, description: str) -> None:
        super().__init__(f"{status} {code}: {description}")
        self.status = status
        self.body: dict[str, Any] = {"error": code, "error_description": description}


def https_required() -> Refused:
    return Refused(400, "INVALID_REQUEST", "Https required")


def too_many_requests() -> Refused:
    return Refused(503, "QUERY_LIMIT_EXCEEDED", "Too many requests")


def overloaded() -> Refused:
    return Refused(503, "OVERLOAD_LIMIT", "REST API is blocked due to overload")


def portal_deleted() -> Refused:
    return Refused(410, "PORTAL_DELETED", "Portal was deleted")


def not_commercial() -> Refused:
    return Refused(403, "ACCESS_DENIED", "REST is available only on commercial plans.")


def wrong_credential() -> Refused:
    return Refused(401, "INVALID_CREDENTIALS", "Invalid request credentials")


def no_credential() -> Refused:
    return Refused(401, "NO_AUTH_FOUND", "Wrong authorization data")


def expired() -> Refused:
    return Refused(401, "expired_token", "The access token provided has expired.")


def invalid_token() -> Refused:
    return Refused(401, "invalid_token", "Unable to get application by token")


def no_application() -> Refused:
    return Refused(401, "APPLICATION_NOT_FOUND", "Application not found")


def payment_required() -> Refused:
    return Refused(401, "PAYMENT_REQUIRED", "Payment required")


def user_dismissed() -> Refused:
    return Refused(401, "authorization_error", "Unable to authorize user")


def no_method() -> Refused:
    return Refused(404, "ERROR_METHOD_NOT_FOUND", "Method not found!")


def no_scope(credential: str = "webhook") -> Refused:
    return Refused(
        403,
        "insufficient_scope",
        f"The request requires higher privileges than provided by the {credential} token",
    )


def app_only() -> Refused:
    return Refused(403, "WRONG_AUTH_TYPE", "Current authorization type is denied for this method")


def forbidden(description: str) -> Refused:
    return Refused(403, "ACCESS_DENIED", description)


def argument(description: str) -> Refused:
    return Refused(400, "ERROR_ARGUMENT", description)


def operating_limit() -> Refused:
    return Refused(429, "OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit.")


def batch_too_long() -> Refused:
    return Refused(400, "ERROR_BATCH_LENGTH_EXCEEDED", "Max batch length exceeded")


def not_in_batch() -> Refused:
    return Refused(405, "ERROR_BATCH_METHOD_NOT_ALLOWED", "Method is not allowed for batch usage")


def no_id() -> Refused:
    return Refused(400, "", "ID is not defined or invalid.")


def not_found() -> Refused:
    return Refused(400, "", "Not found")


def access_denied() -> Refused:
    return Refused(400, "", "Access denied.")


def not_array(parameter: str) -> Refused:
    return Refused(400, "", f"Parameter '{parameter}' must be array.")


def invalid_argument(text: str) -> Refused:
    return Refused(400, "INVALID_ARG_VALUE", text)
