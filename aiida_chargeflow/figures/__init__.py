"""Arrays in, matplotlib figures and 3D scenes out. Nothing here imports AiiDA, shows or saves."""
