"""Output: one module per form, all from the same values. No decision is made here."""
