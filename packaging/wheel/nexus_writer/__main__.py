"""`python -m nexus_writer` is `nexus-writer`."""

import sys

from nexus_writer import main

if __name__ == "__main__":
    sys.argv[0] = "nexus-writer"
    main()
