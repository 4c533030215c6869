"""The offline verifier as one readable file, made from the modules that the portal itself runs.

It needs Python 3.11 or later and `cryptography`, so an auditor can take it to a machine that has no portal.
"""

from pathlib import Path
from typing import Final

MODULES: Final = (
    *(
        "operations",
        "tree",
        "entry",
        "note",
        "policy",
        "run",
        "succession",
        "erasures",
        "bundle",
        "erased_elsewhere",
        "proof",
        "told",
        "trust",
        "offline",
        "saying",
    ),
    "verify",
)
"""Modules of this package that the verifier is made of, each after those that it imports."""

_HEAD: Final = '''#!/usr/bin/env python3
"""Verify a bundle of the access log of an Accord portal, or a proof, on a machine that knows nothing of the portal.

    python verify.py BUNDLE [--key KEY] [--policy FILE] [--checkpoint FILE]
    python verify.py proof FILE --key KEY
    python verify.py entry FILE --key KEY
    python verify.py consistency FILE EARLIER --key KEY

Exit 0: whole. 1: something is wrong, and named. 2: it could not be checked. Nothing is written and nothing is called.
Needs Python 3.11 or later and the package `cryptography`. Made by `portal audit verifier`, version {version}: below
stands the source of each module as the portal runs it, nothing else.
"""

import sys
import types

if sys.version_info < (3, 11):
    sys.exit("This could not be checked: Python 3.11 or later is needed.")
try:
    import cryptography  # noqa: F401
except ImportError:
    sys.exit("This could not be checked: the package `cryptography` is needed (pip install cryptography).")


def module(name, source):
    """Make the module `name` of its source, as an import would."""
    made = sys.modules[name] = types.ModuleType(name)
    made.__path__ = []
    exec(compile(source, "<" + name + ">", "exec"), made.__dict__)
    parent, _, last = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], last, made)


module("portal", "")
module("portal.audit", "")
'''
_TAIL: Final = """
if __name__ == "__main__":
    sys.exit(sys.modules["portal.audit.verify"].main())
"""


def text(version: str) -> str:
    """The file, for this version of the portal."""
    return _HEAD.replace("{version}", version) + "".join(map(_part, MODULES)) + _TAIL


def _part(name: str) -> str:
    source = Path(__file__).with_name(f"{name}.py").read_text("utf-8")
    if "'''" in source:
        raise ValueError(f"{name}.py cannot be quoted")
    return f"\n\nmodule(\"portal.audit.{name}\", r'''{source}''')\n"
