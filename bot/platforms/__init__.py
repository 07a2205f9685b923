"""Chat platforms: each verifies, parses, renders and sends behind one protocol."""
