"""What every layer stands on: words of errors, what happens once, which streamloss this is."""
