"""What the shop knows: SKUs, stock, orders, members, messages. Needs neither Flask nor the bot."""
