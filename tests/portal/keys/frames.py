"""What a crash report that prints local variables would show of the portal's own frames."""

import traceback


def shown(error: BaseException) -> str:
    """Type, message and every local variable of the frames in portal/keys, chained exceptions included."""
    parts, seen = [], set()
    todo: list[BaseException | None] = [error]
    while todo:
        one = todo.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        todo += [one.__cause__, one.__context__]
        parts.append(f"{type(one).__name__}: {one}")
        for frame in traceback.TracebackException.from_exception(one, capture_locals=True).stack:
            if "/portal/keys/" in frame.filename and "/tests/" not in frame.filename:
                parts.append(f"{frame.name}: {frame.locals}")
    return "\n".join(parts)
