"""``python -m scripts.reference``: writes the generated pages."""

from scripts.reference import write

write()
