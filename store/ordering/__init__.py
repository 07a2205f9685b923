"""Orders as they come in: what is asked for, how many at once are decided, who waits where."""
