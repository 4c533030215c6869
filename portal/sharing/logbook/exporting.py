"""An excerpt of the log for an auditor: logged with its use and reason before anything of it is read."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from portal.audit.bundle import agreement_digest
from portal.audit.entry import Entry, Subject
from portal.errors import Refused
from portal.sharing.doors import Doors
from portal.sharing.logbook.scope import USES


def announce(session: Session, doors: Doors, use: str, reason: str, asked: Mapping[str, str]) -> str:
    """Log an export by whoever runs this machine, who has no account: no person, agency or role. Its reference.

    While witnesses have stopped the log, nothing can be appended and evidence is wanted most: it is noted beside the
    stop then, in clear, and the entry that begins the new origin takes it in; the answer is the name of that file.
    `reason` is sealed otherwise. Raises `Refused` without a reason or for a use that s.62(4) does not know, and
    `LogUnavailable`.
    """
    if use not in USES or not reason.strip():
        raise Refused("9.3", "The access log is taken out for one of four uses, and for a reason.")
    detail = {"justification": reason.strip(), "asked": dict(asked)}
    if doors.stop():
        return doors.stop().note({"use": use, **detail})
    with doors.log.transaction(session) as tx:
        about = Subject(doors.log.nobody(session), detail)
        return tx.append(Entry("export", purpose=use, subjects=[about])).reference


def texts(doors: Doors) -> dict[str, bytes]:
    """The files of the agreements in service, by `id@version`."""
    files = [path.read_bytes() for path in doors.settings.agreements]
    return {agreement_digest(content)[0]: content for content in files}
