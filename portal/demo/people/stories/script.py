"""Updates written as a script, so that a told case reads on the page as it will on the timeline."""

from portal.demo.people.casebook import Casebook


def enact(book: Casebook, script: str, base: int = 0) -> None:
    """Adds the updates of a script to a case.

    An update is a heading, "DAYS CLOCK AUTHOR LABEL: SOURCE", and below it the text, indented, over as many lines as
    it needs. DAYS are days before today; with a sign they are added to `base` ("-1" is the day after it). An "!" after
    the clock keeps a weekend day; a "?" after the label says that it is an opinion. AUTHOR may be "key@party" for
    someone with two capacities. Raises ValueError on a heading it cannot read.
    """
    heading, text = "", ""
    for line in [*script.strip().splitlines(), ""]:
        if line.startswith(" "):
            text = f"{text} {line.strip()}".strip()
            continue
        if heading:
            _update(book, heading, text, base)
        heading, text = line, ""


def _update(book: Casebook, heading: str, text: str, base: int) -> None:
    front, source = heading.split(": ", 1)
    when, clock, author, label = front.split()
    key, _, party = author.partition("@")
    back = base + int(when) if when[0] in "+-" else int(when)
    at = book.ago(max(1, back), clock.rstrip("!"), any_day=clock.endswith("!"))
    book.note(at, key, label.rstrip("?"), text, source, opinion=label.endswith("?"), owner=party or None)
