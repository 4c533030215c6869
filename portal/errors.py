"""The few ways the portal says no. Each carries facts for the page that explains it, never personal data."""


class PortalError(Exception):
    """Base of everything the portal raises on purpose."""


class Misconfigured(PortalError):
    """The configuration is missing, contradictory or unsafe: the portal refuses to start rather than guess."""


class LogUnavailable(PortalError):
    """The access log could not make an entry durable, so nothing may be shown or changed (HTTP 503)."""


class LogStopped(LogUnavailable):
    """The access log was stopped on purpose: a witness has seen more of it, or otherwise. The text is for people."""


class SealBroken(PortalError):
    """A sealed value, key or commitment does not verify. Says which place, never what it held."""


class KeysUnavailable(PortalError):
    """The key provider does not answer; the portal shows nothing it cannot open (HTTP 503)."""


class NotFound(PortalError):
    """No such thing, or not for this person: both look the same from outside (HTTP 404)."""

    def __init__(self, reference: str | None = None) -> None:
        super().__init__("not found")
        self.reference = reference


class Refused(PortalError):
    """The agreement refuses, by capacity or purpose alone.

    `clause` is the number of the refusing (or nearly permitting) clause, `words` the sentence for the person,
    `ask` whom to ask, `reference` the entry of the access log that records the refusal.
    """

    def __init__(self, clause: str, words: str, ask: str = "", reference: str | None = None) -> None:
        super().__init__(f"refused under clause {clause}")
        self.clause = clause
        self.words = words
        self.ask = ask
        self.reference = reference


class Conflict(PortalError):
    """Someone else changed the record meanwhile. Carries the record's id and its present version (HTTP 409)."""

    def __init__(self, record: str, version: int) -> None:
        super().__init__("changed meanwhile")
        self.record = record
        self.version = version


class TooMany(PortalError):
    """More than a limit allows; the words say which and what to do (HTTP 429 or a form error)."""
