"""What the agreement says of one's own party: whom to ask, of which kind it is."""

from portal import gate

NOBODY_YET = "Ask the administrator of your organisation."


def whom() -> str:
    """A sentence saying whom this person asks. It depends on their own party alone, never on what was asked for."""
    state = gate.state()
    party = "" if state is None else state.actor.party if state.actor else state.home_party
    agreements = gate.doors().book.of_party(party)
    return agreements[0].parties[party].contact if agreements else NOBODY_YET


def party_kind() -> str:
    """The kind of the party this person acts for ("police", "housing"), "" where no agreement in force knows it."""
    party = gate.actor().party
    return next((a.parties[party].kind for a in gate.doors().book.of_party(party)), "")
