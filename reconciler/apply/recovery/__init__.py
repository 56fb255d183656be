"""What comes after a run that did not finish."""
