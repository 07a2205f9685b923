"""How long a server takes to answer, and what it holds in memory then."""

from benchmarks.serving import ROUNDS, median, say, served


def main() -> None:
    """Start a server five times on a new shop: the first answer of /healthz, the memory then."""
    starts, memory = [], []
    for _ in range(ROUNDS):
        with served() as server:
            starts.append(server.start_s)
            memory.append(server.rss_mb)
    say("serve on a new SQLite file, median of five (smallest, largest)")
    say(f"  first answer   {median(starts):8.2f} s   ({min(starts):.2f}, {max(starts):.2f})")
    say(f"  memory         {median(memory):8.0f} MiB ({min(memory):.0f}, {max(memory):.0f})")
