"""When the user began to wait for the command: at the start of the process."""

from __future__ import annotations

import os
import time

STAT = "/proc/self/stat"
"""Where Linux says of a process when it began."""
START = 19
"""Which of its fields after the name of the program that is, in ticks since the system began."""


def process_start() -> float:
    """Return when this process began, on the clock of `time.perf_counter`.

    Linux tells it in ticks of 10 ms. Elsewhere it is as long ago as this thread has computed, which
    leaves out what it has waited for, such as the disk that its modules lie on.
    """
    now = time.perf_counter()
    try:
        with open(STAT, "rb") as file:
            ticks = int(file.read().rpartition(b")")[2].split()[START])
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
        if ticks and age > 0:  # some sandboxes give 0 for what they do not know
            return now - age
    except (OSError, ValueError, IndexError, AttributeError):
        pass  # no such file, field or clock: this is another system
    return now - time.thread_time()
