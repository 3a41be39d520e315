"""Where kernels run: each backend offers accumulate(losses, batch, ...) -> State and map."""
