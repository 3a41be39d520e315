"""Code of GPUs without a GPU: kernels to PTX with libnvvm, the rules for it, and ptxas."""

import functools
import glob
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import numba
from numba import cuda
from numba.cuda import dispatcher

FLOAT = re.compile(r"\.(?:b?f16x?2?|bf16|f32|f64)\b")
ROUNDED = "add", "sub", "mul", "div", "sqrt", "rcp"
ATOMS = "atom", "red"
INTEGER = re.compile(r"^(?:atom|red)\..*\.[bus]64$")

MISSING = (
    "libnvvm was not found: pip install -r tests/gpu/requirements.txt"
    " (or, for the target of another package, pip install 'numba-cuda[cu13]' nvidia-cuda-nvcc)"
)


HINTS = "libnvvm", "NVVM", "No supported GPU compute capabilities"
"""What errors say where it, or the library that tells numba its version, is not found."""


def installed(*patterns):
    """Return the first file of pip's packages of CUDA that one of the patterns is for."""
    spec = importlib.util.find_spec("nvidia")
    folders = [*spec.submodule_search_locations] if spec else []
    found = [glob.glob(f"{folder}/*/{pattern}") for pattern in patterns for folder in folders]
    return next((sorted(some)[-1] for some in found if some), None)


@functools.cache
def use_installed_libnvvm():
    """Let numba's own target find pip's libraries, before it looks: it expects a whole toolkit."""
    library = installed("lib/libnvvm.so.*", "nvvm/lib64/libnvvm.so*")
    device, runtime = installed("nvvm/libdevice"), installed("lib/libcudart.so.*")
    if not (library and device and runtime) or os.environ.get("CUDA_HOME"):
        return None
    home = tempfile.TemporaryDirectory()  # it is there as long as the cache refers to it
    nvvm = Path(home.name, "nvvm")
    Path(nvvm, "lib64").mkdir(parents=True)
    Path(nvvm, "lib64", "libnvvm.so.4").symlink_to(library)
    Path(nvvm, "libdevice").symlink_to(device)
    Path(home.name, "lib64").symlink_to(Path(runtime).parent)
    os.environ["CUDA_HOME"] = home.name
    return home


def compiled(kernel, arguments, target):
    """Return the PTX of a kernel for a target such as ``sm_90``; no driver is asked.

    Raises
    ------
    RuntimeError
        If there is no libnvvm.
    """
    use_installed_libnvvm()
    capability = divmod(int(target.removeprefix("sm_")), 10)
    # functions of a kernel are compiled for what it says; it is the GPU that is there otherwise
    dispatcher.get_current_device = lambda: SimpleNamespace(compute_capability=capability)
    try:
        text, _ = cuda.compile_ptx(kernel, numba.void(*arguments), cc=capability)
    except Exception as error:
        if any(hint in str(error) for hint in HINTS):
            raise RuntimeError(MISSING) from error
        raise
    return text


def has_libnvvm():
    """Return whether there is a libnvvm, by compiling a kernel of nothing."""
    try:
        return bool(compiled(lambda: None, (), "sm_90"))
    except RuntimeError:
        return False


def implementation():
    """Return which CUDA target of numba it is, and its version."""
    if "numba_cuda" in cuda.__file__:
        import numba_cuda

        return f"numba-cuda {numba_cuda.__version__}"
    return f"numba {numba.__version__}"


def instructions(ptx):
    """Yield each instruction with the function it is in."""
    function = ""
    for line in ptx.splitlines():
        head = re.match(r"^[.\w ]*\.(?:func|entry)\b(?:\s*\([^)]*\))?\s*([\w$]+)", line)
        if head:
            function = head[1]
        found = re.match(r"\s*(?:\{\s*)?(?:@!?%p\d+\s+)?([a-z]\w*(?:[.:]+\w+)*)\s", line)
        if found:
            yield function, found[1]


def broken(ptx, adds, fuses=False):
    """Return the rules that PTX breaks, each with where.

    Parameters
    ----------
    adds : bool
        Whether the kernel adds to sums.
    fuses : bool
        Whether it asks for what rounding takes from products, which one instruction gives.
    """
    found = [f"calls {name}" for name in missing(ptx)]
    whole = False
    for function, code in instructions(ptx):
        kind, is_float = code.partition(".")[0], bool(FLOAT.search(code))
        whole |= bool(INTEGER.match(code))
        if kind in ATOMS and is_float:
            found.append(f"adds floats in any order: {code}")
        if is_float and kind in ("fma", "mad") and not (fuses and code == "fma.rn.f64"):
            found.append(f"{code} in {function[:40]}")
        inexact = ".ftz" in code or ".approx" in code or ".full" in code
        if inexact or (is_float and kind in ROUNDED and ".rn" not in code):
            found.append(f"is not rounded as IEEE 754 says: {code}")
    if adds and not whole:
        found.append("has no integer atomics")
    return sorted(set(found))


def missing(ptx):
    """Return the functions that are declared or called, and not there."""
    there = set(
        re.findall(r"^(?:\.visible |\.weak )*\.func\b(?:\s*\([^)]*\))?\s*([\w$]+)", ptx, re.M)
    )
    called = re.findall(r"\bcall(?:\.uni)?\s+(?:\([^)]*\)\s*,\s*)?\s*([\w$]+)", ptx)
    outside = re.findall(r"^\.extern \.func\b(?:\s*\([^)]*\))?\s*([\w$]+)", ptx, re.M)
    return sorted({*called} - there | {*outside})


class Code(NamedTuple):
    """What ptxas says of a kernel: registers of a lane, and bytes."""

    registers: int
    spilled: int
    stack: int
    shared: int


def assembled(ptx, target):
    """Return what ptxas makes of PTX; None if no ptxas there is knows the version.

    Raises
    ------
    RuntimeError
        If it refuses it.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "kernel.ptx")
        path.write_text(ptx)
        for tool in assemblers():
            asked = [tool, "-v", f"-arch={target}", str(path), "-o", f"{path}.cubin"]
            said = subprocess.run(asked, capture_output=True, text=True)
            if said.returncode == 0:
                return read(said.stderr)
            if "Unsupported .version" not in said.stderr:
                raise RuntimeError(f"ptxas: {said.stderr.strip()[:500]}")
    return None


@functools.cache
def assemblers():
    """Return every ptxas that is installed."""
    homes = [os.environ.get("CUDA_HOME", ""), "/usr/local/cuda"]
    paths = [installed("bin/ptxas"), shutil.which("ptxas"), *[f"{h}/bin/ptxas" for h in homes]]
    return [path for path in dict.fromkeys(paths) if path and os.access(path, os.X_OK)]


def read(said):
    """Return the figures that ``ptxas -v`` prints, the largest of all functions."""

    def largest(pattern):
        return max([int(n) for n in re.findall(pattern, said)], default=0)

    spilled = largest(r"(\d+) bytes spill stores") + largest(r"(\d+) bytes spill loads")
    numbers = [r"Used (\d+) registers", r"(\d+) bytes stack frame", r"(\d+) bytes smem"]
    registers, stack, shared = [largest(pattern) for pattern in numbers]
    return Code(registers, spilled, stack, shared)
