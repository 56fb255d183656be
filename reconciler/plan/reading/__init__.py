"""What must be known of a server before a plan is made, and which reads tell it. Pure."""
