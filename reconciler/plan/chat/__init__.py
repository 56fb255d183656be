"""The path of a chat through a site, and what a plan does to it. Pure."""
