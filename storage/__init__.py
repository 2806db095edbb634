"""Everything that keeps state: database, objects, bus and queue, behind the ports of the features."""
