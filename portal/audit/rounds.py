"""A thread that works in rounds: soon after it is woken, and now and then besides. One a process, safe after a fork."""

import atexit
import os
import threading
from collections.abc import Callable


class Rounds:
    """Calls `work` soon after each `wake`, `every` seconds apart at least, and every `sweep` seconds besides.

    The thread starts at the first `wake` in a process (so after a server's fork). `last`: whether a last round is made
    when the process ends. `work` may not raise.
    """

    def __init__(self, name: str, work: Callable[[], None], every: float, sweep: float, last: bool) -> None:
        self._name = name
        self._work = work
        self._every = every
        self._sweep = sweep
        self._last = last
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._process = 0
        self._woken = threading.Event()
        self._stopping = threading.Event()

    def wake(self) -> None:
        """Say that there is something to do. Costs next to nothing; safe from any thread."""
        if self._process != os.getpid():
            self.start()
        self._woken.set()

    def start(self) -> None:
        """Start the thread of this process, unless it runs."""
        with self._lock:
            if self._process == os.getpid():
                return
            self._woken, self._stopping = threading.Event(), threading.Event()
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._process = os.getpid()
            self._woken.set()  # what an earlier process left behind
            self._thread.start()
            atexit.register(self.stop)

    def stop(self) -> None:
        """End the thread, after a last round where there is one. Safe to call twice; `wake` starts it anew."""
        with self._lock:
            if self._process != os.getpid() or self._thread is None:
                return
            thread, self._thread, self._process = self._thread, None, 0
        self._stopping.set()
        self._woken.set()
        thread.join(timeout=10)
        atexit.unregister(self.stop)

    def _run(self) -> None:
        stopping, woken = self._stopping, self._woken
        while not stopping.is_set():
            woken.wait(self._sweep)
            stopping.wait(self._every)
            if stopping.is_set() and not self._last:
                return
            woken.clear()
            self._work()
        if self._last:
            self._work()  # what came while the last round ran
