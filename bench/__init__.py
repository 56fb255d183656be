"""Measures the cost of gwe, in tables for docs/measurements.md: see ``python -m bench``.

Each module but ``measuring`` and ``sites`` is a section, whose ``lines`` measure and give Markdown.
"""
