"""Where state lives: database, objects, bus. Implements the ports of `server`."""
