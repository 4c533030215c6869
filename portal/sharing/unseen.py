"""Of what criteria look at, what may be withheld from a reader. It tells of the reader, never of what is stored."""

from collections.abc import Mapping

from portal.sharing.sight import READ, Sight

CRIME, COHORT, SCORE = "crime", "cohort", "score"
TOLD_BY: Mapping[str, tuple[tuple[tuple[str, ...], ...], ...]] = {
    CRIME: ((("case.priority_crime",),), (("referral.priority_crime",),)),
    COHORT: ((("case.cohort",),),),
    SCORE: (
        (
            ("score.predictor", "score.value", "score.assessed_on"),
            ("score_band.predictor", "score_band.band", "score_band.assessed_on"),
        ),
    ),
}
"""By what a criterion asks: each record that could tell it, by one or the other of some sets of fields, read whole."""
TELLS = {key: asked for asked, records in TOLD_BY.items() for either in records for keys in either for key in keys}
"""By field, what it tells of."""


def unseen(sight: Sight) -> frozenset[str]:
    """What of `TOLD_BY` some owner's record could tell that this sight may not read, under whichever label of age.

    Asked of the agreement and the reader alone, silent categories as any other, and never of what is stored: who may
    not read what somebody could have recorded is told the same whether or not they did (clause 8.50).
    """
    return sight.once(_unseen)


def _unseen(sight: Sight) -> frozenset[str]:
    return frozenset(
        asked for asked, records in TOLD_BY.items() if not all(_whole(sight, either) for either in records)
    )


def _whole(sight: Sight, either: tuple[tuple[str, ...], ...]) -> bool:
    """Whether every owner's record of this sort is read, young or grown, by one of these sets of fields."""
    owners = {owner for fields in either for key in fields for owner in sight.agreement.fields[key].owners}
    return all(
        any(all(sight.decide(READ, key, owner, young).permit for key in fields) for fields in either)
        for owner in owners
        for young in (False, True, None)
    )
