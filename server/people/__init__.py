"""People: accounts, organisations, sessions, agency keys and kiosk terminals."""
