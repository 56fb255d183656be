"""Output: one module per form, all from the same values. Nothing here decides anything."""
