"""Typed, frozen settings: one YAML file, and the environment over it."""

from bot.settings.loading import SettingsError, load
from bot.settings.secret import data_key, data_key_file
from bot.settings.sections import FeishuRobot, Robot, Settings

__all__ = ["FeishuRobot", "Robot", "Settings", "SettingsError", "data_key", "data_key_file", "load"]
