"""From desired and live objects to a plan. Pure: no I/O, no clock, no printing."""
