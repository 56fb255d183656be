"""Output as one HTML file, for browsers and as an artifact of continuous integration."""
