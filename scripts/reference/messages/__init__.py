"""The page of every message, read from the source: no list is kept by hand, and none is missing.

source.py    the modules of the program as syntax trees
texts.py     what an expression says
collect.py   every message, from where it is raised or made
page.py      the page
"""
