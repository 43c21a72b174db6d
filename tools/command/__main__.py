"""Entry point of ./janus: keeps the imports of the common path (run with a current build) few."""
import sys

import cli

sys.exit(cli.main(sys.argv[1], sys.argv[2:]))
