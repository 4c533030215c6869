"""Why a sign-in, a capacity or a sign-out signal is refused. Reasons are a closed vocabulary; none carries a claim."""

from portal.errors import PortalError

AGAIN = "Go back and sign in again."
ADMIN = "Ask the administrator of your organisation."

REASONS = {
    "provider-unknown": f"This portal does not know that organisation. {ADMIN}",
    "provider-unreachable": "Your organisation's sign-in does not answer. Try again in a few minutes.",
    "provider-untrusted": f"Your organisation's sign-in is not set up as agreed, so it was not used. {ADMIN}",
    "provider-refused": f"Your organisation did not complete the sign-in. {AGAIN}",
    "state-unknown": f"This sign-in was already used or took longer than ten minutes. {AGAIN}",
    "other-browser": f"This sign-in was started in another browser or window. {AGAIN}",
    "mixed-up": f"The answer came from another organisation than the one you chose. {AGAIN}",
    "token-missing": f"Your organisation's answer was incomplete. {AGAIN}",
    "token-wrong": f"Your organisation's answer could not be verified. {AGAIN}",
    "token-old": f"Your organisation's answer was out of date. {AGAIN}",
    "step-up-missing": "Your organisation did not confirm that it was you just now. Try again.",
    "step-up-unsupported": f"Your organisation cannot confirm that it is you, which this needs. {ADMIN}",
    "someone-else": "Someone else confirmed who they are. Sign out, then sign in as yourself.",
    "no-party": f"Your account does not belong to an organisation that signed the agreement. {ADMIN}",
    "two-parties": f"Your account matches two organisations, so neither was chosen. {ADMIN}",
    "account-ended": f"Your account here has ended. {ADMIN}",
}


class SignInRefused(PortalError):
    """A sign-in or step-up that did not succeed. `reason` is a key of `REASONS`; `words` tell the person what to do."""

    def __init__(self, reason: str, reference: str | None = None) -> None:
        self.words = REASONS[reason]
        super().__init__(f"sign-in refused: {reason}")
        self.reason = reason
        self.reference = reference


class CapacityRefused(PortalError):
    """A capacity that cannot be granted, ended or chosen. `words` say why, for the form."""

    def __init__(self, words: str) -> None:
        super().__init__("capacity refused")
        self.words = words


class LogoutRefused(PortalError):
    """A sign-out signal from a provider that does not verify (OpenID Connect Back-Channel Logout 1.0 section 2.8)."""
