import sys

from slora_gui.app import main

sys.exit(main())
