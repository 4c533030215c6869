"""What is to be done on the told cases: some of it overdue, some due today, some done, with what came of it."""

from dataclasses import dataclass

from portal.demo.people.casebook import Casebook


@dataclass(frozen=True, slots=True)
class Task:
    """One action: written `back` days ago by `by` about `label`, given to a colleague (a staff key) or a party, due
    `due` days before today (ahead, if negative). Closed `closed` days ago by `who`, if it is, with this outcome."""

    back: int
    by: str
    label: str
    to: str
    due: int
    text: str
    closed: int = 0
    who: str = ""
    outcome: str = ""
    dropped: bool = False


_TASKS = {
    "rudd": (
        Task(3, "okonkwo", "behaviour", "barnet_housing", 1, "Find Kyle a room the tag can go to. Any borough."),
        Task(2, "okonkwo", "sentence", "okonkwo", 0, "Decide on the missed Friday and write down why."),
        Task(2, "walsh", "behaviour", "walsh", -2, "Knock at his nan's after six. If he is in, ring Stacey first."),
        Task(2, "tetteh", "ete", "tetteh", -4, "Ask the fencing firm to hold the trial day until he has an address."),
        Task(
            9, "ridley", "behaviour", "okonkwo", 5, "Send the leaving care duty the release date and who meets him.", 6,
            "okonkwo", "Sent, and read out on the phone to the duty desk.",
        ),
        Task(
            12, "walsh", "behaviour", "barnet_housing", 8, "Say whether Rowan House would have him back.", 9, "nwosu",
            "They would not: two rooms were damaged. It is in writing.",
        ),
    ),
    "pryce": (
        Task(6, "feeney", "sentence", "feeney", -1, "Ask the tag company for the week's map, not the summary."),
        Task(5, "feeney", "victims", "police", 2, "Ring the victim liaison officer before the zone is reviewed."),
        Task(
            20, "feeney", "behaviour", "police", 14, "Take a statement from the shop in the zone.", 13, "adebayo",
            "Shop closed down in the spring. Landlord has no cameras.", dropped=True,
        ),
    ),
    "keating": (
        Task(4, "feeney", "behaviour", "feeney", 0, "Move her appointment off Tuesday, the group is what holds."),
        Task(8, "wojcik", "substance_engagement", "wojcik", 3, "Ask again whether partners may know that she comes."),
        Task(7, "feeney", "behaviour", "barnet_housing", -5, "Confirm the panel date for the supported flat."),
    ),
    "warsame": (
        Task(3, "baptiste", "behaviour", "feeney", -3, "Three-way meeting with his mother there, at the youth office."),
        Task(2, "siddiqui", "children", "siddiqui", -6, "Close the child-in-need plan with a letter he can keep."),
    ),
    "hylton": (
        Task(10, "achterberg", "behaviour", "achterberg", 4, "Ask Desmond what he wants the panel to hear from him."),
        Task(6, "achterberg", "behaviour", "barnet_bridges", -3, "Say who stays his mentor once he is off the list."),
    ),
}  # fmt: skip


def set_tasks(book: Casebook, key: str) -> None:
    """Write the actions of a told case."""
    for task in _TASKS[key]:
        write(book, task)


def write(book: Casebook, task: Task) -> None:
    """Write one action into a case, and what came of it."""
    name = book.act(book.ago(task.back, "11:40"), task.by, task.label, task.text, book.day(task.due), task.to)
    if task.closed:
        book.answer(name, book.ago(task.closed, "16:20"), task.who, task.outcome, dropped=task.dropped)
