"""Whom the demonstration provider knows: invented staff, and the one portal that may ask it."""

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Member:
    """One invented member of staff of one party. `roles` are suggested as a claim, `described` is for the page."""

    subject: str
    name: str
    party: str
    email: str
    roles: tuple[str, ...]
    described: str


@dataclass(frozen=True, slots=True)
class Client:
    """The demonstration portal as the provider's only client. `portal` is its base address."""

    client_id: str
    secret: str = field(repr=False)
    portal: str

    def callback(self, party: str) -> str:
        """Where answers go."""
        return f"{self.portal}/sign-in/{party}/callback"

    def back_channel(self, party: str) -> str:
        """Where sign-out signals go."""
        return f"{self.portal}/sign-in/{party}/back-channel"

    @property
    def signed_out(self) -> str:
        """Where the browser goes after signing out."""
        return f"{self.portal}/signed-out"


class Directory:
    """The members of each party, in the order given, and the names of the parties."""

    def __init__(self, members: Iterable[Member], names: dict[str, str]) -> None:
        self.names = names
        self._members = {(member.party, member.subject): member for member in members}

    def of_party(self, party: str) -> list[Member]:
        """Everyone of one party."""
        return [member for member in self._members.values() if member.party == party]

    def find(self, party: str, subject: str) -> Member | None:
        """One member of one party."""
        return self._members.get((party, subject))
