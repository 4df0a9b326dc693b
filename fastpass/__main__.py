"""The program ``fastpass``, also ``python -m fastpass``."""

from __future__ import annotations

from fastpass.common.interrupts import INTERRUPTED, one_line_interrupts


def main() -> None:
    """Run a command; ends the process."""
    with one_line_interrupts(INTERRUPTED):  # already while the commands are imported
        from fastpass import cli

        cli.main()


if __name__ == "__main__":
    main()
