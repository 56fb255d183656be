"""Output: one module per form, all from the same values. It decides nothing."""
