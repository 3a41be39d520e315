"""What `benchmarks.check_trust` tries: interrupts, forks, saved states and cached code."""
