"""Every error this house raises on purpose, drawn as a tree.

    DanghaiError
    ├── BadInput                  the person can mend it: says what and how
    │   ├── BadQuery              a question that cannot be understood
    │   ├── BadCursor             a cursor that this installation did not give
    │   └── BadPackage            a package that cannot be opened at all
    ├── NotFound                  never held, or not for this caller: the same words
    ├── NotSignedIn               a key that is not valid, or nobody where somebody is needed
    │   ├── SessionEnded          signed in once; the session's time is over, or it was ended
    │   └── SignInFailed          name and password do not go together, or the provider did not vouch
    ├── NotAllowed                the caller is known, and may not do this
    ├── TooOften                  too many requests or failed sign-ins; `retry_after` seconds
    ├── Conflict                  somebody else wrote first, or the code is taken
    │   ├── ChangedSince          somebody else wrote first: carries what stands now
    │   └── ChecksFail            a plan is not fit to be published: carries what fails
    └── NotReady                  a part is not there yet; `retry_after` seconds
        ├── IndexMismatch         the index was made with another model or lexicon
        ├── IndexMissing          no index for this audience yet
        ├── ModelMissing          a model's files are not here: `danghai models pull`
        ├── CatalogueUnavailable  the system of record does not answer
        ├── StoreAway             the files of the pages are not to be reached from here
        ├── AuditUnavailable      the audit trail cannot be written, so nothing may change
        ├── EngineAway            the search engine's cluster does not answer
        │   └── EngineRefused     it answers, and does not let us in: certificate or key
        ├── EngineChanged         another engine was moved to while this one was at work
        ├── Busy                  too many ask for the same costly thing at once
        ├── TooSlow               the time an answer may take is over
        └── ProjectorAway         no projector runs, so the indexes do not move

Foreign exceptions are mapped to these at the edge where they arise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class DanghaiError(Exception):
    """Base of the tree. `str(error)` is for people and says what to do next."""

    code = "error"
    status = 500

    def __init__(self, message: str, *, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.message} {self.advice}".strip()


class BadInput(DanghaiError):
    code = "bad-input"
    status = 400


class BadQuery(BadInput):
    code = "bad-query"


class BadCursor(BadInput):
    code = "bad-cursor"


class BadPackage(BadInput):
    code = "bad-package"


class NotFound(DanghaiError):
    code = "not-found"
    status = 404


class NotSignedIn(DanghaiError):
    code = "key-not-valid"
    status = 401


class SessionEnded(NotSignedIn):
    code = "session-ended"


class SignInFailed(NotSignedIn):
    code = "sign-in-failed"


class NotAllowed(DanghaiError):
    code = "not-allowed"
    status = 403


class TooOften(DanghaiError):
    code = "too-often"
    status = 429

    def __init__(self, message: str, retry_after: int, *, advice: str = "") -> None:
        super().__init__(message, advice=advice)
        self.retry_after = retry_after


class Conflict(DanghaiError):
    code = "conflict"
    status = 409


class ChangedSince(Conflict):
    """now: what stands there, by whom and since when, as JSON, so that both texts can be laid side by side."""

    code = "changed-since"

    def __init__(self, message: str, now: Mapping[str, Any], *, advice: str = "") -> None:
        super().__init__(message, advice=advice)
        self.now = now


class ChecksFail(Conflict):
    """failing: what keeps a plan from being published, each with its part, the check, why and what to do."""

    code = "checks-fail"
    #: Said in words; all of them are in `failing`.
    SAID = 5

    def __init__(self, failing: Sequence[Mapping[str, str]]) -> None:
        told = [
            f"{one['title'] or one['part'] or '方案'}：{one['reason'].rstrip('。')}"
            for one in failing[: self.SAID]
        ]
        more = f"……共 {len(failing)} 项" if len(failing) > self.SAID else ""
        super().__init__("；".join(told) + more + "。", advice="各项改好后再办。")
        self.failing = failing


class NotReady(DanghaiError):
    code = "not-ready"
    status = 503
    retry_after = 5


class IndexMismatch(NotReady):
    code = "index-mismatch"


class IndexMissing(NotReady):
    code = "index-missing"


class ModelMissing(NotReady):
    code = "model-missing"


class CatalogueUnavailable(NotReady):
    code = "catalogue-unavailable"


class StoreAway(NotReady):
    code = "store-away"


class AuditUnavailable(NotReady):
    code = "audit-unavailable"


class EngineAway(NotReady):
    code = "engine-away"


class EngineRefused(EngineAway):
    code = "engine-refused"


class EngineChanged(NotReady):
    code = "engine-changed"


class ProjectorAway(NotReady):
    code = "projector-away"


class Busy(NotReady):
    code = "busy"


class TooSlow(NotReady):
    code = "too-slow"
