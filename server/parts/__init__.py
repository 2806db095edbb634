"""The features as parts of the web process: the only place that wires their ports to what implements them.

Each `Part`, made on the common `Ground`, says which handlers, topics, rounds and probes it brings.
"""
