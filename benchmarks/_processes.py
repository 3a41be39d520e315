"""Whole processes of Python, as users start them: their environment and their time."""

import os
import subprocess
import sys
import time

NOT_A_USERS = "PYTHONDONTWRITEBYTECODE", "STREAMLOSS_SMALL_BATCH", "OMP_WAIT_POLICY"
"""What tests and other benchmarks set. Without bytecode each start compiles what it imports."""


def environment(folder):
    """Return the environment of processes that keep their machine code in a folder."""
    kept = {name: value for name, value in os.environ.items() if name not in NOT_A_USERS}
    return kept | {
        "STREAMLOSS_CACHE_DIR": os.path.join(folder, "streamloss"),
        "JAX_COMPILATION_CACHE_DIR": os.path.join(folder, "jax"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    }


def run(arguments, env, folder=None):
    """Return how many seconds a process took that runs in a folder, and what it printed."""
    command = [sys.executable, *arguments]
    start = time.perf_counter()
    done = subprocess.run(
        command, env=env, cwd=folder, check=True, stdout=subprocess.PIPE, text=True
    )
    return time.perf_counter() - start, done.stdout
