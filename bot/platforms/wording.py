r"""What every chat platform does to words: make them harmless, and cut them to size.

Markup (bold, card tags) is each platform's own business, and is escaped after ``harmless``: an
escaped ``@\_all`` would not be recognised, and would mean everybody again once it is shown.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, takewhile

LEAST = 64  # bytes: a piece must hold its number, a repeated fence and something new

# Tags that ping or lead somewhere: <at …> of Feishu, <@id> of WeCom, <a href> of both, and
# Feishu's <person> and <link>. A full-width bracket reads the same and means nothing.
_TAG = re.compile(r"<(?=\s*(?:/\s*)?(?:@|(?:a|at|link|person)\b))", re.IGNORECASE)
# Everybody at once, and the places where Feishu puts people's names (docs: 接收消息).
_EVERYBODY = re.compile(r"@(?=_?all|everyone|所有人|全体成员|_user_)", re.IGNORECASE)

_SCHEME = re.compile(r":(?=[/\\]{2})")
_WWW = re.compile(r"(www\d?)\.(?=\S)", re.IGNORECASE | re.ASCII)
_DOT = re.compile(r"(?<=\S)\.(?=(xn--[a-z0-9-]+|[a-z]{2,24})(?![a-z0-9]))", re.IGNORECASE)
_IDEOGRAPHIC = re.compile(r"(?<=\S)\.(?=中国|中國|公司|网络|網絡|网址|网站|商城|在线|我爱你)")
_NUMBER = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_IPV4 = re.compile(rf"(?<![\d.])(?:{_NUMBER}\.){{3}}{_NUMBER}(?!\d|\.\d)", re.ASCII)

# What may follow an address of our own: the rest of it, in characters at which no client ends an
# address; or its end, where nothing can make the name of the host go on.
_REST = (
    r"(?:[/?#][A-Za-z0-9\-._~/?#=&%+]*|(?=[，；、）】」》)\]]|[.,;:!?。，；：！？\"'>]*(?:\s|$)))"
)

# Top-level domains: every country's, and those that links in chats really end in. Neither zip nor
# mov, which are files far more often, nor colours and sizes, which end codes.
_COUNTRIES = """
ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw
by bz ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et
eu fi fj fk fm fo fr ga gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie
il im in io iq ir is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv
ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr
nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg sh si sj sk
sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk us uy
uz va vc ve vg vi vn vu wf ws ye yt za zm zw
"""
_OTHERS = """
aero agency app arpa art asia audio auction baidu bar beauty best bet bid bike biz blog bond cam
cards care cash casino cat center cfd chat church city claims click cloud club codes com community
company coop credit cyou date deals dev digital direct directory download edu email energy events
exchange expert express fan fans finance financial fit fun fund games gift gifts global gov group
guide guru hair help homes host house icu ink info institute int international jobs kim land law
life link live loan lol love ltd market marketing mba media men mil mobi moe mom money monster
museum name net network news ninja one onion online ooo org page party photo photos pics pictures
plus poker post press pro promo properties pub quest racing ren rent report rest review reviews rip
rocks run sale sbs school science services sex sexy shop shopping show site skin social software
solutions space store stream studio style support surf taobao tax team tech technology tel tips
tmall today tools top tours town trade trading training travel tube university uno vacations
ventures video vip wang watch web website wiki win work works world wtf xin xxx xyz zone
"""
_TOP_LEVEL = frozenset(f"{_COUNTRIES} {_OTHERS}".split())


def harmless(text: str, *, own_url: str = "") -> str:
    """``text`` in which no chat client finds a person to notify or an address to follow.

    It reads the same: brackets, at signs, colons and dots become full-width where they would be
    understood. Addresses that begin with ``own_url`` stay; doing it twice changes nothing more.
    """
    text = _EVERYBODY.sub("＠", _TAG.sub("＜", text))
    if not own_url:
        return _unlinked(text)
    own = re.compile(rf"(?<![A-Za-z0-9+.\-])({re.escape(own_url.rstrip('/'))}{_REST})")
    parts = own.split(text)  # others and our own, by turns
    return "".join(part if odd % 2 else _unlinked(part) for odd, part in enumerate(parts))


def _unlinked(text: str) -> str:
    text = _WWW.sub(r"\1．", _SCHEME.sub("：", text))
    text = _IPV4.sub(lambda found: found[0].replace(".", "．"), text)
    return _IDEOGRAPHIC.sub("．", _DOT.sub(_wide_dot, text))


def _wide_dot(found: re.Match[str]) -> str:
    ending = found[1].lower()
    return "．" if ending in _TOP_LEVEL or ending.startswith("xn--") else "."


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; columns of numbers stand on the right. Cells are escaped already."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(head)
    rule = ["---:" if numeric(column) else ":---" for column in columns]
    lines = [_cells(head), rule, *map(_cells, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def plain_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table where there is no markup: a line per row."""
    return "\n".join(" ｜ ".join(_cells(line)) for line in (head, *rows))


def _cells(cells: Sequence[str]) -> list[str]:
    return [" ".join(cell.replace("|", "｜").split()) for cell in cells]


def numeric(column: Sequence[str]) -> bool:
    """Whether every cell of a column is a number, an amount, a share, or empty beside such."""
    return any(column) and all(_FIGURE.fullmatch(cell) for cell in column)


def split(text: str, most: int) -> tuple[str, ...]:
    """``text`` in pieces of at most ``most`` (64 or more) bytes of UTF-8, numbered ``(1/3)``.

    They are cut where a line ends, or else inside the line, after a blank or a stop if one is near,
    never inside a character as people see it. A piece that begins inside fenced code or a table
    repeats the fence or the head, and closes the fence at its end; without these and the numbers,
    the pieces joined are the text. What fits is one piece without a number; "" is none.
    """
    if most < LEAST:
        raise ValueError("a piece is too small to hold anything")
    if _size(text) <= most:
        return (text,) if text else ()
    stretches = _stretches(text, most)
    digits, pieces = 0, list[str]()
    while len(str(len(pieces))) > digits:
        digits += 1
        pieces = _cut(stretches, most - len(_label("9" * digits, "9" * digits, "|")))
    return tuple(_label(n, len(pieces), piece) + piece for n, piece in enumerate(pieces, 1))


def _label(number: object, total: object, piece: str) -> str:
    """Before a table goes an empty line, or the number would be taken for its head."""
    return f"({number}/{total})\n" + ("\n" if piece.startswith("|") else "")


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Lines that stay together if they fit.

    ``again``: what a piece that begins with them repeats; ``closing``: what one that ends with them
    adds.
    """

    text: str
    again: str = ""
    closing: str = ""

    @property
    def reserve(self) -> int:
        """Bytes that ``closing`` takes, its line end included."""
        return len(self.closing) + 1 if self.closing else 0


_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_FENCE = re.compile(r" {0,3}(`{3,8}|~{3,8})([^`~\n]*)\n?")
_RULE = re.compile(r"\|[ \t:|]*-[ \t:|-]*\n?")
_TOP = 3  # a table's head, rule and first row stay together


def _stretches(text: str, most: int) -> list[_Stretch]:
    """The text in lines. What takes more than a quarter of a piece is not repeated in each."""
    lines = _LINE.findall(text)
    made: list[_Stretch] = []
    at = 0
    while at < len(lines):
        block = [_Stretch(lines[at])]
        if fence := _FENCE.fullmatch(lines[at]):
            block = list(_code(lines[at:], fence[1], most // 4))
        elif _is_table(lines, at):
            block = list(_table(lines[at:], most // 4))
        made += block
        at += sum(len(_LINE.findall(stretch.text)) for stretch in block)
    return made


def _code(lines: list[str], mark: str, most: int) -> Iterator[_Stretch]:
    """The fenced code that begins these lines; an opening of more than ``most`` bytes is bared."""
    again = lines[0] if _size(lines[0]) <= most else f"{mark}\n"
    yield _Stretch(lines[0], closing=mark)
    for line in lines[1:]:
        fence = _FENCE.fullmatch(line)
        if fence and fence[1].startswith(mark) and not fence[2].strip():
            yield _Stretch(line, again)
            return
        yield _Stretch(line, again, mark)


def _is_table(lines: list[str], at: int) -> bool:
    following = lines[at + 1 : at + 2]
    return lines[at].startswith("|") and any(map(_RULE.fullmatch, following))


def _table(lines: list[str], most: int) -> Iterator[_Stretch]:
    """The table that begins these lines; a head of more than ``most`` bytes is not repeated."""
    rows = list(takewhile(lambda line: line.startswith("|"), lines))
    again = rows[0] + rows[1]
    yield _Stretch("".join(rows[:_TOP]))
    yield from (_Stretch(row, again if _size(again) <= most else "") for row in rows[_TOP:])


def _cut(stretches: list[_Stretch], room: int) -> list[str]:
    """Pieces of at most ``room`` bytes."""
    sheets = _Sheets(room)
    for stretch in stretches:
        sheets.put(stretch)
    return sheets.all()


class _Sheets:
    """Pieces being filled, one after the other."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._full: list[str] = []
        self._parts: list[str] = []
        self._used = 0
        self._closing = ""

    def put(self, stretch: _Stretch) -> None:
        """Write a stretch where it fits; cut it only if no sheet would hold it."""
        if not self._fits(stretch) and (self._holds(stretch) or 2 * self._used > self._room):
            self._turn()
        while not self._fits(stretch):
            place = _place(stretch.text, self._left(stretch))
            self._write(replace(stretch, text=stretch.text[:place]))
            self._turn()
            stretch = replace(stretch, text=stretch.text[place:])
        self._write(stretch)

    def all(self) -> list[str]:
        """What was written; the end of the text is not closed by us."""
        return [*self._full, "".join(self._parts)]

    def _left(self, stretch: _Stretch) -> int:
        return self._room - (self._used or _size(stretch.again)) - stretch.reserve

    def _fits(self, stretch: _Stretch) -> bool:
        return _size(stretch.text) <= self._left(stretch)

    def _holds(self, stretch: _Stretch) -> bool:
        """Whether an empty sheet would."""
        return _size(stretch.again + stretch.text) + stretch.reserve <= self._room

    def _write(self, stretch: _Stretch) -> None:
        again = "" if self._parts else stretch.again
        self._parts += [again, stretch.text]
        self._used += _size(again) + _size(stretch.text)
        self._closing = stretch.closing

    def _turn(self) -> None:
        text = "".join(self._parts)
        if self._closing:
            text += ("" if text.endswith("\n") else "\n") + self._closing
        self._full.append(text)
        self._parts, self._used, self._closing = [], 0, ""


_FIGURE = re.compile(r"(?:[-+−]?¥?\d[\d,.]*%?(?:\+\d+)?)?")  # 17+3 too
_STOPS = frozenset(" \t,;|，。；、！？：｜）")
_LONGEST = 64  # code points: no character that people write has more
_JOINER = "\u200d"
_FLAG_LETTERS = "".join(map(chr, range(0x1F1E6, 0x1F200)))  # two make a flag
_MODIFIERS = frozenset(map(chr, (*range(0x1F3FB, 0x1F400), *range(0xE0020, 0xE0080))))


def _place(text: str, room: int) -> int:
    """Where to cut a text that is longer than ``room`` bytes; never 0."""
    ends = list(accumulate(map(_width, text[:room])))
    most = max(1, bisect_right(ends, room))
    near = range(most, max(0, most - most // 4), -1)
    stops = (at for at in near if text[at - 1] in _STOPS and _parted(text, at))
    seams = (at for at in range(most, max(0, most - _LONGEST), -1) if _parted(text, at))
    return next(stops, 0) or next(seams, most)


def _width(char: str) -> int:
    """Bytes in UTF-8."""
    return 1 + sum(ord(char) >= limit for limit in (0x80, 0x800, 0x10000))


def _parted(text: str, at: int) -> bool:
    """Whether two characters, as people see them, meet here."""
    before, after = text[at - 1], text[at]
    if _JOINER in (before, after) or before + after == "\r\n":
        return False
    if before in _FLAG_LETTERS and after in _FLAG_LETTERS:
        return (at - len(text[:at].rstrip(_FLAG_LETTERS))) % 2 == 0
    return unicodedata.category(after)[0] != "M" and after not in _MODIFIERS
