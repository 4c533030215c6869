"""Authorization code flow with PKCE, by Authlib; every check that the library leaves out is made here or in `tokens`.

The browser holds a random secret (the pre-session cookie). State is random; nonce and PKCE verifier are derived from
the secret and the state, so neither the database nor the provider's logs hold what completes a sign-in elsewhere.
"""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT

from portal.auth.errors import SignInRefused
from portal.auth.metadata import TIMEOUT, Metadata, ProviderMetadata
from portal.auth.providers import Catalogue, Provider
from portal.auth.tokens import LEEWAY, Expected, id_token_claims, seconds


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the provider says has signed in. Lives only until the session is made; never logged, never stored."""

    provider: str
    issuer: str
    party: str
    subject: str = field(repr=False)
    sid: str | None = field(repr=False)
    auth_time: int | None  # seconds
    display_name: str = field(repr=False)
    email: str = field(repr=False)
    suggested_roles: tuple[str, ...]
    id_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One sign-in or step-up under way, seen from the browser that began it."""

    state: str = field(repr=False)
    browser: str = field(repr=False)
    step_up: bool
    started: float  # seconds

    @property
    def nonce(self) -> str:
        """Ties the ID token to this browser and this attempt (OIDC Core section 15.5.2)."""
        return self._derive("nonce")

    @property
    def verifier(self) -> str:
        """The PKCE code verifier: 43 characters (RFC 7636 section 4.1)."""
        return self._derive("verifier")

    def _derive(self, label: str) -> str:
        mac = hmac.digest(self.browser.encode(), f"{label}\0{self.state}".encode(), hashlib.sha256)
        return urlsafe_b64encode(mac).rstrip(b"=").decode()


class RelyingParty:
    """The portal as a client of every configured provider. Built once; safe to share between threads.

    `redirect_uri` gives our callback address for a provider id: one address a provider, because not every provider
    names itself in its answer (RFC 9700 section 4.4.2.2).
    """

    def __init__(self, catalogue: Catalogue, redirect_uri: Callable[[str], str], demo: bool = False) -> None:
        self.catalogue = catalogue
        self._redirect_uri = redirect_uri
        self._metadata = {id: ProviderMetadata(provider, demo) for id, provider in catalogue.providers.items()}

    def authorization_url(self, provider: Provider, attempt: Attempt) -> str:
        """Where to send the browser. Raises `SignInRefused`."""
        metadata = self.metadata(provider)
        with self._client(provider, metadata) as client:
            url, _ = client.create_authorization_url(
                metadata.authorization_endpoint,
                state=attempt.state,
                nonce=attempt.nonce,
                code_verifier=attempt.verifier,
                **_asking(provider, attempt.step_up),
            )
        return str(url)

    def complete(self, provider: Provider, attempt: Attempt, answer: Mapping[str, str], now: float) -> Identity:
        """Exchange the code of an answer and verify everything. `now` in seconds. Raises `SignInRefused`."""
        metadata = self.metadata(provider)
        code = _code(metadata, answer)
        token = self._exchange(provider, metadata, attempt, code)
        claims = id_token_claims(token, self.expected(provider), self.keys(provider), attempt.nonce, now)
        auth_time = seconds(claims.get("auth_time"))
        _fresh(provider, attempt, auth_time, now)
        if attempt.step_up:
            _stepped_up(provider, claims)
        sid = claims.get("sid")
        if (provider.back_channel_logout or provider.front_channel_logout) and not (isinstance(sid, str) and sid):
            raise SignInRefused("token-wrong")  # it promised a sign-out signal, and could not keep it
        return Identity(
            provider=provider.id,
            issuer=provider.issuer,
            party=self.catalogue.party(provider, claims),
            subject=claims["sub"],
            sid=sid if isinstance(sid, str) else None,
            auth_time=None if auth_time is None else int(auth_time),
            display_name=_words(claims.get("name") or claims.get("preferred_username")),
            email=_words(claims.get("email")),
            suggested_roles=self.catalogue.suggested_roles(provider, claims),
            id_token=str(token),
        )

    def metadata(self, provider: Provider) -> Metadata:
        """The provider's discovery document, checked. Raises `SignInRefused`."""
        return self._metadata[provider.id].metadata()

    def keys(self, provider: Provider) -> ProviderMetadata:
        """Where the provider's signing keys come from."""
        return self._metadata[provider.id]

    def expected(self, provider: Provider) -> Expected:
        """What every token of this provider must say."""
        return Expected(provider.issuer, provider.client_id, tuple(provider.algorithms))

    def sign_out_url(self, provider: Provider, id_token: str | None, back_to: str) -> str | None:
        """RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0), or None where the provider has none."""
        try:
            address = self.metadata(provider).end_session_endpoint
        except SignInRefused:
            return None  # signing out here must work while the provider is down
        if address is None:
            return None
        asked = {"client_id": provider.client_id, "post_logout_redirect_uri": back_to}
        if id_token is not None:
            asked["id_token_hint"] = id_token
        return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}"

    def _exchange(self, provider: Provider, metadata: Metadata, attempt: Attempt, code: str) -> object:
        try:
            with self._client(provider, metadata) as client:
                token = client.fetch_token(
                    metadata.token_endpoint,
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=attempt.verifier,
                    redirect_uri=self._redirect_uri(provider.id),
                    timeout=TIMEOUT,
                    allow_redirects=False,
                )
        except AuthlibBaseError:
            raise SignInRefused("provider-refused") from None
        except (requests.RequestException, OSError, ValueError):
            raise SignInRefused("provider-unreachable") from None
        return token.get("id_token")

    def _client(self, provider: Provider, metadata: Metadata) -> Any:
        by_key = provider.private_key_file is not None
        client = OAuth2Session(
            provider.client_id,
            self.catalogue.credential(provider),
            token_endpoint_auth_method="private_key_jwt" if by_key else "client_secret_basic",
            scope=" ".join(provider.scopes),
            redirect_uri=self._redirect_uri(provider.id),
            code_challenge_method="S256",
        )
        if by_key:
            headers = {"kid": provider.private_key_id} if provider.private_key_id else {}
            client.register_client_auth_method(
                PrivateKeyJWT(metadata.token_endpoint, headers=headers, alg=provider.private_key_algorithm)
            )
        return client


def _asking(provider: Provider, step_up: bool) -> dict[str, str]:
    if not step_up:
        return {"max_age": str(provider.max_auth_age_minutes * 60)} if provider.max_auth_age_minutes else {}
    match provider.step_up:
        case "acr":
            return {"prompt": "login", "acr_values": str(provider.step_up_value)}
        case "acrs":
            claims = {"id_token": {"acrs": {"essential": True, "value": provider.step_up_value}}}
            return {"prompt": "login", "claims": json.dumps(claims)}
        case "max_age":
            return {"prompt": "login", "max_age": "0"}
        case _:
            raise SignInRefused("step-up-unsupported")


def _code(metadata: Metadata, answer: Mapping[str, str]) -> str:
    issuer = answer.get("iss")
    if (issuer is None and metadata.names_itself) or issuer not in (None, metadata.issuer):
        raise SignInRefused("mixed-up")  # RFC 9207 section 2.4
    if "error" in answer:
        raise SignInRefused("provider-refused")
    code = answer.get("code", "")
    if not 0 < len(code) <= 4096:
        raise SignInRefused("token-missing")
    return code


def _fresh(provider: Provider, attempt: Attempt, auth_time: float | None, now: float) -> None:
    if auth_time is not None and auth_time > now + LEEWAY:
        raise SignInRefused("token-old")
    if attempt.step_up:
        if auth_time is None or auth_time < attempt.started - LEEWAY:
            raise SignInRefused("step-up-missing")
    elif provider.max_auth_age_minutes and (auth_time is None or auth_time < now - _longest(provider)):
        raise SignInRefused("token-old")


def _longest(provider: Provider) -> float:
    return (provider.max_auth_age_minutes or 0) * 60 + LEEWAY


def _stepped_up(provider: Provider, claims: Mapping[str, Any]) -> None:
    match provider.step_up:
        case "acr":
            proved = claims.get("acr") == provider.step_up_value
        case "acrs":
            given = claims.get("acrs")
            proved = given == provider.step_up_value or (isinstance(given, list) and provider.step_up_value in given)
        case "max_age":
            proved = True  # the fresh auth_time, already checked, is the proof
        case _:
            proved = False
    if not proved:
        raise SignInRefused("step-up-missing")


def _words(value: object) -> str:
    return value.strip()[:200] if isinstance(value, str) else ""
