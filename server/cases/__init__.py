"""Cases: what an agency notified, whose defence it is, who was assigned and why, and every clock on it."""
