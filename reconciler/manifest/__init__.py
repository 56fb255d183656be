"""From YAML text to desired objects: load, validate, bind."""
