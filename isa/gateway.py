"""A legal power to disclose: from whom it reaches to whom, and what it excludes. Standard library only."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gateway:
    """A legal power to disclose, from an owner to a recipient, with its exclusions. None means "no such limit"."""

    id: str
    cite: str
    text: str
    owners: frozenset[str] | None = None
    to: frozenset[str] | None = None
    not_owners: frozenset[str] = frozenset()
    not_to: frozenset[str] = frozenset()
    not_pair: frozenset[tuple[str, str]] = frozenset()
    between: frozenset[str] | None = None
    not_category: frozenset[str] = frozenset()
    needs: tuple[str, ...] = ()
    listed: frozenset[str] | None = None
    anchor: frozenset[str] | None = None
    note: str = ""

    def fits(self, owner: str, recipient: str, category: str) -> bool:
        """Whether this power reaches from `owner` to `recipient` for data of `category`, its `needs` apart."""
        if self.owners is not None and owner not in self.owners:
            return False
        if self.to is not None and recipient not in self.to:
            return False
        if owner in self.not_owners or recipient in self.not_to or (owner, recipient) in self.not_pair:
            return False
        if self.between is not None and not {owner, recipient} <= self.between:
            return False
        if category in self.not_category:
            return False
        return self._anchored(owner, recipient)

    def _anchored(self, owner: str, recipient: str) -> bool:
        """OMA 2007 s.14: one side is the anchor, the other a listed person; never listed to listed."""
        if self.anchor is None and self.listed is None:
            return True
        anchor, listed = self.anchor or frozenset(), self.listed or frozenset()
        return (owner in anchor and recipient in listed) or (owner in listed and recipient in anchor)
