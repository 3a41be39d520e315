"""Where a query meets data: the runners, and what chooses among them."""
