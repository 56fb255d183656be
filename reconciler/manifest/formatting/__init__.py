"""Manifests in their canonical form: text -> the same manifests, laid out alike everywhere.

``tree`` reads a text, ``comments`` finds its comments and the entries that they belong to,
``order`` sorts keys, ``layout`` writes it all again, and ``formatter`` proves that the result
says the same.
"""
