"""The JSON Schema of manifests, made from the tables. Pure."""
