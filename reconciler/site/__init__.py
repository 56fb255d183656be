"""One Web Engagement installation, found from the application named by ``--app``."""
