"""What comes before what: references, deletes, circles of objects. Pure."""
