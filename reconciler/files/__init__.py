"""Files that users name: how they are read, and what to do where that fails."""
