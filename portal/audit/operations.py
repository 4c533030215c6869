"""The closed vocabulary of the access log: what can be done, and how it can end.

DPA 2018 s.62(1) names collection, alteration, consultation, disclosure, combination and erasure; the rest is what a
data-protection officer needs beside them. A refusal is an outcome, not an operation: the entry says what was tried.
"""

from collections.abc import Mapping
from typing import Final

STATUTORY: Final = frozenset({"collection", "alteration", "consultation", "disclosure", "combination", "erasure"})
"""The operations that DPA 2018 s.62(1) names."""

OPERATIONS: Final[Mapping[str, str]] = {
    "collection": "Entered something new about a person.",
    "alteration": "Changed or corrected something about a person.",
    "consultation": "Looked at what is held about a person.",
    "disclosure": "Gave something about a person to someone else.",
    "combination": "Linked or parted what is held about persons.",
    "erasure": "Erased something about a person.",
    "search": "Searched for a person.",
    "list": "Looked at a list of persons.",
    "export": "Took data out as a file.",
    "print": "Opened a page made for printing.",
    "import": "Brought in a file from an agency.",
    "notified": "Was told by e-mail that something waits for them.",
    "purpose-chosen": "Said what the visit to a case is for.",
    "meeting-arranged": "Arranged a meeting: its day, its cases, who attends.",
    "meeting-opened": "Opened a meeting.",
    "meeting-closed": "Closed a meeting.",
    "criteria-changed": "Changed the criteria for selection of a borough.",
    "contract-recorded": "Recorded a contract of a party that acts for theirs.",
    "contract-ended": "Ended a contract of a party that acts for theirs.",
    "emergency-access": "Opened a case in an emergency.",
    "emergency-reviewed": "Reviewed an emergency access.",
    "open-failed": "A sealed value could not be opened and was not shown.",
    "sign-in": "Signed in.",
    "sign-in-failed": "Tried to sign in and failed.",
    "sign-out": "Signed out.",
    "session-ended": "A session was ended by someone or by a time limit.",
    "step-up": "Proved their identity afresh.",
    "capacity-chosen": "Chose the capacity to act in.",
    "capacity-granted": "Was given a capacity, or gave one.",
    "capacity-ended": "A capacity was ended.",
    "account-ended": "Ended the account of someone who left.",
    "agreement-signed": "Signed an agreement.",
    "agreement-in-force": "An agreement came into force.",
    "agreement-suspended": "An agreement was suspended.",
    "key-rotated": "Replaced a key.",
    "key-destroyed": "Destroyed a key.",
    "log-read": "Read the access log.",
    "log-verified": "Verified the access log.",
    "details-held": "Had details of the log kept beyond their period.",
    "details-released": "Ended the keeping of details of the log beyond their period.",
    "details-erased": "Erased details of the log at the end of their period.",
    "origin-begun": "Began a new origin of the access log after a break.",
    "log-closed": "A writer of the access log ended in good order.",
}
"""Name of an operation → the sentence that tells what the actor did."""

OUTCOMES: Final[Mapping[str, str]] = {
    "permitted": "It was done.",
    "refused": "The agreement, or a rule of the portal, refused it.",
    "failed": "It was permitted and did not succeed.",
}
"""How an operation ended → the sentence for it."""
