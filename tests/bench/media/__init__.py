"""What forwarding a packet costs, beside Janus: `python3 run.py bench media --json`."""
