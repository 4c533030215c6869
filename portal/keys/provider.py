"""What a key provider promises. One file a provider; `test_provider_contract.py` holds each to this."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class State(StrEnum):
    """The life of a root key's version, in order; a version never goes back."""

    PENDING = "pending"
    """Made and durable, not yet used."""
    ACTIVE = "active"
    """Wraps and unwraps; exactly one version of a root is active."""
    DECRYPT_ONLY = "decrypt-only"
    """Unwraps what is still wrapped under it, wraps nothing new."""
    RETIRED = "retired"
    """Nothing is wrapped under it any more; it does nothing."""
    DESTROYED = "destroyed"
    """Its key is gone."""


@dataclass(frozen=True)
class Version:
    """One version of a root: its name, state, and when it was made (microseconds UTC)."""

    version: str
    state: State
    created: int


@dataclass(frozen=True)
class Receipt:
    """What a provider says when it has destroyed a version.

    `commitment` names the key without telling it; `at` is microseconds UTC; `statement` says in words what was
    done and what that does not prove.
    """

    provider: str
    root: str
    version: str
    commitment: bytes
    at: int
    statement: str


class KeyProvider(Protocol):
    """Holds one root key and wraps other keys under it. The root key itself never leaves.

    Every method raises `KeysUnavailable` when the provider does not answer.
    """

    @property
    def root(self) -> str:
        """Name of the root, such as "records"; bound into everything wrapped under it."""
        ...

    def wrap(self, key: bytes, aad: bytes) -> bytes:
        """The key, wrapped under the active version for exactly this associated data; differs every time."""
        ...

    def unwrap(self, blob: bytes, aad: bytes) -> bytes:
        """The key again. Raises `SealBroken` for changed bytes, other data, an unknown or retired version."""
        ...

    def prefix(self, version: str | None = None) -> bytes:
        """First bytes of everything wrapped under a version (default: the active one) and of nothing else.

        Lets a database count what is left to rewrap without opening anything.
        """
        ...

    def rotate(self) -> str:
        """Make a new version active and the old one decrypt-only; returns the new version's name."""
        ...

    def retire(self, version: str) -> None:
        """Take a decrypt-only version out of use. Raises `Misconfigured` from another state.

        The caller has made sure that nothing is wrapped under it (see `rotation.rotate_root`).
        """
        ...

    def destroy(self, version: str) -> Receipt:
        """Destroy a retired version's key. Raises `Misconfigured` from another state."""
        ...

    def state(self) -> Sequence[Version]:
        """Every version there has been, oldest first."""
        ...
