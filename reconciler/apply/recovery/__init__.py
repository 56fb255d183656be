"""Recovery of a run that did not finish."""
