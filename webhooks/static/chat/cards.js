// What the bot says, as a card.

import { el, svg, withLinks } from "./dom.js";

const DOUBLE_MS = 1500;
const NUMBER = /^(?:[-+−]?[¥￥]?[\d,.]+%?(?:\+\d+)?)?$/;

// `quoted`: the words it answers, "" for none; `news`: the bot says it by itself; `press(button)`
// sends the button's command.
// `file`: the node of what is sent with it.
export function card(reply, { quoted, news, press, file }) {
  const body = el("div", { class: "card-body" }, [
    quoted && el("p", { class: "card-quote", text: quoted }),
    reply.fields.length > 0 && fields(reply.fields),
    reply.table && table(reply.table),
    reply.chart && chart(reply.chart),
    reply.text && el("p", { class: "card-text" }, withLinks(reply.text)),
    file,
    reply.buttons.length > 0 && buttons(reply.buttons, press),
  ]);
  const title = reply.title && el("h3", { class: "card-title", text: reply.title });
  return el("article", { class: looks(reply, news) }, [title, body.hasChildNodes() && body]);
}

function looks(reply, news) {
  const classes = ["card"];
  if (reply.title) classes.push("titled");
  if (reply.error) classes.push("refused");
  else if (reply.outcome === "confirm" || reply.outcome === "clarify") classes.push("asks");
  else if (news) classes.push("news");
  return classes.join(" ");
}

function fields(pairs) {
  const list = el("dl", { class: "card-fields" });
  for (const [name, value] of pairs) {
    list.append(el("dt", { text: name }), el("dd", {}, withLinks(value)));
  }
  return list;
}

function table({ head, rows }) {
  // A column of figures stands at the right, heading included.
  const figures = head.map(
    (_, column) => rows.some((row) => row[column]) && rows.every((row) => NUMBER.test(row[column])),
  );
  const cell = (tag, text, column) =>
    el(tag, { text, class: figures[column] ? "number" : "" });
  const line = (tag, cells) => el("tr", {}, cells.map((text, at) => cell(tag, text, at)));
  return el(
    "div",
    { class: "card-table", attributes: { tabindex: "0", role: "region", "aria-label": "表格 Table" } },
    [
      el("table", {}, [
        el("thead", {}, [line("th", head)]),
        el("tbody", {}, rows.map((row) => line("td", row))),
      ]),
    ],
  );
}

function buttons(list, press) {
  const row = el("div", { class: "card-buttons" });
  for (const button of list) {
    const node = el("button", {
      text: button.label,
      class: button.style,
      attributes: { type: "button", "data-command": button.command },
    });
    node.addEventListener("click", () => {
      // The second half of a double click is not a second wish.
      node.disabled = true;
      setTimeout(() => {
        node.disabled = "settled" in row.dataset;
      }, DOUBLE_MS);
      press(button);
    });
    row.append(node);
  }
  return row;
}

// The card's question was answered: one button stays marked, none can be pressed again.
export function settle(node, command, name) {
  const row = node.querySelector(".card-buttons");
  if (!row || row.dataset.settled) return;
  row.dataset.settled = "yes";
  for (const button of row.querySelectorAll("button")) {
    button.disabled = true;
    button.classList.toggle("pressed", button.dataset.command === command);
  }
  row.after(el("p", { class: "card-pressed", text: `${name} 已处理` }));
}

const WIDTH = 320;
const HEIGHT = 150;
const FLOOR = 122;

function chart({ kind, labels, values }) {
  const picture = svg("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    class: "chart",
    role: "img",
    "aria-label": labels.map((label, at) => `${label} ${values[at]}`).join("，"),
  });
  const most = Math.max(...values, 1);
  const step = WIDTH / Math.max(values.length, 1);
  const points = values.map((value, at) => ({
    x: step * at + step / 2,
    y: FLOOR - (Math.max(value, 0) / most) * 100,
    label: labels[at],
    value,
  }));
  if (kind === "line") {
    picture.append(svg("polyline", { points: points.map((p) => `${p.x},${p.y}`).join(" ") }));
  }
  const sparse = Math.ceil(points.length / 7);
  points.forEach((point, at) => {
    picture.append(mark(kind, point, Math.min(step * 0.6, 36)));
    if (at % sparse !== 0) return;
    const middle = { x: point.x, "text-anchor": "middle" };
    picture.append(svg("text", { ...middle, y: HEIGHT - 8 }, point.label));
    picture.append(svg("text", { ...middle, y: point.y - 6 }, String(point.value)));
  });
  return picture;
}

function mark(kind, { x, y }, width) {
  if (kind === "line") return svg("circle", { cx: x, cy: y, r: 3 });
  return svg("rect", { x: x - width / 2, y, width, height: Math.max(FLOOR - y, 1), rx: 3 });
}
