"""`python -m siliconbert.cli` is the command `siliconbert`."""

from siliconbert.cli import main

main()
