"""Lianbian: criminal legal aid at a distance. The server's packages, one room a feature."""
