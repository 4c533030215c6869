"""Whom to ask, in the words of the agreement."""

from portal import gate

NOBODY_YET = "Ask the administrator of your organisation."


def whom() -> str:
    """A sentence saying whom this person asks. It depends on their own party alone, never on what was asked for."""
    state = gate.state()
    party = "" if state is None else state.actor.party if state.actor else state.home_party
    agreements = gate.doors().book.of_party(party)
    return agreements[0].parties[party].contact if agreements else NOBODY_YET
