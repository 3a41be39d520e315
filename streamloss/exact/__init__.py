"""How a sum is held: exactly, as digits of an integer, in states that merge by addition."""
