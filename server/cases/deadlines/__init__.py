"""Deadlines: rules as data, the calendar of China, and the arithmetic said aloud."""
