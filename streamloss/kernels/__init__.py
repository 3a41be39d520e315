"""The loop bodies, what they mean when compiled, how they are compiled and kept on disk."""
