"""The loop bodies, what they mean when compiled, how they are compiled and kept on disk.

The aim: one source of plain Python for CPUs and GPUs, at the speed of a loop written by hand for
one loss, which a new process need not compile again. Read in this order:

1. `switches`, `elements`, `fold`, `maps`: what is computed, as Python that runs uncompiled too.
   `views` reads arrays of any dtype and strides for `fold`; `tiles` and `columns` fold cells that
   lie side by side. `rows`: which losses of rows are computed side by side.
2. `registry`, `compiler`, `meanings` (`_of_loops`, `_of_rows`): what their names mean to numba, and
   how it compiles them.
   `internals`, `trial`, `settings`: what numba has for itself, how kernels do without it, and what
   it is told.
3. `builder`, `vectors`: a body as an object file. `loader`: such files as functions, without
   numba. `cpu`: which function is called, and where it comes from. `dispatch`: numba's own way,
   where object files are not used. `gpu`: kernels of GPUs.
4. `versions`, `digests`, `key`, `cache`, `private`: kernels on disk, named by all they depend on.

A loss, a rule or a width reaches the compiler as the type of an argument; its methods and what it
selects are looked up there. What was tried or weighed instead:

- Closures over a loss: numba's cache never finds for one process what another has compiled.
- Strings of generated source: nobody can read, check or step through them before they run.
- Overloads of each body for each target: two sources to keep equal, bit for bit.
"""
