"""`python -m rehearsal`: the delivery workflow on this machine.

    python -m rehearsal [--service NAME] [--source DIR] [--scenario NAME …] [--report DIR]

Exit status 0 where every scenario did what it should, 1 where one did not, 2 for bad input, 130 after Ctrl-C.
"""

import sys

from rehearsal import command

if __name__ == "__main__":
    sys.exit(command.main())
