"""What the interfaces of frameworks share: arrays, exact sums of them, and how those end.

Frameworks multiply losses by weights, whatever those are, and round their inputs to a dtype first.
Of dask arrays everything stays lazy.
"""
