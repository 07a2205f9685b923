"""WeCom (企业微信): its robot, its self-built application, its message-push webhooks."""
