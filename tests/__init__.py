"""The tests. They and the many processes that they start share what is compiled: containers
often forbid Python to keep it, and then each process would compile the package again."""

import os
import sys

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
