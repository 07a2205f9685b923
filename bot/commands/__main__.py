"""``python -m bot.commands`` writes docs/commands.md from the declarations."""

from pathlib import Path

from bot.messages import Role
from bot.registry import COMMANDS, Command
from bot.texts import say

PAGE = Path("docs/commands.md")
_HEAD = """\
# Commands

What the bot does, and the words that always work: a command word first, then the values in any order. People say it in many
other ways, and most of them are understood: `玻璃分享壶到货12个`, `茶杯磕坏三只`, `手冲壶改成128块`, `T恤白色L到货30件 M 20件`, a list of
lines, a block pasted from a sheet. What is not certain is asked about; what weighs is shown first. Made from the declarations in
`bot/commands/` by `python -m bot.commands`.

Values are recognised by their shape: `颜色=白`, `128元` or `￥128` or `三块五`, `8折`, `库存30`, `预警5`, `分类 器具/壶`, `编码 SC-01`,
`#1033`, `今天`, `一百二`, `两打`. `咖啡豆+50` and `咖啡豆 -3` are short for restock and deduct. A role may do all that the lower ones may:
owner > manager > staff > viewer > none.

Prices, `上架`, `下架`, `开门` and `打烊` take a moment: `明早9点上架手冲壶` is done then, `T恤8折到周日晚12点` now and put back then,
`周五18点把手冲壶改成99，周一恢复` both. The card shows the exact time; what happens is told in the chat that asked. `定时` lists what
waits (`定时 手冲壶`: of one product), `取消定时 3`, `取消手冲壶的定时` and `取消所有定时` drop some. It may last instead: `8折三天`,
`关店两小时`, `8折到月底`. Until a day without a time means to its end for prices, and to its beginning for all else. A time that cannot be
kept (`春节`, `晚上`, `每天`, `10点` without 早 or 晚) is asked about, and nothing is done meanwhile.
"""


def document() -> str:
    """The page, one table per role."""
    parts = [_HEAD]
    for role in sorted(Role):
        rows = [_row(command) for command in COMMANDS if command.role is role]
        if rows:
            parts.append(f"\n## {role.word} ({say('zh', f'role.{role.word}')})\n\n")
            parts.append("| command | words | does | writes | examples |\n")
            parts.append("| --- | --- | --- | --- | --- |\n")
            parts += rows
    return "".join(parts)


def _row(command: Command) -> str:
    examples = "<br>".join(f"`{example.text}`" for example in command.examples)
    does = f"{command.help.zh}<br>{command.help.en}"
    writes = "yes" if command.writes else ""
    return f"| {command.intent} | {'、'.join(command.words)} | {does} | {writes} | {examples} |\n"


if __name__ == "__main__":
    PAGE.write_text(document(), encoding="utf-8")
