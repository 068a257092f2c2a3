"""redis-py's errors, sorted by what they mean for the request."""

from __future__ import annotations

from redis import exceptions

from ...errors import LightjobsError, LoginRefused, SettingsError, StoreUnavailable
from ..delivery import ConnectionLost, Refused

AWAY = (
    exceptions.ConnectionError,
    exceptions.TimeoutError,
    exceptions.ClusterDownError,  # and MasterDownError
)
"""The server, or this node of a cluster, does not answer."""

UNTRANSLATED = (exceptions.NoScriptError, exceptions.ClusterCrossSlotError)
"""Replies that a Producer raises unchanged: the first is answered with the script's text, the
second comes from a wrong setting."""

LOGIN_REFUSED = (
    exceptions.AuthenticationError,  # WRONGPASS and NOAUTH
    exceptions.AuthenticationWrongNumberOfArgsError,  # a user name, and a server before Redis 6
)
"""The server does not accept the user name or the password, or asks for one."""

_PASSING = (
    exceptions.AskError,  # and MovedError
    exceptions.BusyLoadingError,
    exceptions.ClusterDownError,
    exceptions.ReadOnlyError,
    exceptions.TryAgainError,
)
"""Replies of a server that will soon be ready, or that is not the right one."""

_PASSING_CODES = ("BUSY ", "NOREPLICAS ", "MISCONF ")
"""How replies begin that redis-py has no class for: a script of somebody else runs too long, there
are not enough replicas, the disk refuses a snapshot."""

_REFUSALS = (
    exceptions.ResponseError,
    exceptions.BusyLoadingError,
    exceptions.AuthenticationError,
    exceptions.AuthorizationError,
)

_FULL = "max number of clients reached"


def translated(error: Exception, name: str, prefix: str) -> LightjobsError:
    """The error of ours for one of redis-py's; `name` is the engine's."""
    if isinstance(error, exceptions.ClusterCrossSlotError):
        return SettingsError(
            f"REDIS_JOB_PREFIX is {prefix!r}; on a Redis Cluster it needs a hash tag, "
            "which keeps all jobs on one node: {jobs}: for example"
        )
    if isinstance(error, LOGIN_REFUSED):
        return LoginRefused(f"{name}: {_login_text(error)}")
    if isinstance(error, exceptions.OutOfMemoryError):
        return StoreUnavailable(f"{name} is full: {error}")
    return StoreUnavailable(f"{name}: {error}")


def translated_push(error: Exception, sent: bool) -> StoreUnavailable:
    """The error of ours for one that a push met. `sent` tells whether the whole command had been
    sent: only then may the jobs have been stored."""
    if sent and not _is_reply(error):
        return ConnectionLost(str(error))
    if isinstance(error, LOGIN_REFUSED):
        return LoginRefused(_login_text(error))
    if _may_pass(error):
        return StoreUnavailable(str(error))
    full = "the server is full: " if isinstance(error, exceptions.OutOfMemoryError) else ""
    return Refused(f"{full}{error}")


def _login_text(error: Exception) -> str:
    reason = str(error).rstrip(".")
    return f"authentication failed: {reason}; check REDIS_USERNAME and REDIS_PASSWORD"


def _is_reply(error: Exception) -> bool:
    """Whether the server sent it. redis-py raises some refusals as errors of the connection."""
    return isinstance(error, _REFUSALS) or str(error) == _FULL


def _may_pass(error: Exception) -> bool:
    text = str(error)
    if isinstance(error, _PASSING) or text == _FULL or text.startswith(_PASSING_CODES):
        return True
    return isinstance(error, (*AWAY, OSError)) and not _is_reply(error)


def is_forbidden(error: BaseException | None) -> bool:
    """Whether a reply says that this user may not use a command, or that the server does not have
    it: administrators rename commands that take long, such as SCAN."""
    if isinstance(error, exceptions.NoPermissionError):
        return True
    return isinstance(error, exceptions.ResponseError) and "unknown command" in str(error).lower()
