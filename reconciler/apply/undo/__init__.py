"""The plan that reverts a run."""
