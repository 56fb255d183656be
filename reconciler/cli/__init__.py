"""The command line: one module per command. Printing happens here and in ``render``."""
