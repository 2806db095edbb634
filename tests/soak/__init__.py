"""Runs that take long, started by hand: `python3 run.py soak NAME`."""
