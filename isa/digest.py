"""The digest that the parties sign: SHA-256 over RFC 8785 canonical JSON of the parsed document.

Comments, spacing and the order of keys carry no meaning; every value does. See docs/formats/agreement.md.
"""

import hashlib
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

import rfc8785


def digest(document: Mapping[str, Any]) -> str:
    """64 lower-case hexadecimal digits of the parsed `document`.

    Raises ValueError when a value cannot be said in JSON (a TOML date, a float that is no number, an integer beyond
    2^53) or a text is not in Unicode normalisation form C: two spellings of one text must not have two digests.
    """
    for at, text in texts(document):
        if not unicodedata.is_normalized("NFC", text):
            raise ValueError(f"{'.'.join(map(str, at))}: the text is not in Unicode normalisation form C")
    try:
        canonical = rfc8785.dumps(dict(document))
    except rfc8785.CanonicalizationError as error:
        raise ValueError(f"the document cannot be put into canonical form: {error}") from error
    return hashlib.sha256(canonical).hexdigest()


def texts(value: object, at: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every text of the parsed document, keys included, each with its location such as ("party", "police", "name")."""
    if isinstance(value, str):
        yield at, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield (*at, str(key)), str(key)
            yield from texts(inner, (*at, str(key)))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from texts(inner, (*at, index))
