"""portal notify: mails of the morning and at once, by the mail server or the GOV.UK Notify that the settings name."""

import smtplib
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from urllib.parse import urlsplit

import click

from portal.casework import at_once, notifying
from portal.casework.notices import Letter, Outcome, Send
from portal.cli import govuk_notify, installation
from portal.cli.govuk_notify import NotifyRefuses
from portal.config import Settings, read_smtp_password
from portal.errors import Misconfigured

SUBJECT = "Something in Accord needs you"
WORDS = """Something on a case you work on needs you, a referral does, a meeting is today, or somebody
waits for you.

Sign in to see what it is: {base_url}

This mail says no more on purpose, and there is at most one a working day.
If you do not want it, say so in Accord: "E-mails" at the foot of each page.
"""
AT_ONCE = """Somebody waits for you in Accord, or something there cannot wait until the morning.

Sign in to see what it is: {base_url}

This mail says no more on purpose, and there is at most one in half an hour.
If you do not want it, say so in Accord: "E-mails" at the foot of each page.
"""
PATIENCE = 30  # seconds for an answer of the mail server


@click.command()
@click.option("--at-once", "now", is_flag=True, help="What cannot wait until the morning. Run it every few minutes.")
def notify(now: bool) -> None:
    """Mail everybody for whom something waits and who was not mailed today. Run it each morning, some times over."""
    given = installation.settings()
    if not given.smtp_url and not given.notify_template:
        raise Misconfigured("neither PORTAL_SMTP_URL nor PORTAL_NOTIFY_TEMPLATE names a way to send")
    way = govuk_notify.service if given.notify_template else server
    with installation.opened(given) as (_, session, doors):
        try:
            tell = at_once.tell if now else notifying.tell
            count = tell(session, doors, lambda: way(given))
        except NotifyRefuses as error:
            raise click.ClickException(str(error)) from error
        except (OSError, smtplib.SMTPException) as error:
            raise click.ClickException(
                f"the mail server did not answer as it should: {type(error).__name__}"
            ) from error
    click.echo(f"{count} mails sent.")


@contextmanager
def server(given: Settings) -> Iterator[Send]:
    """A way to the mail server. Raises `OSError`, `SMTPException` where there is none."""
    where = urlsplit(given.smtp_url)
    host, context = str(where.hostname), ssl.create_default_context()
    connection: smtplib.SMTP
    if where.scheme == "smtps":
        connection = smtplib.SMTP_SSL(host, where.port or 465, timeout=PATIENCE, context=context)
    else:
        connection = smtplib.SMTP(host, where.port or 587, timeout=PATIENCE)
    with connection:
        if where.scheme == "smtp" and not given.demo:
            connection.starttls(context=context)
        if where.username:
            connection.login(where.username, read_smtp_password(given))
        yield lambda letter: _sent(connection, given, letter)


def _sent(connection: smtplib.SMTP, given: Settings, letter: Letter) -> Outcome:
    """Whether the server took the mail. One address that it refuses keeps nobody else's back; and a mail server cannot
    be asked what it took, so that an attempt without an answer stays the only one. What it says it does not take for
    now (RFC 5321 section 4.2.1: a reply that begins with 4) goes later."""
    if letter.again:
        return Outcome.REFUSED
    if connection.sock is None:  # it hung up after the last mail: of this one it has heard nothing
        return Outcome.NOT_TAKEN
    mail = EmailMessage()
    mail["Subject"], mail["From"] = SUBJECT, given.mail_from
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content((AT_ONCE if letter.at_once else WORDS).format(base_url=given.base_url))
    try:
        mail["To"] = Address(addr_spec=letter.address)  # one address: a provider that names two has neither mailed
        connection.send_message(mail)
    except (ValueError, HeaderParseError, smtplib.SMTPNotSupportedError):
        return Outcome.REFUSED
    except smtplib.SMTPRecipientsRefused as error:
        return _refused(code for code, _ in error.recipients.values())
    except smtplib.SMTPDataError as error:
        return _refused([error.smtp_code])
    return Outcome.SENT


def _refused(codes: Iterable[int]) -> Outcome:
    return Outcome.NOT_TAKEN if all(400 <= code < 500 for code in codes) else Outcome.REFUSED
