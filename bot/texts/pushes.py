"""What the shop says by itself: orders, stock, changes, the day's summary."""

from bot.texts.text import Text

PUSHES: dict[str, Text] = {
    "push.order_new": Text("新订单 {order_no}", "New order {order_no}"),
    "push.order_now": Text("订单 {order_no}：{status}", "Order {order_no}: {status}"),
    "push.order_changed": Text(
        "订单 {order_no}：{before} → {after}", "Order {order_no}: {before} → {after}"
    ),
    "push.order_paid": Text("订单 {order_no}：已收款", "Order {order_no}: paid"),
    "push.low_stock": Text("低库存：{sku}", "Low stock: {sku}"),
    "push.low_stock.text": Text(
        "可售只剩 {available} 件，预警线是 {reorder_point}。",
        "{available} left to sell; the alert level is {reorder_point}.",
    ),
    "push.sold_out": Text("卖完了：{sku}", "Sold out: {sku}"),
    "push.sold_out.text": Text(
        "可售为 0，顾客现在买不到。", "Nothing is left to sell; customers cannot buy it now."
    ),
    "push.sku_changed": Text("商品变更：{sku}", "Changed: {sku}"),
    "push.dead": Text("有消息没能发出去", "A message could not be sent"),
    "push.dead.text": Text(
        "发往 {target} 的消息多次失败，已放弃：{reason}。修好之后，新的消息会照常发送。",
        "Messages to {target} failed for good: {reason}. New ones go out once that is mended.",
    ),
    "push.gone": Text("有个群发不进去了", "A chat can no longer be reached"),
    "push.gone.text": Text(
        "{target} 已停用：{reason}。把机器人重新拉进群就会恢复播报；"
        "群机器人的地址失效了，要改好配置并重启。",
        "{target} is switched off: {reason}. It comes back when the bot is added again; where a "
        "robot's address is dead, mend the settings and restart.",
    ),
    "push.down": Text("收不到消息了", "Messages no longer come in"),
    "push.down.text": Text(
        "{target} 的长连接断开且不会自动恢复：{reason}。请在服务器上运行 zhanggui doctor。",
        "The long connection to {target} is down and stays so: {reason}. "
        "Run zhanggui doctor on the server.",
    ),
    "push.replaced": Text("收不到消息了", "Messages no longer come in"),
    "push.replaced.text": Text(
        "{target} 的机器人被另一个程序占用了（{reason}）。停掉那个程序，再重启 zhanggui serve。",
        "Another program took the robot of {target} over ({reason}). Stop it, then restart "
        "zhanggui serve.",
    ),
    "push.paid": Text("已收款", "paid"),
    "push.restocked": Text("已补货", "Restocked"),
    "push.button.ship_with": Text("填单号发货", "Ship with number"),
    "digest.new": Text("{number} 笔新订单", "{number} new orders"),
    "digest.changed": Text("{number} 笔订单有进展", "{number} moved on"),
    "digest.skus": Text("{number} 处商品变更", "{number} product{s} changed"),
    "push.button.restock": Text("补货 +{units}", "Restock +{units}"),
    "push.button.details": Text("详情", "Details"),
    "push.button.to_ship": Text("待发货", "To ship"),
    "push.button.low_stock": Text("缺货", "Low stock"),
    "summary.day": Text("日报 {day}", "Summary of {day}"),
    "summary.paid": Text("已收款", "Paid"),
    "summary.unpaid": Text("未收款订单", "Unpaid orders"),
    "summary.cancelled": Text("取消", "Cancelled"),
    "summary.to_ship": Text("待发货", "To ship"),
    "summary.low_stock": Text("低库存", "Low stock"),
    "summary.sold_out": Text("已售罄", "Sold out"),
    "summary.left": Text("{sku} 剩 {number}", "{sku}, {number} left"),
    "summary.chart": Text("热销（件）", "Best sellers (units)"),
    "summary.quiet": Text("今天还没有订单。", "No orders that day."),
    "summary.next": Text("接下来：{steps}。", "Next: {steps}."),
    "summary.next.ship": Text("有 {number} 单待发货", "{number} to ship"),
    "summary.next.unpaid": Text("有 {number} 单未收款", "{number} unpaid"),
    "summary.next.restock": Text("{number} 种商品要补货", "{number} to restock"),
    "summary.and": Text("，", ", "),
}  # fmt: skip
