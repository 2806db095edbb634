"""How long records are kept and how they end: periods, sealing, legal hold, erasure with proof."""
