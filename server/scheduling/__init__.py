"""The slot ledger: the only way to claim a terminal's or a person's time; holds and bookings stand on it."""
