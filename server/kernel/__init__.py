"""Words that every room shares: time, identifiers, identities, permissions, errors, events. Pure; no I/O."""
