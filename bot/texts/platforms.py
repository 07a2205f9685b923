"""What a platform says by itself, around the shop's own words.

A platform is not told the language of a chat, so all of it is Chinese, which every reader of Feishu
and WeCom in China has. The English beside it is for where the reader's own client chooses, as it
does for Feishu's toasts.
"""

from bot.texts.text import Text

PLATFORMS: dict[str, Text] = {
    "platform.again": Text(
        "（可能重复发送 · 编号 {number}）", "(perhaps sent twice · number {number})"
    ),
    "platform.choose": Text("请选择", "Please choose"),
    "platform.done": Text("已处理", "Done"),
    "platform.file_left_out": Text(
        "附件「{name}」无法由群机器人发送", 'This robot cannot send the file "{name}"'
    ),
    "platform.heard": Text("收到", "Got it"),
    "platform.hint": Text("{label}：发「{command}」", '{label}: send "{command}"'),
    "platform.no_file": Text("（文件在这里发不了）", "(files cannot be sent here)"),
    "platform.robot": Text("机器人", "robot"),
    "platform.working": Text("处理中…", "Working…"),
}


def spoken(key: str, /, **values: object) -> str:
    """A platform's own sentence. Raises ``KeyError`` for a key nobody wrote."""
    return PLATFORMS[key].zh.format(**values)
