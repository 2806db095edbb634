"""Meetings at a distance: who may enter, the waiting room, signalling, and what stays unknown to us."""
