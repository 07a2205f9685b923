"""Words that turn a write round, put it off or make it somebody else's: then it is confirmed.

A line may sound like a command all over and still not be one: 多扣了24, 预计到货24, 进价20. What stands
here was found by people who tried to be misread; it is looked for in the whole line, goods and
numbers being one cell each, so no product's name can raise it.
"""

import re

from bot.understanding.numerals import HANZI
from bot.understanding.tokens import Line, pattern
from bot.understanding.wording import SURNAMES

_STOCK = ("restock", "deduct", "stocktake")
_SHELF = ("delist", "relist")
_ORDERS = ("ship", "mark_paid", "complete", "cancel_order", "refund")
_GOODS = (*_STOCK, *_SHELF, "set_price", "set_threshold", "add_sku", "edit_sku")
_PUT_OFF = (
    r"预计|预期|预定|即将|快要|推迟|延后|稍后|有空|月底|月初|年底|下个?月|下下?个?(?:周|星期|礼拜)|元旦|春节|过年|国庆|中秋|端午|圣诞"
    r"|双十[一二]|双(?:1[12]|{n})|节后|年后|卖完|(?:停|缓|暂停)(?:补|发|进|扣)|拒收|在路上|厂家没货"
    r"|\b(?:next (?:week|month|year)|after|almost|nearly|christmas|new year)\b"
)
_NOT_NOW = (
    r"测试|示例|格式|模板|待办|备忘|\btodo\b|转发|无效|忘了|忘记|撤回|作废|开玩笑|玩笑|对吧|是吧|够不够|每(?:天|周|月|日|晚|早)"
    r"|平时|平常|从来|一般|[补加扣减录记改发退]过了|\b(?:i mean|test|testing|example|by mistake|undo|cancel|nvm|jk|never ?mind)\b"
)
_AMISS = (
    r"[补加扣减录记](?:错|重了?|多了|少了|漏)|(?:多|少|误|漏)(?:补|加|扣|减|录|记)|[上下]架错|误[上下]架|被平台|错了(?=$|[,.!])"
    r"|以外|之外|(?<![解扣清删去排拆])除(?!湿|臭|尘|螨|草|味|锈|菌|皱|毛|疤)|负{n}|分之|[个箱斤包盒]半|{n}半|{n}[+＋]|{plus}{n}"
)
_DIFFERENCE = r"(?<!系统)(?<!账[上面])(?:[少差多亏盈短<>]|低于|高于|不足|不到)了?{n}|{n}遍"
_PRICES = r"(?:进价|成本)(?!.{0,2}[高涨贵低降])|批发|市场价|拿货|供货|吊牌|(?:隔壁|对面|别家|同行)(?!.*跟)|补贴|差价|砍价|还价|提成|佣金|抽成|[运邮]费|快递费|会员价|到手价|券后|补货价|到付|押金|赔|[退返]现?{money}|(?<!调)[进补扣付找]货?{money}|收{money}(?!一)|员工|会员|老客|团购|直播|{off}太|{off}卖出|{money}以[下上内]|一天|到货|入账|进账|到账|收了"
_TAKEN_BACK = r"[,. ](?:取消|撤销|撤回|待定|暂定|作罢|不要)[吧了]?$|待定|暂定|\b(?:nope|nah)\b"
_NEWS = r"(?:[贵低]|便宜|[涨降]价)了{money}|(?<!\b打){off}了(?=[还也又才都])|都{off}了|都打{off}了|行不行|\b(?:was|were|cost us)\b"
_WANTED = r"{n}(?:客人|客户|顾客|人)(?:要|想|等)|\b(?:less|more) than\b|\band a half\b|{money} for\b|\bleft\b"
_MOVED = r"[到去往给](?:[一二三四五六七八九十新老总分南北东西]|{n})?(?:店|仓库|分店|门店)"
_VAGUE_TIME = r"晚上|傍晚|凌晨|早上|上午|中午|下午|月末|周末|\btonight\b|\bthis weekend\b"
# Words of time that no clock places.
VAGUE = pattern(
    rf"(?:{{n}}|[0-9]{{1,3}}|{HANZI}{{1,3}}|半)个?半?(?:月|年|季度?)半?(?:[之以]?后)|次日(?!达)|隔[天日]|第二天|翌日|下个?季度?|来年|后年|数[天日周月]|片刻"
    rf"|(?<![{HANZI[1:-1]}了近过每前后这全])(?:{{n}}|[0-9]{{1,3}}|{HANZI}{{1,2}}|半|整)个?半?(?:年|季度?)(?![前级货装份陈老质保免了])"
    rf"|(?<![{HANZI[1:-1]}这当了])(?:{{n}}|[0-9]|一?整|[一两三])(?:晚上?|夜|宿)(?![0-9点后间市里])|一天一夜|早一?点(?![心餐])|[早晚]一?[点些](?=打烊|[关开][店门]|收摊|[上下]架)|早打烊|提[前早]|尽早"
    rf"|过(?:{{n}}|[0-9]{{1,3}}|{HANZI}{{1,3}}|半)个?半?(?:分钟|刻钟|小时|钟头|天|周|星期|礼拜|月|年)(?!没|未|不|期)"
    r"|\bin ?(?:an?|half an?|{n}) ?(?:months?|years?)\b|\bfor ?(?:an?|half an?|{n}) ?years?\b|\b(?:an?|{n}) ?(?:months?|years?) from now\b"
    r"|\b(?:few|several|couple of) (?:minutes|hours|days|weeks|months|years)\b|\bfor (?:a bit|some time|the night)\b|\ba fortnight\b|\bnext quarter\b|\bthe next day\b|\bovernight\b|\bearly\b(?! bird)|\bquarter of an hour\b|"
    r"春节|过年|元旦|国庆|中秋|端午|清明|五一|圣诞|情人节|元宵|除夕|双(?:十[一二]|1[12]|{n})|六一八|[节年假]([前后])|放假|假期|暑假|寒假|开学"
    r"|[月年][底末初]|明年|下下?个?月|下下?个?(?:周|星期|礼拜)|(?:晚上|傍晚|凌晨|早上|上午|中午|下午|半夜|夜里)(?!好)|(?:今|明|后|当|周)晚"
    rf"|(?:[0-9]{{1,3}}|{HANZI}{{1,3}})(?:天|周|星期|礼拜|小时|个月)[之以]?[内里]"
    r"|(?<![这近前])几(?:天|个?小时|个?钟头|周|个月)(?!没|前)|[二两三四五六七八九]{2}(?:天|周|个?小时|个月)(?!没|前)|半天|一阵子?|一段时间|全天|整天"
    r"|限时(?!.*(?:{when}|[0-9一二两三四五六七八九十半]个?(?:天|周|小时|分钟|星期|礼拜)))"
    r"|待会|等会|过一?会|稍后|回头|改天|改日|过[几两]天|过阵子|有空|到时候?|卖完|(?:打烊|关门|开门|收摊|下班|上班)[前后]|午休|[早午晚夜]市|夜场|节假日|[0-9]{1,2}[点时]"
    r"|\b(?:next (?:week|month|year)|christmas|new year|tonight|(?:the |this )?weekend|all day|a while|(?:in the |this )?(?:morning|afternoon|evening)|later|soon|holiday)\b"
)
# What is to be done again and again, and how it usually is.
REPEATED = pattern(
    r"每(?:天|日|晚|早|周|月|年|个?(?:星期|礼拜|工作日|周末)|逢|{when})|天天|周末都|工作日|\b(?:every|each) ?(?:day|night|morning|evening|week|month|{day})|\b(?:daily|weekly)\b"
)
USUAL = pattern(r"平时|平常|一般|通常|往常|\b(?:usually|normally|weekdays)\b")
# Words of stock: it changes when goods do, not at a time.
STOCKED = pattern(
    r"补货?(?!贴|光|丁|水|习)|到货|入库|进货|来货|上货|收货|出库|扣(?!子)|盘点|{plus}|{minus}|\b(?:restock|received?|deduct|arriv\w*)\b|{when}(?:就|会|再)*到{n}"
)
_COUPONS = r"满减|满{n}减|立减|直减|{n}元?券|优惠"
_HALF_DONE = r"待(?:发|付|收)|催(?!了)|失败|欠|一半|定金|订金|货到付款|收款码|异常|发错|地址"
_SOMEBODY = re.compile(
    rf"^(?:>|[{SURNAMES}][\u4e00-\u9fff]{{1,2}}[:：]|[小老阿][\u4e00-\u9fff][:：])"
)
_CAUTIONS = {
    **dict.fromkeys(_GOODS, (_PUT_OFF, _NOT_NOW)),
    **dict.fromkeys(
        _SHELF,
        (
            _PUT_OFF,
            _NOT_NOW,
            _AMISS,
            _VAGUE_TIME,
            r"(?<!取消)撤销|^非|架(?:之?前|之?后|原因|时)|[已被][上下]架",
        ),
    ),
    "set_threshold": (_PUT_OFF, _NOT_NOW, _AMISS, _VAGUE_TIME, r"预警了|报警了|提醒了"),
    "add_sku": (r"测试|示例|格式|待办|\btodo\b|转发|预计|玩笑|\bi mean\b|进价|成本",),
    "restock": (
        _PUT_OFF,
        _NOT_NOW,
        _AMISS,
        _WANTED,
        _MOVED,
        r"多发|差价|[补进]货?价|[将要]到货?|说好|(?:还|需)要补|该[补进]|剩了?{n}|\$|^(?!.*\b(?:restock|top|fill|back|bring|get)\b).*\bup to\b|\bneed\b|\b(?:broken|sold|damaged|expired|lost|missing)\b|到付|卖到|电脑上|订货|缺货|[到入进]账|到手|运费|撤销|撤回",
    ),
    "deduct": (_PUT_OFF, _NOT_NOW, _AMISS, _COUPONS, _WANTED, r"撤销|撤回|订了|留{n}"),
    "stocktake": (_PUT_OFF, _NOT_NOW, _DIFFERENCE, r"应有|应该有|盘点时"),
    "set_price": (
        _PUT_OFF,
        _NOT_NOW,
        _VAGUE_TIME,
        _PRICES,
        _COUPONS,
        _NEWS,
        r"{off}.*减|减.*{off}",
    ),
    **dict.fromkeys(_ORDERS, (_NOT_NOW, _HALF_DONE)),
    "ship": (_NOT_NOW, _HALF_DONE, r"慢|晚[点些]|先发|改[发走寄]|换成?"),
    "subscribe": (
        r"^(?!.*(?:[推报发播喊叫说讲]|汇总|总结|统计|提醒|通知|summary|report)).*(?:打烊|[开关]门|营业|现在|一般|睡|吃|[上下]班|了$|{time}$)",
    ),
    "undo": (
        r"前?(?:{n}|[两二三四五几])[步条次笔个]|消息|[小老][\u4e00-\u9fff]的|[他她]的?|别人|上上",
    ),
}


for _intent in _GOODS:  # 手冲壶补10，取消; of an order that is the command itself
    _CAUTIONS[_intent] += (_TAKEN_BACK,)


def cautious(intent: str, line: Line, *, but: tuple[int, int] = (0, 0)) -> str:
    """The word that makes a write of this intent one to be confirmed, "" for none.

    ``but``: cells that are understood, so that none of their words is one.
    """
    start, end = but
    masked = line.masked[:start] + "\0" * (end - start) + line.masked[end:]
    said = _SOMEBODY.search(line.text)
    if said is not None and intent in _CAUTIONS:
        return said[0].rstrip(":：")
    for source in _CAUTIONS.get(intent, ()):
        match = pattern(source).search(masked)
        if match is not None:
            return line.words(*match.span())
    return ""
