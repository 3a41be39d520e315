"""Processes in which numba is as another version might be: a name is gone, or means another thing.

Numba itself, which needs its names, sees them as they are; only streamloss does not.

`main` makes each of the `ALTERATIONS` that are named in a fork of its own, and prints what
streamloss does without there, what it warns of, and the numbers of `table`.
"""

import importlib
import json
import os
import sys
import warnings
from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

import numba
import numba.core.cpu
import numba.core.serialize
import numba.extending
import numba.np.arrayobj
import numpy as np

import streamloss as sl

Change = Callable[[Any], Any]


def gone(found: Any) -> Any:
    """Change a name so that it is missing."""
    raise AttributeError("is gone")


def of_other_arity(found: Any) -> Any:
    """Change a function so that it takes no arguments."""
    return lambda: None


def of_other_type(found: Any) -> Any:
    """Change a function so that it returns no more what it did."""
    return lambda *args, **kwargs: "something else"


def seen(getter: Callable[[Any, str], Any], name: str, change: Change) -> Any:
    """Return a `__getattribute__` that shows a changed name to streamloss, and else what is."""

    def look(self: Any, asked: str) -> Any:
        found = getter(self, asked)
        caller = str(sys._getframe(1).f_globals.get("__name__"))
        if asked != name or not caller.startswith("streamloss."):
            return found
        try:
            return change(found)
        except AttributeError:
            raise AttributeError(f"{name} is gone") from None

    return look


def alter(path: str, change: Change) -> None:
    """Change ``module:name``, or ``module:Class.attribute`` of instances, for streamloss."""
    module, _, names = path.partition(":")
    holder, (*classes, name) = importlib.import_module(module), names.split(".")
    if classes:
        cls = getattr(holder, classes[0])
        cls.__getattribute__ = seen(cls.__getattribute__, name, change)
    else:
        look = seen(ModuleType.__getattribute__, name, change)
        holder.__class__ = type("Altered", (ModuleType,), {"__getattribute__": look})


def without_module(name: str) -> None:
    """Have streamloss find no module of a name."""
    real = importlib.import_module

    def find(asked: str, package: str | None = None) -> ModuleType:
        if asked == name:
            raise ModuleNotFoundError(f"No module named {name!r}")
        return real(asked, package)

    importlib.import_module = find


def without_setting(path: str, refused: bool) -> None:
    """Have instances of a class refuse, or not use, an attribute that streamloss sets."""
    module, _, names = path.partition(":")
    name, attribute = names.split(".")
    cls = getattr(importlib.import_module(module), name)
    real = cls.__setattr__

    def put(self: Any, asked: str, value: Any) -> None:
        caller = str(sys._getframe(1).f_globals.get("__name__"))
        if asked != attribute or not caller.startswith("streamloss."):
            real(self, asked, value)
        elif refused:
            raise AttributeError(f"{asked} is gone")

    cls.__setattr__ = put


def without_option(name: str) -> None:
    """Have `numba.njit` refuse an option."""
    options = numba.core.cpu.CPUTargetOptions
    delattr(next(cls for cls in options.__mro__ if name in vars(cls)), name)


def with_fastmath() -> None:
    """Have numba compile all code with fastmath, unless it is told not to."""
    default = numba.core.cpu.FastMathOptions(True)
    numba.core.compiler.Flags.options["fastmath"]._default = default


def without_losses() -> None:
    """Have types of losses not tell which loss it is, and find none that was compiled before."""
    alter("numba.core.types:NamedTuple.instance_class", gone)
    os.environ["STREAMLOSS_CACHE_DIR"] = f"{os.devnull}/none"


def method(name: str, new: Any) -> Change:
    """Return a change of a class that has another method of a name."""
    return lambda cls: type(cls.__name__, (cls,), {"__slots__": (), name: new})


CODEGEN, COMPILER = "numba.core.codegen:JITCodeLibrary", "numba.core.compiler:Compiler"
RESULT, PICKLER = "numba.core.compiler:CompileResult", "numba.core.serialize:NumbaPickler"
CGUTILS, CONTEXT = "numba.core.cgutils", "numba.core.cpu:CPUContext"
ARRAY, TARGET = "numba.np.arrayobj:populate_array", "numba.core.codegen:JITCPUCodegen"
DISPATCHER = "numba.core.dispatcher:Dispatcher"

ALTERATIONS: dict[str, tuple[str, Callable[[], None]]] = {
    "library": ("fragments", lambda: alter(CODEGEN, gone)),
    "module of the library": ("fragments", lambda: without_module("numba.core.codegen")),
    "method of the library": (
        "fragments",
        lambda: alter(f"{CODEGEN}._finalize_dynamic_globals", gone),
    ),
    "arity of the library": ("fragments", lambda: alter(CODEGEN, of_other_arity)),
    "compiler": ("fragments", lambda: alter(COMPILER, gone)),
    "arity of pipelines": (
        "fragments",
        lambda: alter(COMPILER, method("define_pipelines", lambda: [])),
    ),
    "flag": ("fragments", lambda: without_setting("numba.core.compiler:Flags.forceinline", True)),
    "option of wrappers": ("fragments", lambda: without_option("no_cfunc_wrapper")),
    "codegen": ("fragments disk", lambda: alter(f"{CONTEXT}.codegen", gone)),
    "memory": ("instructions", lambda: alter(f"{CGUTILS}:alloca_once", gone)),
    "arity of memory": ("instructions", lambda: alter(f"{CGUTILS}:alloca_once", of_other_arity)),
    "words": ("instructions", lambda: alter(f"{CGUTILS}:pack_array", gone)),
    "module of memory": ("instructions", lambda: without_module(CGUTILS)),
    "array": ("instructions", lambda: alter(ARRAY, gone)),
    "arity of an array": ("instructions", lambda: alter(ARRAY, of_other_arity)),
    "structure of an array": ("instructions", lambda: alter(f"{CONTEXT}.make_array", gone)),
    "counting": ("options", lambda: without_option("_nrt")),
    "attributes": ("vectors", lambda: alter("llvmlite.ir:Function.attributes", gone)),
    "type of attributes": ("vectors", lambda: alter("llvmlite.ir:Function.attributes", frozenset)),
    "metadata": ("vectors", lambda: alter("llvmlite.ir:Module.add_metadata", gone)),
    "compiling": ("dispatch", lambda: alter(f"{DISPATCHER}._compile_for_args", gone)),
    "compiling elsewhere": (
        "dispatch",
        lambda: without_setting(f"{DISPATCHER}._compile_for_args", False),
    ),
    "arity of compiling": (
        "dispatch",
        lambda: alter(f"{DISPATCHER}._compile_for_args", of_other_arity),
    ),
    "overloads": ("dispatch", lambda: alter(f"{DISPATCHER}.overloads", gone)),
    "entry": ("dispatch", lambda: alter(f"{RESULT}.entry_point", gone)),
    "result": ("disk", lambda: alter(RESULT, gone)),
    "pickler": ("disk", lambda: alter(PICKLER, gone)),
    "pickling": ("disk", lambda: alter(f"{RESULT}._reduce", gone)),
    "unpickling": ("disk", lambda: alter(RESULT, lambda found: object())),
    "arity of unpickling": ("disk", lambda: alter(RESULT, method("_rebuild", lambda: None))),
    "type of unpickling": (
        "disk",
        lambda: alter(RESULT, method("_rebuild", lambda *fields: "something else")),
    ),
    "cache elsewhere": ("disk", lambda: without_setting(f"{DISPATCHER}._cache", False)),
    "processor": ("disk", lambda: alter(f"{TARGET}.magic_tuple", gone)),
    "lock": ("", lambda: alter("numba.core.compiler_lock:global_compiler_lock", gone)),
    "errors": ("", lambda: alter("numba.core.errors:NumbaError", gone)),
    "only the version": ("", lambda: None),
    "class of a loss": ("this kernel", without_losses),
    "arithmetic": ("kernels", with_fastmath),
}
"""Which parts are done without, and the alteration."""


def all_at_once() -> None:
    """Make all alterations by which names are missing that numba itself does not miss."""
    for name in (
        "library",
        "compiler",
        "memory",
        "words",
        "array",
        "result",
        "pickler",
        "counting",
    ):
        ALTERATIONS[name][1]()
    for name in ("attributes", "compiling", "processor", "lock", "errors"):
        ALTERATIONS[name][1]()


EVERY = "dispatch disk fragments instructions vectors"
"""The parts that are then done without; the option that is left counts for nothing without them."""


@sl.loss
class Uneven(NamedTuple):
    """A loss of a user."""

    under: float = 3.0

    def point(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of one element."""
        error = y_pred - y_true
        return error if error >= 0.0 else -self.under * error


def batch() -> Any:
    """Return y_true, y_pred and weights with what is hard to sum."""
    rng = np.random.default_rng(60)
    y, p, w = np.ldexp(rng.normal(size=(3, 600)), rng.integers(-30, 30, (3, 600)))
    y[7], w[9], w[11] = np.inf, 0.0, -0.0
    return y, p, w


def table(size: str) -> dict[str, str]:
    """Return numbers by kernels of one loss, some losses, or more of them, with all their bits."""
    y, p, w = batch()
    own = Uneven()
    found: dict[str, Any] = {"terms": sl.evaluate(own, y, p, w, reduction="none").tobytes()}
    if size == "one":
        return {name: data.hex() for name, data in found.items()}
    rows, labels = p[:300].reshape(20, 15) / 1e8, np.eye(15)[np.arange(20) % 15]
    with np.errstate(over="ignore"):
        narrow = [array.astype("f4") for array in (y, p, w)]
    found["narrow"] = sl.accumulate(own, *narrow).to_bytes()
    found["rows"] = sl.evaluate("softmax_cross_entropy", labels, rows, reduction="none").tobytes()
    if size == "more":
        found["wide"] = sl.accumulate(own, y, p, w).to_bytes()
        found["unweighted"] = sl.accumulate("mae", y, p).to_bytes()
        found["sum of rows"] = sl.accumulate("softmax_cross_entropy", labels, rows).to_bytes()
    return {name: data.hex() for name, data in found.items()}


def size_of(name: str) -> str:
    """Return how much is computed after an alteration: some after the first of each part."""
    if name == "all":
        return "more"
    part = ALTERATIONS[name][0]
    return "some" if name == next(n for n, (p, _) in ALTERATIONS.items() if p == part) else "one"


def say(name: str) -> None:
    """Print what comes of an alteration, in a process of its own."""
    numba.__version__ = "0.99.0"
    all_at_once() if name == "all" else ALTERATIONS[name][1]()
    from streamloss.kernels import private, trial

    trial.folder = lambda: private.Folder(os.devnull)  # no other process has tried it out
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        numbers = table(size_of(name))
        assert table("one").items() <= numbers.items()
    from streamloss.kernels import internals

    texts = [str(warning.message) for warning in caught]
    print(json.dumps([name, " ".join(internals.lost), texts, numbers]), flush=True)


def main() -> None:
    """Make each alteration in a fork of its own."""
    numba.njit(lambda x: x + 1.0)(1.0)  # what all need is made ready once
    for name in sys.argv[1:]:
        child = os.fork()
        if child == 0:
            say(name)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status:
            print(json.dumps([name, f"ended with {status}", [], {}]), flush=True)
