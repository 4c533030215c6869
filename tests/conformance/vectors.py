"""The worked vectors of docs/access-log-format.md, by the naive implementations alone.

`python -m tests.conformance.vectors > docs/formats/vectors/access-log.json` writes them.
"""

import json
import sys

from tests.conformance import naive_bundle, naive_log


def vectors():
    """Everything, as it stands in the file."""
    made = naive_log.vectors()
    told, leaves = made["details"], [leaf["leaf"].encode() for leaf in made["leaves"]]
    details = [
        {"index": 0, "position": position, "digest": digest, **blobs}
        for position, (blobs, digest) in enumerate(zip(told["blobs"], told["digests"], strict=True))
    ]
    seed = bytes.fromhex(made["checkpoint"]["seed"])
    return made | naive_bundle.vectors(leaves, details, made["outcome"]["content"], "log.example/iom", seed)


if __name__ == "__main__":
    json.dump(vectors(), sys.stdout, indent=1, ensure_ascii=False)
    sys.stdout.write("\n")
