"""What a provider says about itself: discovery document and signing keys, fetched sparingly and believed narrowly."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import requests
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key

from portal.auth.errors import SignInRefused
from portal.auth.providers import Provider, safe_address

TIMEOUT = (3.05, 5)  # seconds to connect, to read
LARGEST = 256 * 1024  # bytes of a discovery document or key set
KEEP = 3600.0  # seconds for which what was fetched is used again
REFETCH = 30.0  # seconds between two fetches made because a key id was unknown
REST = 5.0  # seconds without asking a provider again that has just failed: its sign-out calls are open to anyone
T = TypeVar("T")
KINDS = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}


@dataclass(frozen=True, slots=True)
class Metadata:
    """The part of OpenID Connect Discovery 1.0 section 3 that we use."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str | None
    names_itself: bool  # it answers with `iss` (RFC 9207), so an answer without it is refused


class ProviderMetadata:
    """Metadata and keys of one provider, cached for an hour; safe to share between threads."""

    def __init__(self, provider: Provider, demo: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._provider = provider
        self._demo = demo
        self._clock = clock
        self._lock = threading.Lock()
        self._metadata: tuple[float, Metadata] | None = None
        self._keys: tuple[float, list[Key]] | None = None
        self._failure: tuple[float, str] | None = None

    def metadata(self) -> Metadata:
        """The provider's metadata. Raises `SignInRefused` if it does not answer or is not the configured issuer."""
        with self._lock:
            if self._metadata is None or self._clock() - self._metadata[0] > KEEP:
                address = self._provider.issuer.rstrip("/") + "/.well-known/openid-configuration"
                self._metadata = self._clock(), self._get(address, self._read)
            return self._metadata[1]

    def key(self, kid: str | None, algorithm: str) -> Key:
        """The public key for a token header. An unknown key id causes one refetch, at most every thirty seconds.

        Raises `SignInRefused` when there is no such key, or no key id where there are several keys.
        """
        address = self.metadata().jwks_uri
        with self._lock:
            now = self._clock()
            if self._keys is None or now - self._keys[0] > KEEP:
                self._keys = now, self._get(address, self._read_keys)
            found = _select(self._keys[1], kid, algorithm)
            if found is None and now - self._keys[0] > REFETCH:
                self._keys = now, self._get(address, self._read_keys)
                found = _select(self._keys[1], kid, algorithm)
        if found is None:
            raise SignInRefused("token-wrong")
        return found

    def _get(self, address: str, read: Callable[[dict[str, Any]], T]) -> T:
        if self._failure is not None and self._clock() - self._failure[0] < REST:
            raise SignInRefused(self._failure[1])
        try:
            found = read(_fetch(address))
        except SignInRefused as refused:
            self._failure = self._clock(), refused.reason
            raise
        self._failure = None
        return found

    def _read(self, document: dict[str, Any]) -> Metadata:
        # Discovery 1.0 section 4.3: the issuer must be exactly the configured one
        if document.get("issuer") != self._provider.issuer:
            raise SignInRefused("provider-untrusted")
        ends = document.get("end_session_endpoint")
        return Metadata(
            issuer=self._provider.issuer,
            authorization_endpoint=self._endpoint(document, "authorization_endpoint"),
            token_endpoint=self._endpoint(document, "token_endpoint"),
            jwks_uri=self._endpoint(document, "jwks_uri"),
            end_session_endpoint=None if ends is None else self._endpoint(document, "end_session_endpoint"),
            names_itself=document.get("authorization_response_iss_parameter_supported") is True,
        )

    def _endpoint(self, document: dict[str, Any], name: str) -> str:
        value = document.get(name)
        if not isinstance(value, str) or not safe_address(value, self._demo):
            raise SignInRefused("provider-untrusted")
        return value

    @staticmethod
    def _read_keys(document: dict[str, Any]) -> list[Key]:
        listed, keys = document.get("keys"), []
        for entry in listed if isinstance(listed, list) else ():
            try:
                if entry.get("use", "sig") == "sig" and entry["kty"] != "oct":
                    keys.append(JWKRegistry.import_key(entry))
            except (JoseError, AttributeError, KeyError, TypeError, ValueError):
                continue  # RFC 7517 section 5: a key that is not understood is ignored
        return keys


def _select(keys: list[Key], kid: str | None, algorithm: str) -> Key | None:
    fitting = [k for k in keys if k.key_type == KINDS[algorithm[:2]] and k.alg in (None, algorithm)]
    if kid is None:
        return fitting[0] if len(fitting) == 1 else None
    return next((k for k in fitting if k.kid == kid), None)


def _fetch(address: str) -> dict[str, Any]:
    body = b""
    try:
        # no redirects: what we call is what was configured
        with requests.get(address, timeout=TIMEOUT, allow_redirects=False, stream=True) as answer:
            if answer.status_code == 200:
                for chunk in answer.iter_content(16 * 1024):
                    body += chunk
                    if len(body) > LARGEST:
                        break
    except (requests.RequestException, OSError):
        raise SignInRefused("provider-unreachable") from None
    if not body or len(body) > LARGEST:
        raise SignInRefused("provider-unreachable")
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise SignInRefused("provider-untrusted")
    return document
