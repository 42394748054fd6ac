"""``python -m slora_core`` is the command line."""

from slora_core.cli import main

raise SystemExit(main())
