"""What is ours on a server, what is not, and what is accepted as it is. Pure."""
