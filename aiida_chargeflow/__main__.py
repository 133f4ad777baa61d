"""``python -m aiida_chargeflow``: the command tree."""

from .cli import main

main()
