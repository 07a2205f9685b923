"""What the shop knows: SKUs, stock, orders, members, messages. Works without Flask and without the bot."""
