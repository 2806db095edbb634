"""The audit log: who did what to which record, in a tree of hashes that nobody can rewrite unseen."""
