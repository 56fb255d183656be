"""Runs, journals and backups on disk."""
