"""What comes in by HTTP, the pages, and the ``zhanggui`` command line."""
