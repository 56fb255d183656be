"""Files that users name: how they are read and written, and what to do if that fails."""
