"""A message as the reader sees it: one width, one kind of quote, plain blanks, no emoji."""

import re

MAX_CHARS = 4000  # a pasted table of a hundred rows; longer ones come as a file

# By table, not NFKC: NFKC turns "1²" into "12".
_TABLE: dict[int, int | str] = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_TABLE |= dict.fromkeys(map(ord, "\u3000\u00a0\u2002\u2003\u2009"), " ")
_TABLE |= dict.fromkeys(map(ord, "“”„‟「」『』"), '"')
_TABLE |= dict.fromkeys(map(ord, "‘’‚‛"), "'")
_TABLE |= dict.fromkeys(map(ord, "−–—﹣"), "-")
_TABLE |= {ord("﹢"): "+", ord("￥"): "¥", ord("。"): ".", ord("〇"): "零", ord("、"): ","}
_TABLE |= {ord("×"): "*", ord("…"): " ", ord("·"): " ", ord("→"): "改成"}
# Pictures, joiners and what only shows how a character is drawn say nothing.
SILENT = re.compile(
    "[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\u2190-\u21ff\u231a-\u23ff\ufe0e\ufe0f\u200b-\u200f\u2060\ufeff]"
)
_DAYTIME = re.compile(r"(?<=[早晚下上中]) (?=[上午][0-9一二三四五六七八九十])")  # 晚 上10点
_RANKED = re.compile(r"(?i)(?<![a-z])(top)(?=[0-9])")  # top10
_TEE = re.compile(r"(?<=[黑白灰红橙黄绿青蓝紫粉棕米色])([Tt])(?![A-Za-z0-9恤-])")  # 白T
_FACES = re.compile("\\[[\u4e00-\u9fff]{1,4}\\](?!\\()")  # [微笑] as WeChat writes them


def normalise(text: str) -> str:
    """``text`` with widths, quotes and blanks folded; line breaks, tabs, case and emoji stay."""
    folded = _FACES.sub(" ", re.sub(r"\s?[-=]>\s?", "改成", text.translate(_TABLE)))
    folded = _DAYTIME.sub("", folded)
    folded = _TEE.sub(r"\1恤", folded)
    folded = _RANKED.sub(r"\1 ", folded)
    lines = [line for line in re.split(r"\r\n|[\n\r\u2028\u2029]", folded) if line.strip()]
    if len(lines) == 1:
        return re.sub(r"[ \t]+", " ", lines[0]).strip(" ")
    return "\n".join(re.sub(r" {2,}", "\t", line.strip(" ")) for line in lines)
