"""From a plan to writes: run, recover, undo."""
