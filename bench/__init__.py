"""Measurements: ratios and costs, printed with the command that made them."""
