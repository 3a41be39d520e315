"""Compiled kernels on disk: safe with many processes, edited sources and broken folders.

Numba's own cache does not see edits in other files, returns the wrong code when processes
compile at once (their index and data files mix), and its index cannot be read by a process
without the user's module. Here each kernel is one file, written whole and then renamed, its name
a digest of everything the machine code depends on (`key`); there is no index.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

from streamloss.losses.base import Loss

from . import loader
from .digests import sha256
from .key import kernel_digest
from .private import ENDING, folder
from .versions import is_disabled

Body = Callable[..., Any]
Classes = tuple[type[Loss], ...]

MAGIC = b"streamloss kernel 2\n"
"""What a file of a kernel begins with: what it is, and the version of its form."""

DIGEST = 32
"""Bytes of a digest. Behind `MAGIC` is that of all that follows: the key, and what is kept."""


class KernelFile:
    """The file of one kernel, found by all that it depends on."""

    sort = ""
    """What it is a kernel of, where they are counted."""

    def __init__(self, *told: bytes) -> None:
        self._key = sha256(b"".join(told)).digest()
        self._name = f"{self._key.hex()[:40]}{ENDING}"

    def read(self) -> bytes | None:
        """Return what is on disk, None if there is nothing or it cannot be used."""
        try:
            with folder().opened() as place:
                data = place.read(self._name)
        except OSError:
            return None
        head, digest, payload = data[: len(MAGIC)], data[len(MAGIC) :][:DIGEST], data[HEAD:]
        if head != MAGIC or digest != sha256(payload).digest() or payload[:DIGEST] != self._key:
            return None
        counted.found[self._name] = self.sort
        return payload[DIGEST:]

    def write(self, data: bytes) -> None:
        """Keep what was made, whole or not at all: what cannot be written costs time alone."""
        payload = self._key + data
        try:
            with folder().opened(make=True) as place:
                place.write(self._name, MAGIC + sha256(payload).digest() + payload)
                place.trim(ENDING)
        except OSError:
            return
        counted.built[self._name] = self.sort


HEAD = len(MAGIC) + DIGEST


class Counted(NamedTuple):
    """Files of kernels by their names, and what each is a kernel of: those read, those written."""

    found: dict[str, str]
    built: dict[str, str]

    def __str__(self) -> str:
        kept = {name: sort for name, sort in self.found.items() if name not in self.built}
        made = ", ".join(f"{count} {sort}" for sort, count in Counter(self.built.values()).items())
        return f"built {made or 'no kernels'}; {len(kept)} were there"


counted = Counted({}, {})
"""Those of this process."""


class Object(NamedTuple):
    """Object code, none if it is not portable, and the functions that it calls."""

    code: bytes
    needs: tuple[str, ...]


SORTS = {
    "fold_alone": "blocks of losses",
    "map_rows": "losses of rows",
    "map_terms": "of terms",
    "write_factors": "values of losses",
    "write_values": "values of losses",
}
"""What kernels of bodies are called where they are counted."""


class ObjectFile(KernelFile):
    """The file of the object code of a loop body, for losses and types of arguments, on this CPU.

    The names that it needs are a line before the code.

    Raises
    ------
    Uncacheable
        If a loss uses what has no digest.
    """

    def __init__(self, body: Body, classes: Classes, types: str) -> None:
        self.sort = SORTS.get(body.__name__, body.__name__) if classes else "drivers"
        told = repr((types, *loader.processor())).encode()
        super().__init__(b"object", kernel_digest(body, classes), told)

    def found(self) -> Object | None:
        """Return what is on disk."""
        needs, end, code = (self.read() or b"").partition(b"\n")
        return Object(code, tuple(needs.decode().split())) if end else None

    def keep(self, made: Object) -> None:
        """Write what was built."""
        self.write(" ".join(made.needs).encode() + b"\n" + made.code)


class TemplateFile(KernelFile):
    """The file of a template of `templates`, which is text, for arrays of a kind on this CPU."""

    sort = "templates"

    def __init__(self, body: Body, kind: str) -> None:
        told = repr((kind, *loader.processor())).encode()
        super().__init__(b"template", kernel_digest(body, ()), told)

    def found(self) -> str | None:
        """Return what is on disk."""
        data = self.read()
        return None if data is None else data.decode()

    def keep(self, text: str) -> None:
        """Write what was made."""
        self.write(text.encode())


def check_writable() -> None:
    """Refuse what would keep kernels from being kept, which elsewhere only costs time.

    Raises
    ------
    OSError
        If no file can be made in the folder.
    ValueError
        If numba is told to compile nothing.
    """
    if is_disabled():
        raise ValueError("kernels cannot be compiled while NUMBA_DISABLE_JIT is set")
    try:
        with folder().opened(make=True) as place:
            place.write("writable", b"0")
            place.remove("writable")
    except OSError as error:
        rule = "STREAMLOSS_CACHE_DIR must name a folder that can be written"
        raise OSError(f"{rule}: got {folder().path}: {error.strerror or error}") from error
