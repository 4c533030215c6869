"""An excerpt of the log for an auditor: logged with its use and reason before anything of it is read."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from portal.audit.bundle import agreement_digest
from portal.audit.entry import Entry, Subject
from portal.audit.log import Receipt
from portal.errors import Refused
from portal.sharing.doors import Doors
from portal.sharing.logbook.scope import USES


def announce(session: Session, doors: Doors, use: str, reason: str, asked: Mapping[str, str]) -> Receipt:
    """Log an export by whoever runs this machine, who has no account: no person, agency or role.

    `reason` is sealed. Raises `Refused` without a reason or for a use that s.62(4) does not know, `LogUnavailable`.
    """
    if use not in USES or not reason.strip():
        raise Refused("9.3", "The access log is taken out for one of four uses, and for a reason.")
    with doors.log.transaction(session) as tx:
        detail = {"justification": reason.strip(), "asked": dict(asked)}
        about = Subject(doors.log.nobody(session), detail)
        return tx.append(Entry("export", purpose=use, subjects=[about]))


def texts(doors: Doors) -> dict[str, bytes]:
    """The files of the agreements in service, by `id@version`."""
    files = [path.read_bytes() for path in doors.settings.agreements]
    return {agreement_digest(content)[0]: content for content in files}
