"""What `benchmarks.cuda_check` asks a GPU: the same bits, good behaviour, and the pace."""
