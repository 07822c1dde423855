"""The simulator against a live server, through a proxy where the network is to fail."""
