"""The demo province: fictional people and cases in real places, the same after every seeding."""
