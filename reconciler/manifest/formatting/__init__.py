"""Formats manifests: text -> the same manifests in canonical form.

``tree`` reads a text, ``comments`` finds its comments and the entries that they belong to,
``order`` sorts keys, ``layout`` writes the text, and ``formatter`` proves that the result says the
same.
"""
