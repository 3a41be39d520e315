"""GPUs that the CPU plays: numba compiles kernels for them, and what it compiled is executed.

`driver.cpp` takes the place of NVIDIA's driver, libcuda. It has `gpus.hpp` for memory and streams;
`reader.hpp`, `instructions.hpp` and `machine.hpp` for the PTX that libnvvm makes. All else is as
with a GPU. It says nothing of speed, of ptxas or of hardware. `tests/gpu/README.md` says
when most of it goes.

- Every access to memory is checked, and each team's to its shared memory for lanes that race.
- Lanes take turns in an order drawn from a seed, and so does what streams and events leave open.
  That is done as late as can be, if not at once.
- There are two GPUs, which cannot read each other's memory.
"""

import contextlib
import ctypes
import functools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import numba

HERE = Path(__file__).parent
NAME = "libcuda.so.1"
COMPILE = f"g++ -std=c++20 -O1 -ffp-contract=off -fPIC -shared -Wl,-soname,{NAME}"
PATH = "STREAMLOSS_EMULATOR"
"""The variable of the environment that says where the compiled emulator is, if it is to be used."""


def is_on():
    """Return whether the emulator is the driver."""
    return PATH in os.environ


def refusal():
    """Return why there can be no emulator here, None if there can."""
    from numba.cuda.cudadrv import nvvm  # not at the top: numba's simulator has not all of it

    from tests.gpu import toolkit

    if not shutil.which("g++"):
        return "the emulator needs g++, which is not installed"
    toolkit.use_installed_libnvvm()
    return None if nvvm.is_available() else toolkit.MISSING


@functools.cache
def start():
    """Have numba take the emulator for the driver, in this process and those that it starts.

    Raises
    ------
    RuntimeError
        If there is no compiler, or no libnvvm.
    """
    if is_on():
        return None
    reason = refusal()
    if reason:
        raise RuntimeError(reason)
    folder = tempfile.TemporaryDirectory()  # there as long as the cache refers to it
    path = str(Path(folder.name, NAME))
    subprocess.run([*COMPILE.split(), str(HERE / "driver.cpp"), "-o", path], check=True)
    os.environ[PATH] = path
    use()
    return folder


def use():
    """Have numba take the emulator for the driver, in this process."""
    from numba.cuda.cudadrv import driver

    library()
    os.environ["NUMBA_CUDA_LOW_OCCUPANCY_WARNINGS"] = "0"  # small arrays are meant
    if hasattr(driver, "_Linker"):  # of numba-cuda
        driver._Linker.complete = linked
    else:
        os.environ["NUMBA_CUDA_DRIVER"] = os.environ[PATH]
        numba.config.reload_config()
    driver.driver.__init__()  # it looked for a driver when it was imported


def linked(linker):
    """Return PTX in the place of what numba-cuda's linker would make of it, code of hardware."""
    parts = [bytes(part.code) for part in linker._object_codes]
    text = linker.get_linked_ptx() if linker._has_ltoir else b"".join(parts)
    linker.linker, linker._complete = linker, True
    linker._info_log = linker._error_log = ""
    return type(linker._object_codes[0]).from_cubin(text)


@functools.cache
def library():
    """Return the emulator as ctypes has it; numba-cuda finds by its name what is loaded."""
    found = ctypes.CDLL(os.environ[PATH], ctypes.RTLD_GLOBAL)
    found.emulator_fault.restype = ctypes.c_char_p
    found.emulator_refuse_after.argtypes = [ctypes.c_long]
    found.emulator_seed.argtypes = [ctypes.c_ulong]
    return found


@contextlib.contextmanager
def orders(seed, streams_block):
    """Draw what order work is done in from a seed; with 0 it is done as late as can be.

    Streams that are created wait for the legacy default stream, or not: CuPy's do not.
    """
    library().emulator_seed(seed)
    library().emulator_streams_block(streams_block)
    try:
        yield
    finally:
        library().emulator_seed(0)
        library().emulator_streams_block(True)


def fault():
    """Return what a kernel did that it must not, empty if none did, and mend the GPU."""
    return library().emulator_fault().decode()


if is_on():  # a process that another has started
    use()
