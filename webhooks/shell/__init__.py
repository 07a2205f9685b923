"""What the ``zhanggui`` command does beyond calling the shop: demo, terminal, files."""
