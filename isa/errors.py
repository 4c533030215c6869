"""What can be wrong with an agreement file, reported all at once."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend: `path` such as "clause[5.3].gateway[0]", its `line` (from 1; 0 when unknown), the remedy."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.path}: {self.message}"


class AgreementInvalid(Exception):
    """The file is not an agreement. `problems` holds every one found, in order of line; `name` says which file."""

    def __init__(self, name: str, problems: tuple[Problem, ...]) -> None:
        super().__init__(f"{name}: {len(problems)} problem(s)\n" + "\n".join(f"{name}:{p}" for p in problems))
        self.name = name
        self.problems = problems
