"""Search engines behind one port (port.py)."""
