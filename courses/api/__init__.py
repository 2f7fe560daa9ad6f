"""The catalogue and its sessions over the web API."""
