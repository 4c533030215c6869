"""Verify a bundle of the access log, or a proof, on a machine that knows nothing of the portal.

    python -m portal.audit.verify BUNDLE [--key KEY] [--policy FILE] [--checkpoint FILE]
    python -m portal.audit.verify proof FILE --key KEY
    python -m portal.audit.verify entry FILE --key KEY
    python -m portal.audit.verify consistency FILE EARLIER --key KEY

Exit 0: whole. 1: something is wrong, and named. 2: it could not be checked. Nothing is written and nothing is called.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, TextIO

from portal.audit import saying
from portal.audit.bundle import KEY, POLICY, Bundle, BundleInvalid
from portal.audit.entry import LeafInvalid, read_leaf
from portal.audit.note import LONGEST_NOTE, NoteInvalid, Verifier
from portal.audit.offline import examine
from portal.audit.operations import OPERATIONS, OUTCOMES
from portal.audit.policy import NONE, Policy, PolicyInvalid, Witnessed
from portal.audit.proof import LONGEST, Consistency, Inclusion
from portal.audit.run import LogBroken, reference_in
from portal.audit.told import LONGEST as LONGEST_TOLD
from portal.audit.told import Told
from portal.audit.tree import ProofInvalid
from portal.audit.trust import Trust

WHOLE: Final = 0
BROKEN: Final = 1
UNCHECKED: Final = 2
UNPINNED: Final = (
    "The log's key came with the bundle. So this shows that the bundle fits together, and not yet that it is of the"
    " log you think: compare the key above with the one you were given, or name yours with --key."
)
OWN_POLICY: Final = "The witnesses are those that the bundle itself names: compare them, or name yours with --policy."


class Unchecked(ValueError):
    """What the reader gave cannot be used. Says why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; answers the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    commands = {"proof": _proof, "entry": _entry, "consistency": _consistency}
    run = commands.get(given[0], _bundle) if given else _bundle
    try:
        return run(given[1:] if run is not _bundle else given)
    except (Unchecked, BundleInvalid, PolicyInvalid) as error:
        _say(f"This could not be checked: {error}.", sys.stderr)
        return UNCHECKED


def _bundle(given: Sequence[str]) -> int:
    parser = _parser("Verify a bundle of the access log.", "BUNDLE")
    parser.add_argument(
        "--checkpoint", action="append", default=[], metavar="FILE", help="a checkpoint you kept; repeatable"
    )
    asked = parser.parse_args(given)
    with Bundle(Path(asked.file)) as bundle:
        trust, warnings = _trust_in(bundle, asked)
        try:
            held = [_text(name, LONGEST_NOTE) for name in asked.checkpoint]
            tally = examine(bundle, trust, held, _Bar())
        except LogBroken as error:
            _say(error.sentence())
            return BROKEN
        except NoteInvalid as error:
            raise Unchecked(f"a checkpoint that you named is not signed by the log's key ({error})") from error
        _say(saying.verdict(bundle.manifest, tally))
        keys = trust.keys or tuple(log.key for log in trust.policy.logs)
        _list("What was compared", saying.checked(bundle.manifest, tally, keys))
        _list("What to know", [*warnings, *saying.remarks(bundle.manifest, tally)])
    return WHOLE


def _proof(given: Sequence[str]) -> int:
    parser = _parser("Verify the proof of one entry.", "FILE")
    parser.add_argument("--entry", metavar="FILE", help="the entry's bytes, where the proof does not bring them")
    asked = parser.parse_args(given)
    trust = _trust(asked)
    try:
        proof = Inclusion.parse(_text(asked.file, LONGEST))
        leaf = _bytes(asked.entry, LONGEST) if asked.entry else proof.leaf
        if not leaf:
            raise Unchecked("the proof does not bring the entry's bytes: name them with --entry")
        members, found = _standing(trust, proof, leaf)
    except (ProofInvalid, NoteInvalid, LeafInvalid) as error:
        return _broken(error)
    return _told(trust, proof, members, found, [])


def _entry(given: Sequence[str]) -> int:
    asked = _parser("Verify what an entry says.", "FILE").parse_args(given)
    trust = _trust(asked)
    try:
        told = Told.parse(_text(asked.file, LONGEST_TOLD))
        members, found = _standing(trust, told.proof, told.proof.leaf)
        lines = saying.opened(told, members)
    except (ProofInvalid, NoteInvalid, LeafInvalid) as error:
        return _broken(error)
    code = _told(trust, told.proof, members, found, lines)
    if code == WHOLE and told.names:
        names = [f"{key}: {value}" for key, value in sorted(told.names.items())]
        _list("Whom the portal says these ids stand for, which is no part of the proof", names)
    return code


def _standing(trust: Trust, proof: Inclusion, leaf: bytes) -> tuple[dict[str, Any], Witnessed]:
    """The members of a leaf that stands where its proof says. Raises `ProofInvalid`, `NoteInvalid`, `LeafInvalid`."""
    found = trust.witnessed(proof.note)
    proof.check(leaf, found.checkpoint)
    return read_leaf(leaf), found


def _told(trust: Trust, proof: Inclusion, members: dict[str, Any], found: Witnessed, more: Sequence[str]) -> int:
    if not found.quorum:
        return _too_few()
    _say(
        f"The proof holds: entry {proof.index:,} (reference {reference_in(members)}) stands in the log"
        f" {found.checkpoint.origin} as it is here, under a checkpoint over {found.checkpoint.size:,} entries."
    )
    did = OPERATIONS.get(members["operation"], members["operation"])
    ended = OUTCOMES.get(members["outcome"], members["outcome"])
    who = f"{members['role'] or 'somebody'} of {members['agency']}" if members["agency"] else "the portal itself"
    said = f"{saying.moment(members['time'])}: {who}. {did} {ended}"
    _list("What it says", [said, *more, *_witnesses(trust, found.by)])
    return WHOLE


def _broken(error: Exception) -> int:
    _say(f"The proof does not hold: {error}.")
    return BROKEN


def _consistency(given: Sequence[str]) -> int:
    parser = _parser("Verify that one checkpoint extends another.", "FILE")
    parser.add_argument("earlier", metavar="EARLIER", help="the earlier checkpoint")
    asked = parser.parse_args(given)
    trust = _trust(asked)
    try:
        proof = Consistency.parse(_text(asked.file, LONGEST))
        earlier = trust.witnessed(_text(asked.earlier, LONGEST_NOTE)).checkpoint
        found = trust.witnessed(proof.note)
        later = found.checkpoint
        proof.check(earlier, later)
    except (ProofInvalid, NoteInvalid) as error:
        return _broken(error)
    if not found.quorum:
        return _too_few()
    _say(
        f"The proof holds: the log of {later.size:,} entries begins with exactly the {earlier.size:,} entries of the"
        " earlier checkpoint. None of them was changed, removed or moved."
    )
    return WHOLE


def _too_few() -> int:
    _say("The proof does not hold: too few witnesses cosigned its checkpoint for your policy.")
    return BROKEN


def _parser(what: str, name: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="verify", description=what, epilog="Exit 0: whole. 1: broken. 2: unchecked.")
    parser.add_argument("file", metavar=name)
    words = "the log's verifier key as you were given it (name+id+key), or a file with it; repeat it for former keys"
    parser.add_argument("--key", action="append", default=[], help=words)
    parser.add_argument("--policy", metavar="FILE", help="a policy file that names logs and witnesses you believe")
    return parser


def _trust(asked: argparse.Namespace) -> Trust:
    policy = Policy.parse(_bytes(asked.policy, LONGEST)) if asked.policy else Policy()
    if not asked.key and not policy.logs:
        raise Unchecked("name the log's key with --key, or a policy with a log line")
    return Trust(_keys(asked), policy)


def _trust_in(bundle: Bundle, asked: argparse.Namespace) -> tuple[Trust, list[str]]:
    """What the reader believes; where they name nothing, what the bundle says of itself, with a warning."""
    warnings = []
    own = bundle.read(POLICY)
    policy = Policy()
    if asked.policy:
        policy = Policy.parse(_bytes(asked.policy, LONGEST))
    elif own:
        policy = Policy.parse(own)
        warnings += [OWN_POLICY] if policy.witnesses else []
    if asked.key:
        return Trust(_keys(asked), policy, bool(asked.policy)), warnings
    if asked.policy and policy.logs:
        return Trust((), policy, demanded=True), warnings
    brought = tuple(map(_key, bundle.read(KEY).decode("utf-8", "replace").split()))
    if not brought:
        raise Unchecked("the bundle brings no key: name the log's key with --key")
    return Trust(brought, policy, bool(asked.policy)), [UNPINNED, *warnings]


def _keys(asked: argparse.Namespace) -> tuple[Verifier, ...]:
    """Each --key: a key, or a file with one or more, a line each; a line that begins with # says nothing."""
    lines = [line for text in asked.key for line in ([text] if "+" in text else _text(text, LONGEST).splitlines())]
    return tuple(_key(line.strip()) for line in lines if line.strip() and not line.startswith("#"))


def _key(text: str) -> Verifier:
    try:
        return Verifier.parse(text)
    except NoteInvalid as error:
        raise Unchecked(f"the key cannot be read ({error})") from error


def _witnesses(trust: Trust, by: object) -> list[str]:
    if trust.policy.quorum == NONE:
        return []
    names = ", ".join(sorted(by)) if isinstance(by, dict) else ""
    return [f"Cosigned by {names}: enough for your policy."]


def _bytes(name: str, longest: int) -> bytes:
    try:
        with Path(name).open("rb") as file:
            content = file.read(longest + 1)
    except OSError as error:
        raise Unchecked(f"{name} cannot be read ({error.strerror})") from error
    if len(content) > longest:
        raise Unchecked(f"{name} is too long")
    return content


def _text(name: str, longest: int) -> str:
    try:
        return _bytes(name, longest).decode()
    except UnicodeDecodeError as error:
        raise Unchecked(f"{name} is not UTF-8 text") from error


def _list(title: str, lines: Sequence[str]) -> None:
    if lines:
        print(f"\n{title}")
        for line in lines:
            _say(f"- {line}")


def _say(line: str, where: TextIO | None = None) -> None:
    """One line of the answer. What a bundle says of itself must not steer the terminal, nor look like our own lines."""
    print("".join(char if char.isprintable() else "\ufffd" for char in line), file=where)


class _Bar:
    """Progress on standard error: in place on a terminal, else a line each tenth."""

    def __init__(self) -> None:
        self._tenth = 0

    def __call__(self, done: int, total: int) -> None:
        if sys.stderr.isatty():
            print(f"\r{done:,} of {total:,} entries", end="\n" if done >= total else "", file=sys.stderr, flush=True)
        elif total and done * 10 // total > self._tenth:
            self._tenth = done * 10 // total
            print(f"{done:,} of {total:,} entries", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
