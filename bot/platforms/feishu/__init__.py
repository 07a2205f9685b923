"""Feishu (飞书): its callbacks and long connection, its cards and messages."""
