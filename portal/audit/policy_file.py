"""The portal's own policy file: read at start, and refused rather than half understood."""

from pathlib import Path

from portal.audit.asking import address_problem
from portal.audit.note import Verifier
from portal.audit.policy import Policy, PolicyInvalid
from portal.errors import Misconfigured

NAMED = "PORTAL_WITNESS_POLICY"
LONGEST_NAME = 200


def load(path: str) -> Policy | None:
    """The policy in the file at `path`, None for "". Raises `Misconfigured` for what cannot be used."""
    if not path:
        return None
    file = Path(path)
    try:
        policy = Policy.parse(file.read_bytes())
    except OSError as error:
        raise Misconfigured(f"{NAMED}: cannot read {file.name}") from error
    except PolicyInvalid as error:
        raise Misconfigured(f"{NAMED}: {file.name}, {error}") from error
    for witness in policy.witnesses.values():
        problem = address_problem(witness.url)
        if len(witness.key.name) > LONGEST_NAME:
            problem = f"its key's name is longer than {LONGEST_NAME} characters"
        if problem is not None:
            raise Misconfigured(f"{NAMED}: {file.name}, witness {witness.label}: {problem}")
    return policy


def require_log(policy: Policy, *keys: Verifier) -> None:
    """Raise `Misconfigured` where the policy names logs, and none with one of our keys (the newest last) is there."""
    if policy.logs and not {log.key for log in policy.logs}.intersection(keys):
        raise Misconfigured(f"{NAMED}: the policy is for another log; ours is: log {keys[-1]}")
