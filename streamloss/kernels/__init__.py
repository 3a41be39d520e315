"""The loop bodies, what they mean when compiled, how they are compiled and kept on disk.

The aim: one source of plain Python for CPUs and GPUs, at the speed of a loop written by hand for
one loss, which a new process need not compile again. Read in this order:

1. `switches`, `elements`, `fold`, `maps`: what is computed, as Python that runs uncompiled too.
2. `internals`, `trial`: what numba has for itself, and how kernels do without it.
   `registry`, `compiler`, `meanings`: what their names mean to numba, and how it compiles them.
3. `cpu`, `gpu`: the kernels of each target; `settings`: what numba is told for both.
4. `digests`, `key`, `cache`, `private`: kernels on disk, named by all that they depend on.

A loss, a rule or a width reaches the compiler as the type of an argument; its methods and what it
selects are looked up there. What was tried or weighed instead:

- Closures over a loss: numba's cache never finds for one process what another has compiled.
- Strings of generated source: nobody can read, check or step through them before they run.
- Overloads of each body for each target: two sources to keep equal, bit for bit.
"""
