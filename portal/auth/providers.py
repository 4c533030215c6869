"""Which identity providers there are, what each can do, and which party each of their users belongs to.

One issuer may serve several parties and a party may have several issuers. The file is checked whole when it is
loaded; at sign-in anything that matches no rule, or rules of two parties, is refused.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from portal.auth.errors import SignInRefused
from portal.config import read_toml
from portal.errors import Misconfigured

Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA", "Ed25519"]
StepUp = Literal["acr", "acrs", "max_age", "none"]
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Provider(_Strict):
    """One OpenID Connect provider: how we are known there, and what it has been shown to support."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")
    name: str = Field(min_length=1)
    """The organisation as people choose it on the sign-in page."""
    issuer: str
    """Exactly as in the provider's discovery document and tokens."""
    client_id: str = Field(min_length=1)
    secret_file: str | None = None
    """File beside the providers file that holds the client secret."""
    private_key_file: str | None = None
    """PEM file beside the providers file: we authenticate by private_key_jwt instead of a secret."""
    private_key_id: str | None = None
    private_key_algorithm: Algorithm = "RS256"
    scopes: list[str] = ["openid", "profile", "email"]
    algorithms: list[Algorithm] = Field(default=["RS256"], min_length=1)
    """Signatures accepted on this provider's tokens, whatever its own metadata say."""
    back_channel_logout: bool = False
    front_channel_logout: bool = False
    step_up: StepUp = "none"
    """How it proves a fresh sign-in: acr (OIDC), acrs (Entra authentication context), max_age (auth_time alone)."""
    step_up_value: str | None = None
    max_auth_age_minutes: int | None = Field(default=None, ge=1)
    """At sign-in, refuse a session at the provider older than this."""
    session_hours: int | None = Field(default=None, ge=1)
    """A shorter absolute limit, for a provider that cannot tell us of a sign-out."""
    verified_claim: str = "email_verified"
    """The claim that must be true before an e-mail domain counts (Entra: xms_edov)."""
    capacity_claim: str | None = None
    """A claim that lists roles; it suggests capacities to the party's administrator and grants none."""

    @model_validator(mode="after")
    def _consistent(self) -> "Provider":
        if (self.secret_file is None) == (self.private_key_file is None):
            raise ValueError("name either secret_file or private_key_file")
        if self.step_up in ("acr", "acrs") and not self.step_up_value:
            raise ValueError(f"step_up = {self.step_up!r} needs step_up_value")
        if "openid" not in self.scopes:
            raise ValueError("scopes must include openid")
        parts = urlsplit(self.issuer)
        if parts.scheme not in ("https", "http") or not parts.netloc or parts.query or parts.fragment:
            raise ValueError("issuer must be an https address without query or fragment")
        return self


class PartyRule(_Strict):
    """Users of `provider` whose `claim` fits belong to party `id`. Exactly one of the three tests is given."""

    id: str
    provider: str
    claim: str = "iss"
    equals: str | None = None
    contains: str | None = None
    """The claim is a list (groups) and this is one of its entries."""
    email_domain: str | None = Field(default=None, pattern=r"^[a-z0-9.-]+\.[a-z]+$")
    """The claim is an e-mail address in this domain, and the provider says that it verified it."""

    @model_validator(mode="after")
    def _one_test(self) -> "PartyRule":
        if sum(test is not None for test in (self.equals, self.contains, self.email_domain)) != 1:
            raise ValueError("give exactly one of equals, contains, email_domain")
        return self

    def fits(self, claims: Mapping[str, Any], verified_claim: str) -> bool:
        """Whether verified claims meet this rule. A missing claim or one of another type never does."""
        value = claims.get(self.claim)
        if self.equals is not None:
            return isinstance(value, str) and value == self.equals
        if self.contains is not None:
            return isinstance(value, list) and self.contains in value
        verified = claims.get(verified_claim)
        if verified is not True and verified not in ("true", "1", 1):
            return False
        return isinstance(value, str) and value.count("@") == 1 and value.lower().endswith(f"@{self.email_domain}")


class _File(_Strict):
    format: Literal[1]
    provider: list[Provider]
    party: list[PartyRule]


class Catalogue:
    """All providers and party rules of this installation."""

    def __init__(self, providers: Iterable[Provider], rules: Iterable[PartyRule], folder: Path) -> None:
        self.providers = {provider.id: provider for provider in providers}
        self.rules = tuple(rules)
        self.folder = folder

    def provider(self, provider_id: str) -> Provider:
        """The provider of that id. Raises `SignInRefused`."""
        try:
            return self.providers[provider_id]
        except KeyError:
            raise SignInRefused("provider-unknown") from None

    def party(self, provider: Provider, claims: Mapping[str, Any]) -> str:
        """The one party that verified claims belong to. Raises `SignInRefused` for none and for two."""
        rules = (rule for rule in self.rules if rule.provider == provider.id)
        found = {rule.id for rule in rules if rule.fits(claims, provider.verified_claim)}
        if len(found) != 1:
            raise SignInRefused("two-parties" if found else "no-party")
        return found.pop()

    def suggested_roles(self, provider: Provider, claims: Mapping[str, Any]) -> tuple[str, ...]:
        """Roles that the provider's claim suggests. They grant nothing by themselves."""
        value = claims.get(provider.capacity_claim) if provider.capacity_claim else None
        return tuple(entry for entry in value if isinstance(entry, str)) if isinstance(value, list) else ()

    def credential(self, provider: Provider) -> str:
        """The client secret or private key (PEM) of a provider, read from its file."""
        name = provider.secret_file or provider.private_key_file
        assert name is not None
        return (self.folder / name).read_text("utf-8").strip()


def load_catalogue(path: Path, parties: frozenset[str] | None = None, demo: bool = False) -> Catalogue:
    """Read the providers file. Raises `Misconfigured` naming everything that is wrong at once.

    `parties` are those the agreements know, if given; `demo` allows http on loopback (the demo provider and tests).
    """
    try:
        file = _File.model_validate(read_toml(path))
    except ValidationError as error:
        lines = [f"{_where(e['loc'])}: {e['msg']}" for e in error.errors(include_input=False, include_url=False)]
        raise Misconfigured(f"{path.name}: " + "; ".join(lines)) from None
    catalogue = Catalogue(file.provider, file.party, path.parent)
    problems = [*_problems(file, parties), *_unsafe(catalogue, demo)]
    if problems:
        raise Misconfigured(f"{path.name}: " + "; ".join(problems))
    return catalogue


def _where(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location)


def _problems(file: _File, parties: frozenset[str] | None) -> list[str]:
    problems = []
    for kind, values in (("id", [p.id for p in file.provider]), ("issuer", [p.issuer for p in file.provider])):
        problems += [f"provider {kind} {value} is given twice" for value, n in Counter(values).items() if n > 1]
    known = {provider.id for provider in file.provider}
    for n, rule in enumerate(file.party):
        if rule.provider not in known:
            problems.append(f"party.{n}: provider {rule.provider} is not declared")
        if parties is not None and rule.id not in parties:
            problems.append(f"party.{n}: no agreement knows a party {rule.id}")
    served = {rule.provider for rule in file.party}
    problems += [f"provider {id}: no party rule, so nobody could sign in" for id in sorted(known - served)]
    return problems


def _unsafe(catalogue: Catalogue, demo: bool) -> list[str]:
    problems = []
    for provider in catalogue.providers.values():
        if not safe_address(provider.issuer, demo):
            problems.append(f"provider {provider.id}: issuer must begin with https://")
        name = provider.secret_file or provider.private_key_file
        try:
            mode = (catalogue.folder / str(name)).stat().st_mode & 0o077
            if mode:
                problems.append(f"provider {provider.id}: {name} can be read by others; set its mode to 0600")
            elif not catalogue.credential(provider):
                problems.append(f"provider {provider.id}: {name} is empty")
        except (OSError, UnicodeDecodeError):
            problems.append(f"provider {provider.id}: cannot read {name}")
    return problems


def safe_address(address: str, demo: bool) -> bool:
    """Whether an address may be called or redirected to: https, or http on loopback where `demo` allows it."""
    parts = urlsplit(address)
    if parts.username or parts.password or not parts.hostname:
        return False
    return parts.scheme == "https" or (demo and parts.scheme == "http" and parts.hostname in LOOPBACK)
