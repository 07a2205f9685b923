"""``./run bench [NAME ...]``: every benchmark, or those named."""

import importlib
import sys

NAMES = ("startup", "orders", "commands", "understanding", "callbacks")


def main() -> int:
    """Run the benchmarks named on the command line, all of them without names."""
    wanted = sys.argv[1:] or list(NAMES)
    unknown = [name for name in wanted if name not in NAMES]
    if unknown:
        sys.stderr.write(f"no benchmark {unknown[0]}; there are {', '.join(NAMES)}\n")
        return 2
    for name in wanted:
        importlib.import_module(f"benchmarks.{name}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main())
