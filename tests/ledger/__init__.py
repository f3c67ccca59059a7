"""Writes that happen once."""
