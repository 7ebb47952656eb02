"""The command `anodefree`."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line; every failure is one message and an exit code, never a bare traceback."""
    from anodefree.cli.main import cli
    from anodefree.errors import AnodefreeError

    try:
        cli(prog_name="anodefree")
    except AnodefreeError as error:
        from anodefree.cli.console import complain

        complain(error)
        sys.exit(error.exit_code)
    except BrokenPipeError:  # the reader of our output went away, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        if os.environ.get("ANODEFREE_DEBUG"):
            raise
        sys.stderr.write(
            f"error: {type(error).__name__}: {error}\n"
            "  try: this is a defect; ANODEFREE_DEBUG=1 shows where it happened, please report that\n"
        )
        sys.exit(1)


if __name__ == "__main__":
    main()
