"""The way out of a stopped log: it goes on under a new origin, whose first checkpoint covers an entry that names the
break.

What the old origin signed stays as it is. Witnesses do not follow by themselves: each party decides, from the file of
the stop and its own records, whether to trust the new origin.
"""

import base64
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy.orm import Session

from portal.audit import origins, pinned
from portal.audit.entry import Entry, Subject
from portal.audit.log import AccessLog
from portal.audit.note import Verifier
from portal.audit.sequencer import drain, head
from portal.audit.stopping import Stop
from portal.errors import Misconfigured

OPERATION = "origin-begun"


@dataclass(frozen=True, slots=True)
class Begun:
    """The new origin's key, the reference of the entry that names the break, and the file that keeps its reason."""

    key: Verifier
    reference: str
    kept: Path


def begin(session: Session, log: AccessLog, folder: Path, first: str, why: str) -> Begun:
    """Begin a new origin after a stop; `why` is what people found out. Commits.

    `folder` holds the stop and what is pinned, `first` is the origin of the settings. Broken off, it can be repeated:
    at worst the break is told twice. Raises `Misconfigured` where the log is not stopped, and `LogUnavailable`.
    """
    stop = Stop(folder)
    if not stop:
        raise Misconfigured("the access log is not stopped: a new origin would only cut it in two")
    names, reason = origins.read(folder, first), stop.reason()
    edge = head(session)
    ended = reason.origin if reason else names.current
    broken = {"origin": ended, "entries": edge.size, "root": base64.b64encode(edge.root()).decode()}
    told: dict[str, object] = {"break": broken, "justification": why, "stop": asdict(reason) if reason else {}}
    told["exports"] = stop.exports()
    if ended == names.current:  # else an earlier attempt came as far as this
        log.make_signer(session, names.number + 1)
        origins.begin(folder, first, edge.size)
    writer, nobody = log.lifted(), log.nobody(session)  # both before a transaction: they may open one of their own
    writer.vault(session)
    with writer.transaction(session) as tx:
        receipt = tx.append(Entry(OPERATION, subjects=[Subject(nobody, told)]))
    writer.close(session)
    names = origins.read(folder, first)
    signer = log.signer(session, names.current, names.number)
    pinned.renew(folder, signer.verifier)
    drain(session, signer)
    return Begun(signer.verifier, receipt.reference, stop.lift())
