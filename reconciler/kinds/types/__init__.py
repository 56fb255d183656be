"""The table of object types, a module for each group of them. Data only."""
