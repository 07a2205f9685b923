"""What somebody who counts says besides numbers: on, back, stop, later, I do not know."""

import re

_STEPS = {
    **dict.fromkeys(("跳过", "跳", "下一个", "skip", "next"), "skip"),
    **dict.fromkeys(("上一个", "上一项", "back", "previous"), "back"),
    **dict.fromkeys(("结束", "完成", "数完了", "盘完了", "done", "finish", "finished"), "enough"),
    **dict.fromkeys(("暂停盘点", "盘点暂停", "pause count", "pause the count"), "pause"),
    **dict.fromkeys(
        ("继续盘点", "接着盘点", "盘点继续", "resume count", "resume the count"), "resume"
    ),
}
_END = r"[了吧啊呀的,.!。！，… ]*"
# What may be said to others too: only the bot, when it is spoken to, takes these for the count's.
_LOOSE = {
    "skip": re.compile(
        r"(?:我|这个)*(?:也|真|还)?(?:不知道|不清楚|不确定|说不准|说不清|不晓得|没数过?|还没数|没法数|数不清|忘了|先不数|以后再数)"
        r"(?:有?(?:几|多少)(?:个|件)?)?"
        r"|(?:i )?(?:don'?t|do not) know|not sure|no idea|dunno|unsure|unknown"
        r"|skip (?:it|this|this one)",
        re.IGNORECASE,
    ),
    "pause": re.compile(
        r"先?(?:暂停|停|停一?下|等一?下|等等|稍等|等会儿?|歇一?下|歇会儿?|休息一?下)(?:一?下|盘点)?"
        r"|(?:等会儿?|待会儿?|一会儿?|晚点|下午|明天)再(?:数|盘|盘点|来|说|继续)"
        r"|pause|hold on|wait|later|take a break|break",
        re.IGNORECASE,
    ),
    "resume": re.compile(
        r"(?:我)?(?:继续|接着)(?:数|盘|盘点|来)?|回来|恢复盘点|resume|continue|go on|carry on",
        re.IGNORECASE,
    ),
}
_DROPS = re.compile(
    r"取消(?:盘点|这次盘点)?|(?:放弃|作废)(?:盘点|这次盘点)?|算|不盘|不数|盘点(?:取消|作废)"
    r"|cancel(?: it| the count| count)?|abort|drop it|forget it|never ?mind|stop",
    re.IGNORECASE,
)
_ITS_OWN = re.compile("盘|数|count", re.IGNORECASE)


def step(said: str, *, spoken_to: bool) -> str:
    """``skip``, ``back``, ``enough``, ``drop``, ``pause`` or ``resume``; "" for something else.

    ``spoken_to``: the message is for the bot.
    """
    sure = "drop" if drops(said, named=True) else _STEPS.get(said.casefold(), "")
    if sure or not spoken_to:
        return sure
    return next((word for word, loose in _LOOSE.items() if _whole(loose, said)), "")


def drops(said: str, *, named: bool) -> bool:
    """Whether this drops a count: not every no does; ``named``: only what says that it is one."""
    return _whole(_DROPS, said) and (not named or _ITS_OWN.search(said) is not None)


def _whole(words: re.Pattern[str], said: str) -> bool:
    return re.fullmatch(rf"(?:{words.pattern}){_END}", said, re.IGNORECASE) is not None
