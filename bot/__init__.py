"""The assistant: what it understands, says and does on time."""
