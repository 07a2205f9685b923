"""The catalogue of sentences: what the bot says, in both languages side by side."""

from bot.texts.text import Text

SENTENCES: dict[str, Text] = {
    # What is asked, and what is said when nothing is understood.
    "list.comma": Text("、", ", "),
    "value.several": Text("{number} 个商品", "{number} product{s}"),
    "title.batch": Text("{word} {number} 项", "{word}: {number} row{s}"),
    "batch.refused": Text(
        "有 {number} 行不行，什么都没改：", "{number} rows cannot be; nothing was changed:"
    ),
    "explain.since": Text(
        "从 {when} 的「{kind}」算起，之后每一笔都在下面。",
        "Counted from the {kind} of {when}; every movement since then is below.",
    ),
    "explain.held": Text(
        "其中 {reserved} 件被订单占用：{orders}。", "{reserved} of it are held by orders: {orders}."
    ),
    "ask.whose_order": Text(
        "{who}有几个没完结的订单，哪一个？", "{who} has several open orders. Which?"
    ),
    "orders.none_open": Text(
        "没有找到{who}没完结的订单，是哪个单号？", "No open order of {who}. Which order number?"
    ),
    "orders.nobody": Text("最近的订单里没有「{who}」的。", "No recent order of {who}."),
    "title.ledger": Text("流水", "Ledger"),
    "later.refund": Text(
        "退款还不能在聊天里办，请在收款的地方退。", "Refunds are not done in chat yet."
    ),
    "later.poster": Text("海报还不会做。", "I cannot make posters yet."),
    "later.picture": Text(
        "商品图片还不能在聊天里看和换。", "Pictures cannot be shown or changed in chat yet."
    ),
    "title.language": Text("语言", "Language"),
    "field.language": Text("语言", "language"),
    "language.zh": Text("中文", "Chinese (中文)"),
    "language.en": Text("英文", "English"),
    "more.how": Text("发「更多」看下一页。", 'Send "more" for the next page.'),
    "button.more": Text("更多", "More"),
    "word.more": Text("更多", "more"),
    "more.none": Text("没有更多了。", "There is no more."),
    "restock.enough": Text("「{sku}」现有 {on_hand} 件，不用补。", "{sku} has {on_hand} already."),
    "ask.missing": Text("还缺{what}。例如：{example}", "Missing: {what}. For example: {example}"),
    "ask.one_line": Text("一次发一条命令，一行一条。", "One command at a time, on one line."),
    "ask.unclear": Text(
        "没听准要做什么，什么都没改。发「帮助」看命令。",
        'Not sure what is meant; nothing was changed. Send "help" for the commands.',
    ),
    "ask.timed_when": Text(
        "「{words}」是哪天几点？什么都没改。请写明时间再发一次，"
        "例如：12月1日18点、明早9点、到周日晚12点。",
        'When is "{words}"? Nothing was changed. Please send it again with the time, for example: '
        "Dec 1 6pm, tomorrow 9am, until Sunday.",
    ),
    "ask.timed_today": Text(
        "「{words}」是只在今天，还是从现在起一直这样？什么都没改。"
        "只在今天就加上「到今晚12点」，一直这样就去掉「{words}」。",
        '"{words}": for today only, or from now on? Nothing was changed. For today only add '
        '"until midnight", else leave "{words}" out.',
    ),
    "ask.timed_half": Text(
        "「{words}」是上午还是晚上？什么都没改。请写明再发一次，例如：今晚10点、明早9点、15:30。",
        '"{words}": in the morning or in the evening? Nothing was changed. Please send it again, '
        "for example with: tonight 10pm, tomorrow 9am, 15:30.",
    ),
    "ask.timed_or_off": Text(
        "「{words}」是打 {words}，还是 {hour}开始打{off}？什么都没改。"
        "请写明再发一次，例如：8.8折、今晚8点开始8折。",
        '"{words}": one discount, or {off} from {hour} on? Nothing was changed. Please send it '
        "again.",
    ),
    "ask.timed_again": Text(
        "每天、每周这样重复的定时还不能做，什么都没改。请每次发一条，例如：今晚10点打烊。",
        "What repeats cannot be timed yet; nothing was changed. Send each one, for example: close "
        "shop tonight 10pm.",
    ),
    "ask.timed_stock": Text(
        "库存不能定时改，货真到了、真出了再记，什么都没改。到时发一句就行，例如：补货 咖啡豆 20。",
        "Stock cannot be timed: it is booked when goods really come or go. Nothing was changed. "
        "Send it then, for example: restock Linen Tote 20.",
    ),
    "ask.timed_two": Text(
        "这里有两个定时，什么都没改。请分两条发，例如：今晚10点打烊；再发：明早8点开门。",
        "These are two timed commands; nothing was changed. Please send them one by one, for "
        "example: close shop tonight 10pm; then: open shop tomorrow 8am.",
    ),
    "ask.timed_moment": Text(
        "什么时候做？什么都没改。请和时间写在一句里，例如：明早9点下架手冲壶。",
        "When? Nothing was changed. Please say it with the time, for example: delist Linen Tote "
        "tomorrow 9am.",
    ),
    "ask.timed_list": Text(
        "整张单子还不能定时，什么都没改。请每次发一条，例如：明早9点手冲壶8折。库存到时再记。",
        "A whole list cannot be timed yet; nothing was changed. Send each one, for example: Linen "
        "Tote 20% off tomorrow 9am. Stock is booked when goods come.",
    ),
    "ask.timed_whole": Text(
        "要改哪个商品、改成什么？什么都没改。请和时间写在一句里，例如：手冲壶8折到周日。",
        "Which product, and what is to change? Nothing was changed. Please say it with the time, "
        "for example: Linen Tote 20% off until Sunday.",
    ),
    "ask.timed_rest": Text(
        "时间「{words}」听到了，其余的没听准，什么都没改。请一句只说一件事，例如：手冲壶8折到周日。",
        'The time "{words}" was understood, the rest was not; nothing was changed. Please say one '
        "thing at a time, for example: Linen Tote 20% off until Sunday.",
    ),
    "ask.two_prices": Text(
        "又打折又减价，先算哪个？什么都没改。请直接说新价，例如：改价 手冲壶 99。",
        "A discount and an amount: which first? Nothing was changed. Please say the new price, for "
        "example: price Linen Tote 99.",
    ),
    "ask.doubt": Text(
        "没听懂「{doubt}」，什么都没改。例如：{example}",
        'Did not understand "{doubt}"; nothing was changed. For example: {example}',
    ),
    "ask.unknown": Text(
        "没听懂「{words}」。例如发「查 {product}」；发「帮助」看我会什么。",
        '"{words}" was not understood. Send for example "stock {product}", or "help" to see what I '
        "can do.",
    ),
    "ask.bare": Text(
        "「{words}」是要做什么？点一个，或者发全，例如「{example}」。",
        'What about "{words}"? Choose, or send all of it, such as "{example}".',
    ),
    "ask.odd": Text("没听懂「{words}」。", '"{words}" was not understood. '),
    "ask.picture": Text(
        "图片我看不懂。要导入商品，请发 CSV 或 XLSX 表格（先发「导出」可得到样子）。",
        "I cannot read pictures. To import goods send a CSV or XLSX sheet "
        '(send "export" to see one).',
    ),
    "ask.which": Text("「{words}」是指哪一个？", 'Which one is "{words}"?'),
    "ask.which_order": Text(
        "有几个订单尾号是 {digits}，是哪一个？", "Several orders end in {digits}; which one?"
    ),
    "ask.nearest": Text(
        "没有找到「{words}」。是不是这些？", 'There is no "{words}". One of these?'
    ),
    "ask.shelf": Text(
        "「{sku}」有 {reserved} 件已被订单占用。清点时这些货还在货架上吗？",
        "{reserved} of {sku} are held by orders. Were they on the shelf when you counted?",
    ),
    "answer.taken": Text("已拿走", "off the shelf"),
    "answer.there": Text("还在架上", "on the shelf"),
    "ask.shelves": Text(
        "这些商品有订单占用：{goods}。清点时这些货还在货架上吗？",
        "Orders hold some of these: {goods}. Were those on the shelf when you counted?",
    ),
    # Counting while the shop sells.
    "title.counted": Text("记下", "Counted"),
    "title.counting": Text("盘点开始", "Counting"),
    "title.count": Text("盘点 {number} 个商品", "Count of {number} SKU{s}"),
    "count.moved": Text(
        "清点之后库存又变了 {moved}，照样算数：账面按清点时的 {books} 件比。",
        "{moved} since the count stays; it was held against the {books} on the books then.",
    ),
    "count.how": Text(
        "一行一个发商品和实数，例如「{product} 28」；照常卖货，之后卖出的会算进去。"
        "数完发「盘点结束」看差异，发「取消」不盘了。{hours} 小时没动静就作废。",
        'Send a product and its count per line, such as "{product} 28"; go on selling, what is '
        'sold afterwards is taken into account. Then send "finish count" to see the differences, '
        'or "cancel". It ends by itself after {hours} idle hours.',
    ),
    "count.open": Text(
        "盘点还开着，已记 {number} 个商品，接着数；数完发「盘点结束」。",
        'The count is open with {number} SKU{s}; go on, then send "finish count".',
    ),
    "count.line": Text("{counted}（还没有入账）", "{counted} (not booked yet)"),
    "count.sofar": Text(
        "盘点中，已记 {number} 个商品。数完发「盘点结束」。",
        'Counting: {number} SKU{s} so far. Then send "finish count".',
    ),
    "count.again": Text("之前记的是 {before}，改成 {now}。", "{before} before, now {now}."),
    # A running count that asks for one after the other; the words are what its buttons say.
    "count.led": Text(
        "一共 {number} 个商品，一个一个问，只回实数就行；照常卖货，之后卖出的会算进去。"
        "{hours} 小时没动静就作废，发「取消」不盘了。",
        "{number} SKU{s}, one after the other: answer with the number; go on selling, what is sold "
        'afterwards is taken into account. It ends after {hours} idle hours, or by "cancel".',
    ),
    "count.most": Text(
        "一次最多盘 {most} 个，其余的请按分类再盘。",
        "One count takes {most} at most; count the others by category.",
    ),
    "count.next": Text("货架上有几件？", "How many are on the shelf?"),
    "count.known": Text("之前记的是 {counted}。", "{counted} so far."),
    "count.all": Text(
        "都问完了，已记 {number} 个商品。发「盘点结束」看差异。",
        'That was all; counted: {number}. Send "finish count" to see the differences.',
    ),
    "count.else": Text(
        "回一个整数；不知道就发「跳过」，歇一会儿发「暂停」。",
        'Answer with a number; "skip" when you do not know, "pause" for a break.',
    ),
    "title.paused": Text("盘点暂停", "Count paused"),
    "count.paused": Text(
        "已记 {number} 个商品，都留着。发「继续盘点」接着数，发「盘点结束」看差异；"
        "{hours} 小时没动静就作废。",
        'The {number} counted so far are kept. Send "resume count" to go on, "finish count" for '
        "the differences; it ends by itself after {hours} idle hours.",
    ),
    "word.resume": Text("继续盘点", "resume count"),
    "count.stays": Text(
        "盘点还开着，已记 {number} 个商品，没有动。数错了发「撤销」，不知道发「跳过」，"
        "歇一会儿发「暂停」；整个不盘了发「取消盘点」。",
        'The count is still open with {number}. "undo" takes back the last number, "skip" leaves '
        'one out, "pause" is for a break; "cancel count" drops all of it.',
    ),
    "count.back": Text(
        "{product} 记的 {counted} 撤回了。", "{product}: the {counted} was taken back."
    ),
    "count.back_to": Text(
        "{product} 记的 {counted} 撤回了，还是 {before}。",
        "{product}: the {counted} was taken back; it is {before} again.",
    ),
    "count.no_back": Text(
        "这次盘点里没有数可以撤回。要撤销盘点之前的改动，先发「暂停盘点」，再发「撤销」。",
        "No number of this count is left to take back. To undo what was done before it, send "
        '"pause count" first, then "undo".',
    ),
    "count.no_kind": Text(
        "没有叫「{words}」的分类或商品。要盘哪一类？",
        'There is no category or product called "{words}". Which one is to be counted?',
    ),
    "count.which_kind": Text(
        "有几类的名字里有「{words}」，要盘哪一类？",
        'Several categories are called like "{words}". Which one is to be counted?',
    ),
    "word.count_kind": Text("盘点 {kind}", "count {kind}"),
    "word.count_all": Text("盘点全部", "count everything"),
    "count.skipped": Text(
        "没数的 {number} 个不改：{goods}。", "{number} were not counted and stay: {goods}."
    ),
    "word.skip": Text("跳过", "skip"),
    "word.back": Text("上一个", "back"),
    "word.finish": Text("盘点结束", "finish count"),
    "count.none": Text(
        "没有在盘点。发「盘点开始」开始。", 'No count is open. Send "start count" to begin.'
    ),
    "count.empty": Text("一个都没有数，盘点结束了。", "Nothing was counted; the count has ended."),
    "count.dropped": Text(
        "盘点取消了，记下的 {number} 个商品没有入账。",
        "The count was dropped; what was counted ({number}) was not booked.",
    ),
    "count.refused": Text(
        "有 {number} 个商品入不了账，什么都没改。重新数这几个，再发「盘点结束」：",
        "{number} SKUs cannot be booked; nothing was changed. Count these again, then finish:",
    ),
    "count.gone": Text(
        "{codes} 的编码已经改了，没有入账，请单独盘点。",
        "{codes}: the code was changed since; not booked, please count it by itself.",
    ),
    "field.books": Text("账面", "Books"),
    "field.counted": Text("实数", "Counted"),
    "field.difference": Text("差异", "Difference"),
    "field.worth": Text("差额", "Worth"),
    "field.worth_yuan": Text("差额¥", "Worth ¥"),
    "field.differing": Text("有差异", "Differing"),
    "field.moved": Text("清点后", "Since"),
    "risk.count_gone": Text(
        "数出来一件都没有：{goods}，库存会变成 0。", "Counted none at all, would be 0: {goods}."
    ),
    "risk.count": Text(
        "按差异更正 {number} 个商品的库存。", "Corrects the stock of {number} SKU{s}."
    ),
    "value.a_product": Text("咖啡豆", "Linen Tote"),
    # A value that cannot be.
    "bad.whole": Text(
        "{what}要是 {least} 到 {most} 的整数，不能是「{written}」。",
        '{what} must be a whole number from {least} to {most}, not "{written}".',
    ),
    "bad.exact": Text(
        "「{written}」不是准数，什么都没记。请数一下，回一个整数。",
        '"{written}" is no exact number; nothing was noted. Please count, and send a number.',
    ),
    "bad.packed": Text(
        "「{written}」是多少件？我不知道一箱几件，请回总件数。",
        'How many units is "{written}"? I do not know how many are in one; send all units.',
    ),
    "bad.priced": Text(
        "「{written}」是价钱；{what}请回几件，只回数字。",
        '"{written}" is money; the {what} is a number of units, please.',
    ),
    "bad.range": Text(
        "{what}要在 {least} 到 {most} 之间，不能是「{written}」。",
        '{what} must be between {least} and {most}, not "{written}".',
    ),
    "bad.money": Text(
        "{what}要大于 0、不超过 {most} 元、最多两位小数，不能是「{written}」。",
        '{what} must be above 0, at most {most} yuan, with two decimals at most, not "{written}".',
    ),
    # Confirmation.
    "confirm.ask": Text("要执行吗？", "Go ahead?"),
    "confirm.title": Text("请确认：{title}", "Please confirm: {title}"),
    "confirm.how": Text(
        "5 分钟内由你或店主确认，之后作废。", "To be confirmed by you or an owner within 5 minutes."
    ),
    "confirm.changed": Text(
        "情况变了，请看过再确认。", "Things changed meanwhile; please look again."
    ),
    "confirm.not_yours": Text(
        "只有提问的人或店主能确认。", "Only whoever was asked, or an owner, may confirm."
    ),
    "confirm.dismissed": Text("好，不做了，什么都没改。", "Dropped; nothing was changed."),
    "dialogue.none": Text("没有等待确认的操作。", "Nothing is waiting for a confirmation."),
    "dialogue.expired": Text(
        "这个问题已经过期，请重新发命令。",
        "That question has expired; please send the command again.",
    ),
    "risk.asked": Text("这一步影响大，先确认一下。", "A big step; please confirm."),
    "risk.unsure": Text(
        "「{words}」是不是这个意思，我没有十足把握，请看一眼再确认。",
        'I am not sure that this is what "{words}" means; please look before you confirm.',
    ),
    "risk.emptied": Text("库存将变为 0。", "The stock would become 0."),
    "risk.stock_jump": Text(
        "库存将是以往最多时的 {times} 倍。",
        "The stock would be {times} times the most there ever was.",
    ),
    "risk.price_jump": Text(
        "价格变化很大：{before} → {after}。", "A large change of price: {before} → {after}."
    ),
    "risk.several": Text("会改 {number} 个商品。", "This changes {number} SKU{s}."),
    "risk.several_new": Text("会新增 {number} 个规格。", "This adds {number} SKU{s}."),
    "add_sku.there": Text("已有（{status}），不变", "There already ({status}), unchanged"),
    "add_sku.one_code": Text(
        "一个编码只能给一个规格；去掉编码，每个规格会各得一个。",
        "One code is for one SKU; leave it out and each gets its own.",
    ),
    "add_sku.too_many": Text(
        "一次最多上架 {limit} 个规格，这里有 {number} 个。请用表格导入。",
        "These are {number} SKUs, more than {limit} at once. Please import them as a sheet.",
    ),
    "risk.new_value": Text(
        "{spec}「{value}」以前没有过（已有：{known}）。",
        '{spec} "{value}" is new (known: {known}).',
    ),
    "risk.bad_rows": Text(
        "有 {bad} 行有误：确认就只导入其余 {good} 行，取消则什么都不改，改好再发。",
        "{bad} rows are bad: a yes imports the other {good} only, a no leaves everything "
        "as it is until you send the file put right.",
    ),
    "risk.stale": Text(
        "这条消息是 {minutes} 分钟前发的。", "This message was sent {minutes} minutes ago."
    ),
    "risk.doubt": Text("没听懂「{doubt}」这部分。", 'The part "{doubt}" was not understood.'),
    # Undo.
    "undo.not_yours": Text(
        "这一步是别人做的，只有经理和店主能撤销。", "Somebody else did this; a manager may undo it."
    ),
    "undo.short": Text(
        "{sku} 有 {units} 件之后卖出或被订单占用了，没能撤回，请盘点一下。",
        "{units} of {sku} were sold or are held by orders and stay as they are; please count it.",
    ),
    "risk.undo_partly": Text("只能撤回一部分：", "Only a part can be taken back:"),
    "field.writer": Text("原操作人", "Written by"),
    # After a write.
    "done.undo": Text("发「撤销」可恢复。", 'Send "undo" to reverse it.'),
    "done.final": Text("这一步不能用「撤销」恢复。", 'This step cannot be reversed with "undo".'),
    "done.same": Text("没有变化。", "Nothing changed."),
    # What is done at a time.
    "timed.title": Text("定时 {title}", "Timed: {title}"),
    "timing.begins": Text("执行时间", "Done at"),
    "timing.ends": Text("恢复时间", "Put back at"),
    "timed.waits": Text(
        "定时 {number}：到时自动执行，并在这里说一声。发「{word} {number}」取消。",
        'No. {number}: done at that time and told here. Send "{word} {number}" to cancel it.',
    ),
    "timed.lasts": Text(
        "定时 {number}：到时自动恢复，并在这里说一声；之后又改过的不动。"
        "发「{word} {number}」就不再恢复。",
        "No. {number}: put back at that time and told here; what was changed since stays. "
        'Send "{word} {number}" to leave it as it is.',
    ),
    "timed.nothing": Text(
        "本来就是这样，到时没有可恢复的，所以没有定时。",
        "It is so already: nothing is to be put back, and nothing is timed.",
    ),
    "timed.nothing.but": Text(
        "本来就是这样，没有新加定时：定时 {number} 会在 {when} 恢复它。要改恢复时间，"
        "先发「取消定时 {number}」，恢复原样后再说一遍。",
        "It is so already, and nothing is timed anew: no. {number} puts it back {when}. For "
        "another end cancel no. {number}, put it back and say it again.",
    ),
    "timed.unmoved": Text(
        "定时 {number} 会在 {when} 恢复它；不要恢复就发「{word} {number}」。",
        'No. {number} puts it back {when}; send "{word} {number}" to leave it as it is.',
    ),
    "timed.stays": Text(
        "到时改了以后不会自动恢复；要恢复就加上结束时间，例如「到周日」。",
        'It is not put back by itself; for that add an end, for example "until Sunday".',
    ),
    "timed.mute": Text(
        "机器人在这里不能主动说话，到时不会有通知。",
        "The bot cannot speak here unasked: nothing will be told then.",
    ),
    "timed.done": Text("定时 {number} 已执行：{title}", "No. {number} was done: {title}"),
    "timed.ended": Text("定时 {number} 到期：恢复", "No. {number} has ended: put back"),
    "timed.ended.same": Text("已经是原来的样子，不用恢复。", "All is as it was already."),
    "timed.kept": Text(
        "{what}现在是 {now}，后来有人改过，没有恢复成 {before}。",
        "{what} is {now}: changed since, so not put back to {before}.",
    ),
    "timed.kept.over": Text(
        "{what}现在是 {now}，定时 {number} 还在改它，到时由它恢复原样。",
        "{what} is {now}: no. {number} still changes it, and puts it back at its end.",
    ),
    "timed.failed": Text("定时 {number} 没有做成", "No. {number} was not done"),
    "timed.failed.text": Text(
        "{who}：{reason}什么都没改。", "{who}: {reason} Nothing was changed."
    ),
    "timed.missed": Text("定时 {number} 错过了", "No. {number} was missed"),
    "timed.missed.text": Text(
        "开始和结束都已经过了，什么都没改。", "Its beginning and end are over; nothing was changed."
    ),
    "timed.late": Text(
        "晚了{span}：应在 {due}，那时机器人没在工作。",
        "{span} late: due at {due}, when the bot was not at work.",
    ),
    "span.minutes": Text(" {number} 分钟", "{number} minute{s}"),
    "span.hours": Text(" {number} 小时", "{number} hour{s}"),
    "span.days": Text(" {number} 天", "{number} day{s}"),
    "timed.list": Text("定时：{number} 个", "Timed: {number}"),
    "timed.more": Text("后面还有 {number} 个。", "{number} more after these."),
    "timed.none": Text(
        "没有定时。例如：明早9点下架{product}；{product}8折到周日晚12点。",
        "Nothing is timed. For example: delist {product} tomorrow 9am; "
        "{product} 20% off until Sunday.",
    ),
    "timed.how": Text("发「{word} 编号」取消。", 'Send "{word} NUMBER" to cancel one.'),
    "timed.ask": Text("取消哪一个定时？", "Cancel which one?"),
    "timed.cancelled": Text("取消定时 {number} {what}", "Cancel no. {number} {what}"),
    "timed.cancelled.on": Text(
        "已经改的保持现在的样子，不再恢复。", "What it changed stays, and is not put back."
    ),
    "timed.until": Text("{when} 恢复", "put back {when}"),
    "timed.from_until": Text("{begin} 到 {end}", "{begin} to {end}"),
    "timed_state.waiting": Text("等待中", "waiting"),
    "timed_state.on": Text("进行中", "on"),
    "timed_state.cancelled": Text("已取消", "cancelled"),
    "timed_state.undone": Text("已撤销", "undone"),
    "timed.what.price": Text("改成 {price}", "to {price}"),
    "timed.what.delta": Text("涨跌 {delta}", "by {delta}"),
    "timed.what.factor": Text("那时的价 × {factor}", "the price then × {factor}"),
    "timed.several": Text("{first} 等 {number} 个", "{first} and others, {number} in all"),
    "field.timed": Text("定时", "timed"),
    "field.what": Text("做什么", "What"),
    "field.when": Text("什么时候", "When"),
    "button.cancel_timed": Text("取消定时 {number}", "Cancel no. {number}"),
    "word.cancel_timed": Text("取消定时", "cancel schedule"),
    "risk.timed_overlap": Text(
        "定时 {number} 也在改它：这里是按现在的样子算的，到时可能不同；"
        "都到期以后恢复成最早的样子。",
        "No. {number} changes it too: this is reckoned from what is now, and may differ then. "
        "When both have ended it is as it was before the first.",
    ),
    "risk.timed_all": Text("会取消 {number} 个定时。", "This cancels {number} of them."),
    "timed.none.of": Text("「{words}」没有定时。", 'Nothing is timed for "{words}".'),
    "timed.cancelled.several": Text("取消定时：{number} 个", "Cancelled: {number}"),
    "risk.timed_same": Text(
        "现在已经是这样；到时如果还是这样，就什么都不变。",
        "It is so already; if it still is then, nothing will change.",
    ),
    "weekday.0": Text("周一", "Mon"),
    "weekday.1": Text("周二", "Tue"),
    "weekday.2": Text("周三", "Wed"),
    "weekday.3": Text("周四", "Thu"),
    "weekday.4": Text("周五", "Fri"),
    "weekday.5": Text("周六", "Sat"),
    "weekday.6": Text("周日", "Sun"),
    # Permission, chats, faults.
    "refused.role": Text("这个操作需要更高的权限。", "This needs a higher role."),
    "refused.unbound": Text(
        "这个群还不是店里的群，请店主先在这里发一条命令。",
        "This group is not the shop's yet; an owner's first command here makes it so.",
    ),
    "bound.now": Text(
        "已把这个群设为店里的群，以后订单、缺货和日报会发到这里。",
        "This group is the shop's now; orders, low stock and the summary will be told here.",
    ),
    "bound.mute": Text(
        "已把这个群设为店里的群。这个机器人不能主动说话：要听订单、缺货和日报，请在群里再加一个消息推送机器人。",
        "This group is the shop's now. This robot cannot speak unasked: for orders, low stock and "
        "the summary add a message-push robot to the group.",
    ),
    "fault": Text("没有成功，编号 {reference}", "That did not work, reference {reference}"),
    # Cards that are pressed, and groups the bot comes into.
    "press.unknown": Text(
        "这张卡片太旧了，请直接发命令。", "This card is too old; please send the command instead."
    ),
    "press.done": Text("已由 {who} 处理过了。", "Already done by {who}."),
    "press.not_yours": Text("这个按钮是给提问的人用的。", "This button is for whoever asked."),
    "arrival.hello": Text(
        "我是掌柜，来帮大家看店。店主在这里 @我 发第一条命令，这里就成为店里的群"
        "（还没有店主的，先发「我是店主 口令」）；发「帮助」看我会什么。",
        "I am Zhanggui, the shopkeeper. An owner's first command here makes this group the shop's "
        '(nobody owns it yet? send "i am the owner CODE"); send "help" to see what I do.',
    ),
    "arrival.back": Text("我回来了，播报照常。", "I am back; news go on as before."),
    "arrival.alone": Text(
        "我是掌柜，帮你看店。发「帮助」看我会什么。",
        'I am Zhanggui, the shopkeeper. Send "help" to see what I do.',
    ),
    # People on several platforms, addresses, files.
    "bind.no_code": Text(
        "请带上口令：在服务器上运行 zhanggui owner-code，再发「我是店主 口令」。",
        'The code is missing: run zhanggui owner-code on the server, then send "i am the owner '
        'CODE".',
    ),
    "link.private": Text(
        "绑定口令只能你自己看，请私聊我发「绑定」。",
        'The code is for you alone; send me "link" in a direct chat.',
    ),
    "link.same": Text(
        "这个口令就是在这个平台取的，请在另一个平台发。",
        "This code comes from this very platform; send it on the other one.",
    ),
    "risk.lent": Text(
        "{account} 也会成为{role}：请确认那是你自己的账号。",
        "{account} will be {role} as well: make sure that it is your own account.",
    ),
    "link.code": Text(
        "在另一个平台私聊我发（{minutes} 分钟内有效，只能用一次）：绑定 {code}",
        "Send me in a direct chat on the other platform (works once, within {minutes} minutes): "
        "link {code}",
    ),
    "address.private": Text(
        "地址只能私聊看：私聊我发「地址 {order_no}」。",
        'Addresses are told in direct chats only: send me "delivery address {order_no}" there.',
    ),
    "address.none": Text("这个订单没有留地址。", "This order has no address."),
    "export.done": Text(
        "{what}，{number} 行，{form} 文件在下面。",
        "{what}, {number} row{s}; the {form} file follows.",
    ),
    "export.period": Text("{what}（{first} 至 {last}）", "{what} from {first} to {last}"),
    "export.too_many": Text(
        "超过 {limit} 行或 10 MB，聊天里发不了。{cure}在服务器上请用 {instead}。",
        "These are more than {limit} rows or 10 MB, too many for a chat. {cure}"
        "On the server use {instead}.",
    ),
    "export.say_when": Text(
        "请说一段时间，例如「导出 {what} 本月」；",
        'Please name a period, like "export {what} this month". ',
    ),
    "exported.skus": Text("商品", "goods"),
    "exported.stock": Text("库存", "stock"),
    "exported.orders": Text("订单", "orders"),
    "exported.ledger": Text("流水", "ledger"),
    "cause.order": Text("订单 {number}", "order {number}"),
    "cause.undo": Text("撤销之前的操作", "undid an earlier step"),
    "cause.import": Text("导入文件", "import of a file"),
    "cause.http": Text("接口或后台", "API or desk"),
    "cause.demo": Text("演示数据", "sample goods"),
    "cause.chat": Text("聊天里说的", "said in a chat"),
    # Headings of exported sheets; the English ones are the contract's, and an import takes both.
    "column.code": Text("编码", "code"),
    "column.name": Text("名称", "name"),
    "column.specs": Text("规格", "specs"),
    "column.price": Text("价格", "price"),
    "column.stock": Text("库存", "stock"),
    "column.reserved": Text("占用", "reserved"),
    "column.available": Text("可售", "available"),
    "column.reorder_point": Text("预警", "reorder_point"),
    "column.category": Text("分类", "category"),
    "column.status": Text("状态", "status"),
    "column.order_no": Text("订单号", "order_no"),
    "column.created_at": Text("下单时间", "created_at"),
    "column.channel": Text("渠道", "channel"),
    "column.customer_id": Text("顾客", "customer_id"),
    "column.sku": Text("编码", "sku"),
    "column.quantity": Text("数量", "quantity"),
    "column.total": Text("金额", "total"),
    "column.carrier": Text("快递公司", "carrier"),
    "column.tracking_no": Text("快递单号", "tracking_no"),
    "import.no_file": Text(
        "没有收到文件。请私聊把 CSV 或 XLSX 文件发给我，或者在群里回复那个文件并 @我 发「导入」。",
        "There is no file. Send me a CSV or XLSX file in a direct chat, or reply to it in a group, "
        'mention me and say "import".',
    ),
    "import.too_many": Text(
        "超过 {limit} 行，聊天里导不了。请分成几个文件，或者在服务器上用 zhanggui sku import。",
        "These are more than {limit} rows, too many for a chat. Send them as several files, "
        "or on the server use zhanggui sku import.",
    ),
    "import.irrevocable": Text(
        "改动超过 {limit} 处，不能用「撤销」一次收回，聊天里不做。"
        "请分成几个文件，或者在服务器上用 zhanggui sku import。",
        'These are more than {limit} changes, which "undo" could not take back at once. '
        "Send them as several files, or on the server use zhanggui sku import.",
    ),
    "import.columns": Text("认出的列：{columns}。", "Columns: {columns}."),
    "import.ignored": Text("忽略：{columns}。", "Ignored: {columns}."),
    "import.stock_left": Text("已有商品的库存不变。", "The stock of known goods is left alone."),
    "import.refused": Text(
        "有 {number} 行有误，什么都没改。", "{number} rows are bad; nothing was changed."
    ),
    "import.shown": Text("下面只列出 {number} 行。", "Only {number} rows are listed."),
    "import.row": Text("行", "Row"),
    "import.reason": Text("原因", "Reason"),
    "import.new": Text("新增", "New"),
    "import.new_sku": Text("新增 {price}，库存 {stock}", "New, {price}, stock {stock}"),
    "import.changed": Text("修改", "Changed"),
    "import.unchanged": Text("不变", "Unchanged"),
    "import.bad": Text("有误", "Refused"),
    "title.export": Text("导出", "Export"),
    "title.import": Text("导入", "Import"),
    "title.link": Text("绑定另一个平台", "Link another platform"),
    "title.linked": Text("已绑定", "Linked"),
    "field.accounts": Text("账号", "Accounts"),
    # Words for buttons.
    "button.yes": Text("确认", "Confirm"),
    "button.no": Text("取消", "Cancel"),
    "button.undo": Text("撤销", "Undo"),
    "button.redo": Text("恢复", "Redo"),
    "button.ledger": Text("流水", "Ledger"),
    "button.mark_paid": Text("已收款", "Paid"),
    "button.ship": Text("发货", "Ship"),
    "button.complete": Text("完成", "Complete"),
    "button.cancel_order": Text("取消订单", "Cancel order"),
    "word.yes": Text("确认", "confirm"),
    "word.no": Text("否", "dismiss"),
    "word.undo": Text("撤销", "undo"),
    "word.redo": Text("撤回", "undo that"),
    "word.ledger": Text("流水", "ledger"),
    # Names of fields.
    "field.available": Text("可售", "Available"),
    "field.carrier": Text("快递公司", "Carrier"),
    "field.tracking_no": Text("快递单号", "Tracking number"),
    "field.cause": Text("原因", "Cause"),
    "field.category": Text("分类", "Category"),
    "field.change": Text("变化", "Change"),
    "field.code": Text("编码", "Code"),
    "field.command": Text("命令", "Command"),
    "field.contact": Text("联系人", "Contact"),
    "field.customer": Text("顾客", "Customer"),
    "field.does": Text("作用", "Does"),
    "field.examples": Text("例子", "Examples"),
    "field.goods": Text("商品", "Goods"),
    "field.kind": Text("类型", "Kind"),
    "field.name": Text("名称", "Name"),
    "field.on_hand": Text("现有", "On hand"),
    "field.order_no": Text("订单号", "Order"),
    "field.orders": Text("订单数", "Orders"),
    "field.parcel": Text("快递", "Parcel"),
    "field.payment": Text("收款", "Payment"),
    "field.price": Text("价格", "Price"),
    "field.product": Text("商品", "Product"),
    "field.remark": Text("备注", "Remark"),
    "field.reorder_point": Text("预警线", "Alert level"),
    "field.revenue": Text("销售额", "Revenue"),
    "field.paid": Text("已收款", "Paid"),
    "field.cancelled": Text("取消", "Cancelled"),
    "field.to_ship": Text("待发货", "To ship"),
    "field.low_stock": Text("低库存", "Low stock"),
    "field.sold_out": Text("售罄", "Sold out"),
    "field.reserved": Text("占用", "Reserved"),
    "field.role": Text("角色", "Role"),
    "field.shop": Text("店铺", "Shop"),
    "field.specs": Text("规格", "Specs"),
    "field.status": Text("状态", "Status"),
    "field.time": Text("时间", "Time"),
    "field.topics": Text("播报", "Topics"),
    "field.total": Text("金额", "Total"),
    "field.units": Text("件数", "Units"),
    "field.who": Text("操作人", "By"),
    "field.approved": Text("确认人", "Confirmed by"),
    "field.words": Text("说法", "Words"),
    # Titles.
    "title.add_sku": Text("上架", "Add"),
    "title.bind": Text("你是店主了", "You are the owner"),
    "title.clear_demo": Text("清空演示商品", "Clear the demo goods"),
    "title.close": Text("打烊", "Close"),
    "title.deduct": Text("扣减", "Deduct"),
    "title.delist": Text("下架", "Delist"),
    "title.delist.field": Text("状态", "Status"),
    "title.desk": Text("管理后台", "Administration"),
    "title.edit": Text("修改", "Edit"),
    "title.grant": Text("授权", "Grant"),
    "title.help": Text("我会这些", "What I can do"),
    "title.low_stock": Text("缺货提醒：{number} 个商品", "Low stock: {number} SKU{s}"),
    "title.open": Text("开门", "Open"),
    "title.order": Text("订单", "Order"),
    "title.orders": Text("订单", "Orders"),
    "title.relist": Text("重新上架", "Relist"),
    "title.relist.field": Text("状态", "Status"),
    "title.restock": Text("补货", "Restock"),
    "title.search": Text("「{query}」：{number} 个", '"{query}": {number}'),
    "title.set_price": Text("改价", "Price"),
    "title.set_price.field": Text("价格", "Price"),
    "title.set_threshold": Text("预警", "Alert level"),
    "title.set_threshold.field": Text("预警线", "Alert level"),
    "title.spec_schema": Text("规格", "Specs"),
    "title.stock": Text("库存", "Stock"),
    "title.stocktake": Text("盘点", "Count"),
    "title.subscribe": Text("这里听到的播报", "What this chat hears of"),
    "title.summary": Text("汇总 {period}", "Summary {period}"),
    "title.top_sellers": Text("热销 {period}", "Top sellers {period}"),
    "title.undo": Text("撤销", "Undo"),
    # Values.
    "value.closed": Text("打烊", "closed"),
    "value.none": Text("无", "none"),
    "value.off": Text("关闭", "off"),
    "value.received": Text("已收", "received"),
    "value.unpaid": Text("未收", "not yet"),
    "value.on": Text("开启", "on"),
    "value.open": Text("营业", "open"),
    "status.on_sale": Text("在售", "on sale"),
    "status.delisted": Text("已下架", "delisted"),
    "status.pending_payment": Text("待付款", "to pay"),
    "status.confirmed": Text("已确认", "confirmed"),
    "status.paid": Text("已付款", "paid"),
    "status.shipped": Text("已发货", "shipped"),
    "status.completed": Text("已完成", "completed"),
    "status.cancelled": Text("已取消", "cancelled"),
    "status.expired": Text("已超时", "expired"),
    "status.refunding": Text("退款中", "refunding"),
    "status.refunded": Text("已退款", "refunded"),
    "kind.restock": Text("补货", "restock"),
    "kind.deduct": Text("扣减", "deduct"),
    "kind.stocktake": Text("盘点", "count"),
    "kind.reserve": Text("下单占用", "reserve"),
    "kind.release": Text("释放", "release"),
    "kind.sale": Text("售出", "sale"),
    "kind.return": Text("退货", "return"),
    "kind.undo": Text("撤销", "undo"),
    "role.owner": Text("店主", "owner"),
    "role.manager": Text("经理", "manager"),
    "role.staff": Text("店员", "staff"),
    "role.viewer": Text("只读", "viewer"),
    "role.none": Text("无", "none"),
    "topic.all": Text("全部", "all"),
    "topic.orders": Text("订单", "orders"),
    "topic.low_stock": Text("低库存", "low stock"),
    "topic.summary": Text("日报", "summary"),
    "topic.changes": Text("变更", "changes"),
    "period.today": Text("今天", "today"),
    "period.yesterday": Text("昨天", "yesterday"),
    "period.this_week": Text("本周", "this week"),
    "period.last_week": Text("上周", "last week"),
    "period.this_month": Text("本月", "this month"),
    "period.last_month": Text("上月", "last month"),
    # Single commands.
    "clear_demo.nothing": Text("没有演示商品了。", "There are no demo goods left."),
    "desk.private": Text(
        "后台链接只能你自己看，请私聊我发「后台」。",
        'The link is for you alone; send me "desk" in a direct chat.',
    ),
    "desk.link": Text(
        "链接 {minutes} 分钟内有效，只能用一次：{url}",
        "The link works once, within {minutes} minutes: {url}",
    ),
    "edit.nothing": Text(
        "要改什么？例如：改 咖啡豆 价格 88 分类 咖啡",
        "Change what? For example: edit Linen Tote price 39",
    ),
    "help.examples": Text(
        "例如「查 {product}」「{product}+5」「改价 {product} 88元」。",
        'For example "stock {product}", "restock {product} 5", "price {product} 88".',
    ),
    "help.more": Text(
        "发「帮助 补货」看一个命令的用法；刚来的发「帮助 上手」。",
        'Send "help restock" to see how one is used; new here? Send "tour".',
    ),
    # A tour: what to type, a bar, and what it does.
    "title.tour": Text("上手：第 {step} 步，共 {steps} 步", "A tour: step {step} of {steps}"),
    "field.typed": Text("试着发", "Now send"),
    "button.step": Text("下一步", "Next step"),
    "word.tour": Text("帮助 上手", "help tour"),
    "tour.add": Text(
        "上架 {product} 88元 库存10|放上第一个商品；名称、价格、库存换成你的",
        "add {product} 88 10|puts the first product on sale; take your own name, price and stock",
    ),
    "tour.waits": Text(
        "店里还没有商品，后面几步都要用到：先照上面发一条（换成你的商品），再点「下一步」。",
        "The shop has no products yet, and the next steps need one: send the line above, with "
        "your own product in it, then go on.",
    ),
    "button.look_round": Text("先看最后一步", "See the last step"),
    "tour.look": Text(
        "查 {product}|看它的库存、价格和被订单占用的件数",
        "stock {product}|shows its stock, its price and what orders hold",
    ),
    "tour.restock": Text(
        "补货 {product} 5|到货登记；回复写着之前和现在多少",
        "restock {product} 5|books a delivery; the answer says before and after",
    ),
    "tour.undo": Text(
        "撤销|做错了就这样回到刚才，再发一次又恢复",
        "undo|takes the last step back; again redoes it",
    ),
    "tour.count": Text(
        "盘点 {product} {units}|货架上数出来几件就发几件，差多少我来算",
        "stocktake {product} {units}|send what you counted; I work out the difference",
    ),
    "tour.summary": Text(
        "汇总 今天|今天的订单、卖了多少钱", "summary today|today's orders and sales"
    ),
    "tour.next": Text(
        "之后可以试：「改价 {product} 88元」「待发货」「缺货」「盘点开始」「导出」「订阅」。"
        "说法随意，没把握的我会先问。发「帮助」看全部。",
        'Then try "price {product} 88", "to ship", "low stock", "start count", "export". Say it as '
        'you like; where I am not sure I ask. Send "help" for all.',
    ),
    "help.unknown": Text(
        "没有你能用的命令叫「{topic}」。", 'There is no command "{topic}" that you may use.'
    ),
    "ledger.nothing": Text("没有流水。", "No movements."),
    "low_stock.nothing": Text("没有缺货的商品。", "Nothing is low."),
    "orders.nothing": Text("没有这样的订单。", "No such orders."),
    "search.nothing": Text("没有找到「{query}」。", 'Nothing found for "{query}".'),
    "stock.empty": Text(
        "还没有商品。发「上架 名称 价格」加一个。", 'No products yet. Send "add NAME PRICE".'
    ),
    "subscribe.mute": Text(
        "这个机器人不能主动说话，播报请用消息推送机器人（见 docs/wecom.md）。",
        "This robot cannot speak unasked; use a message-push robot (see docs/wecom.md).",
    ),
    "subscribe.no_time": Text("只有日报可以定时间。", "Only the summary has a time."),
    "top_sellers.nothing": Text("这段时间没有卖出。", "Nothing was sold in that time."),
}
