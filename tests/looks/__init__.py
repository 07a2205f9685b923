"""How cards look in a chat, drawn from the very JSON that is sent."""
