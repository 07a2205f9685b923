"""Words that say nothing, and words that make a write doubtful. Patterns over cells."""

from bot.understanding.tokens import pattern

# Politeness around a message; a request in the form of a question is a request.
POLITE_HEAD = pattern(
    r"^(?:(?:能不能|可不可以|可以|能否|可否|能|麻烦|劳烦|劳驾|请|烦请|拜托|辛苦)*(?:你|您|掌柜的?|店小二|小二|机器人|小助手|老铁|亲|宝)?(?:帮(?!助)我?们?|帮忙|帮个忙|给我|替我)(?:把)?(?:一下)?,?"
    r"|(?:麻烦|劳烦|劳驾|请|烦请|拜托|辛苦)(?:你|您|了|大家)?(?:一下)?,?|(?:你好|您好|hi|hello|hey|嗨|哈喽|喂|在吗|在么|掌柜的?|店小二|小二)[,!.]*"
    r"|(?:can|could|would|will) (?:you|u|we|i)(?: please| pls)?(?: help me| help)? ?|(?:please|pls|plz|kindly)[ ,]*|(?:i'd like (?:you )?to|i want (?:you )?to|i need (?:you )?to|let's|go ahead and|just|ok|okay|so|um|uh|well|right|alright|now)[, ]+"
    r"|(?:嗯+|呃+|额+|那个那个|哦+|噢+|啊+|对了|好的?|行|ok|那|然后|还有|另外|顺便)(?:,|呀|啊))"
)
POLITE_TAIL = pattern(
    r"(?:[,.!~? ]*(?:谢 ?谢 ?(?:你|您|了|啦|哈|大家)?|多谢|感谢|谢啦|辛 ?苦 ?(?:了|啦|一下|你了|您了)?|拜托(?:了|啦)?|麻烦(?:了|你了|您了)|\b(?:thanks(?: a lot)?|thank you|thx|ty|cheers|please|pls|plz|3q)|哈哈+|嘿嘿|蟹蟹|好吗|好不好|可以吗|行吗|可以不|ok吗|ok\?)[,.!~ ]*)+\??$"
)
# What may stand anywhere in a command and says nothing.
FILLER = pattern(
    r"(?:那|这)一?类|类(?=都|全|统)|[的了吧啊呀呢哈哦噢嘛哟喽啦咯哇哎唉嗯额呃地得]|那个|这个|那款|这款|那种|这种|一下子?|一次|把|将|给|请|帮(?:我|忙)?|麻烦|现在|目前|这会儿?|刚刚|刚才|刚|又|都|也|就|先(?!别|不)|全|统一|"
    r"我们?|咱们?|从(?:库存|账上?|系统|账面)(?:里面?|上)?|店里|仓库里?|仓里|库里|架上|货架上?|今天|今早|今晚|要|需要|得|应该|一共|总共|合计|共计?|商品|产品|货品|东西|货|这边|那边|里面?|上去?|一批|批|"
    r"系统(?:里|上)?|后台|的话(?=$)|[,.!/“”()\[\]<>《》·=]|(?<![a-z])'|'(?![a-z])|直接|统统|立刻|马上|赶紧|快(?!递|没|卖|断|要)点?|重新|暂时|临时|暂|以后(?=都)|另外|还有|然后|以及|和|跟|与|及|还(?!没|不)|个|件|单(?!价)|下(?!架|午|周|单|次|个)|"
    r"\b(?:the|a|an|of|to|for|on|in|at|is|are|be|it|its|it's|this|that|order|orders|customer|cash|these|please|pls|now|just|all|some|my|our|me|us|with|from|by|and|also|so|then|there|here|up|out|one|ones|product|products|item|items|units?|pcs|pieces|stock|shop|store|today|right|guys?|hey|hi|ok|okay|can|you|we|i|have|has|had|do)\b"
)
# Reads are asked as questions; there these words say nothing either.
ASKING = pattern(
    r"[吗么呢?]|还|有|些|没|没有|多少|几(?:个|件|种|款|盒|瓶|包)?|哪些?|什么|啥|怎么样|咋样|如何|情况|是|在|看看?|查查?|瞧瞧|想|知道|了解|问问?|请问|到底|究竟|大概|差不多|够不够|够|能|可以|会|告诉|说说?|来|发|一|份|列(?:出来?|一下)?|显示|给出|想要|想看|想知道|"
    r"\b(?:what|what's|whats|how|how's|which|who|whose|where|when|do|does|did|show|tell|give|list|see|check|any|still|got|left|much|many|were|was|been|about|get|need|know|look|like|are there|want|let|i'd|doing)\b"
)
# Negation, condition, question, hearsay, the past and plans: with one of these nothing is written.
NEGATION = pattern(
    r"不(?!锈|粘|倒翁|好意思|错|仅|但|管)|别(?!针|致|墅|的)|没(?!药|问题)|勿|甭|未(?!付|发)|无需|毋|莫(?!代尔|名)|停止|暂停|取消(?!噪)|免了|算了|作罢|拒绝|反对|假的|差点|险些|幸亏|幸好|唔(?!好意思|该)|冇|\b(?:not|no|never|don't|dont|doesn't|didn't|won't|can't|cannot|isn't|aren't|wasn't|shouldn't|have ?n'?t|has ?n'?t|had ?n'?t|yet to|nvm|never ?mind|jk|hold off|without|stop|instead of)\b"
)
CONDITION = pattern(
    r"如果|要是|假如|假设|若是?|的话|万一|除非|等(?!级|于)|一旦|只要|(?:之后|以后)再|再说|看情况|视情况|到时候?|(?<!每)次再|(?<!刚)才(?!刚)|就算|即使|不然|否则|\b(?:if|when|whenever|unless|once|until|in case|depending|should|would|could|might|may|maybe|perhaps|suppose)\b"
)
QUESTION = pattern(
    r"[吗么?]|怎|为什么|为啥|为何|谁|哪|啥|什么|是否|是不是|有没有|要不要|能不能|可不可以|该不该|行不行|对不对|好不好|多少|几(?!天前)|还是(?!不|新|好的|全新|原)|呢$|\b(?:what|why|how|who|which|where|did|does|was|were|has|have we|had)\b"
)
HEARSAY = pattern(
    r"(?<!好)说(?!明|好)|听(?!装)|问|告诉|转告|据|讲|喊|通知|写着?|\"|'(?![a-z])|想(?!要)|觉得|以为|好像|似乎|估计|可能|也许|或许|大概|应该|准备|打算|计划|考虑|建议|希望|商量|讨论|研究|例如|比如|举例|假装|开玩笑|骗|瞎|对面|别家|人家|同行|网上|淘宝|拼多多|进价(?!高|涨|贵|低|降)|成本(?!高|涨|贵|低|降)|原价|市场价|\b(?:said|says|say|told|tells|heard|thinks?|thought|guess|wonder|wondering|planning|plan|going to|gonna|about to|wanted|asked|asks|hop(?:e|ing)|expect(?:ed|ing)|example|pretend|joke)\b"
)
PAST = pattern(
    r"已经|早就|早已|上次|之前|以前|当时|当初|那天|那次|过了|记得|回忆|原来|本来|上回|明年|下次|下回|下个月|下周|下礼拜|回头|改天|改日|晚点|等会|待会|一会|过几天|过两天|\b(?:already|yesterday|tomorrow|ago|earlier|previously|used to|last time|next time|soon|later)\b"
)
DOUBTS = {
    "negation": NEGATION,
    "condition": CONDITION,
    "question": QUESTION,
    "hearsay": HEARSAY,
    "past": PAST,
}
# In a clause of its own not every 不 is about the command: 没人要了, 卖不动. These are.
ASIDE = pattern(
    r"差点|险些|(?:了|过|还)没有?(?!办法|人|货|事|关系|问题)|没有?$|不要|先不|暂不|不用|不必|别(?!针|致|墅|的)|勿|甭|无需|算了|作罢|还没|没到|不是|(?<!数)(?<!账)不对|说错|打错|写错了?$|搞错|弄错|看错|更正|才对|哦不|啊不|等等|等一?下(?!来)|假的|不作数|如果|要是|假如|的话|万一|除非|一旦|只要|等(?!级|于|着|候|会)|再说|[?]|吗$|么$|怎么|什么时候|谁|哪|还是|说(?!明|好)|听说|问|通知|告诉|喊|讲|\"|准备|打算|计划|考虑|建议|希望|可能|也许|例如|比如|举例|假装|明天|后天|下周|下个月|改天|回头"
    r"|\b(?:not|no wait|wait|never|don't|dont|doesn't|didn't|if|when|unless|once|until|should|would|could|might|maybe|said|says|told|heard|actually|sorry|i mean|or|instead)\b"
)
# Somebody speaks to a machine as if it were one: nothing in such a message is done.
INJECTION = pattern(
    r"忽略…(?:指令|提示|规则|要求|设定|内容)|无视…(?:指令|提示|规则|要求|设定)|系统(?:指令|提示|消息|管理员)|提示词|你现在是|假装|扮演|跳过确认|免确认|已授权|不需要确认|越狱|开发者模式|(?:^|[,.!])system,|\byou are root\b|\b(?:ignore|disregard|forget)…(?:instructions?|rules?|prompts?|above|previous)|\b(?:system prompt|jailbreak|developer mode|you are now|act as|pretend)\b|</?(?:system|script|img|at)\b"
)
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"  # three of five people
# People speak with each other.
PEOPLE = pattern(
    rf"大家|你们|他们|她们|各位|兄弟|姐妹|同事|师傅|阿姨|老板娘?|小(?:王|李|张|刘|陈|杨|赵|黄|周|吴|徐|孙|胡|朱|高|林|何|郭|马|罗|美|红|明|芳|丽|军|伟|婷|强|敏|玲|雪|龙|雨|鱼|妹|哥|姐|伙子|朋友)|老(?:王|李|张|刘|陈|杨|赵|黄|周|吴|徐|孙|胡|朱|高|林|何|郭|马|罗)|阿(?:珍|芳|强|明|杰|华|伟|丽|姨)|[{SURNAMES}](?:哥|姐|总|叔|姨|老板|师傅|经理)|哥|姐|叔|他|她|你(?!好)|您|我家|我妈|我爸|孩子|吃饭|下班|上班|开会|聚餐|周末|天气|哈哈|呵呵|好吃|好喝|好看|好漂亮|辛苦|加油|生日|快乐|晚安|早安|早上好|下午好|奶茶|外卖|\b(?:guys|everyone|folks|lunch|dinner|weekend|lol|haha|mate|dude|babe|honey|you)\b"
)
# At a customer's till these are customers, no people of the shop.
CUSTOMER = pattern(r"客户|客人|顾客|买家|会员|\b(?:customer|client|buyer|guest)\b")
# What is said of goods by those who sell them; with a doubt it is asked about.
SHOP_TALK = pattern(
    r"[补进减降涨改扣]|上架|下架|打.?折|折|价|停售|库存|加(?!油|班)|卖(?!萌)|\b(?:restock|price|discount|drop(?:ping)?|list|delist|stock|order|add|cut|raise|sell|out of)\b"
)
