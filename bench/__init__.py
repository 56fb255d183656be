"""What gwe costs, in tables for docs/measurements.md: ``python -m bench`` says how to run it.

Each module but ``measuring`` and ``sites`` is a section, whose ``lines`` measure and give Markdown.
"""
