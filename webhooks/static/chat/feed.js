// The conversation on the screen.

import { card, settle } from "./cards.js";
import { el } from "./dom.js";

const GAP_MS = 5 * 60_000; // after this long a silence the time is said again
const NEAR_PX = 120;

export class Feed {
  // hooks: press(line, button), again(message), name(id) -> {name, title}
  constructor(list, newer, hooks) {
    this.list = list;
    this.newer = newer;
    this.hooks = hooks;
    this.person = "";
    newer.addEventListener("click", () => this.toEnd());
    list.addEventListener("scroll", () => {
      if (this.atEnd()) this.newer.hidden = true;
    });
    this.clear();
  }

  clear() {
    this.list.replaceChildren();
    this.nodes = new Map(); // line id -> its <li>
    this.lines = new Map(); // line id -> line
    this.lastAt = 0;
    this.newer.hidden = true;
  }

  welcome(text) {
    this.list.append(el("li", { class: "welcome", text }));
  }

  speakAs(person) {
    this.person = person;
    for (const node of this.list.querySelectorAll(".said[data-who]")) {
      node.classList.toggle("mine", node.dataset.who === person);
    }
  }

  // Adds what is new. `fresh`: it happened just now, so it moves in and the end comes into view.
  add(lines, { fresh }) {
    const follow = !fresh || this.atEnd();
    for (const line of lines) {
      this.list.querySelector(".welcome")?.remove();
      this.forget(line.message_id);
      const node = line.who === null ? this.botNode(line) : this.personNode(line);
      node.classList.toggle("fresh", fresh);
      this.sayTime(new Date(line.at));
      this.list.append(node);
      this.nodes.set(line.id, node);
      this.lines.set(line.id, line);
      if (line.who === null && !line.reply.error) this.settleBy(this.lines.get(line.answers));
    }
    this.keepPendingLast();
    if (follow) this.toEnd();
    else this.newer.hidden = false;
  }

  // A message on its way: shown at once, replaced when it comes back by the stream.
  pending(message, fate) {
    this.list.querySelector(".welcome")?.remove();
    let node = this.waitingNode(message.id);
    if (!node) {
      node = this.personNode({ ...message, who: message.person, at: Date.now() });
      node.dataset.waiting = message.id;
      this.list.append(node);
      this.toEnd();
    }
    node.classList.toggle("sending", fate === "sending");
    node.classList.toggle("failed", fate === "failed");
    node.querySelector(".fate")?.remove();
    if (fate === "failed") node.append(this.fate(message));
    if (fate === "failed") this.toEnd();
  }

  forget(messageId) {
    this.waitingNode(messageId)?.remove();
  }

  waitingNode(id) {
    return id ? this.list.querySelector(`[data-waiting="${CSS.escape(id)}"]`) : null;
  }

  keepPendingLast() {
    this.list.append(...this.list.querySelectorAll("[data-waiting]"));
  }

  fate(message) {
    const again = el("button", { text: "重发", attributes: { type: "button" } });
    again.addEventListener("click", () => this.hooks.again(message));
    return el("div", { class: "fate", attributes: { role: "alert" } }, [
      el("span", { text: "没有发出去" }),
      again,
    ]);
  }

  personNode(line) {
    const { name, title } = this.hooks.name(line.who);
    const shown = name || line.name || line.who;
    const by = el("div", { class: "by", text: shown }, [
      title && el("span", { class: "tag", text: title }),
    ]);
    return this.row(line, `avatar who-${line.who}`, shown.slice(0, 1), [
      by,
      el("div", { class: "bubble", text: this.pressedLabel(line.text) ?? line.text }, [
        line.text && line.file && el("br"),
        line.file && file(line.file),
      ]),
    ]);
  }

  botNode(line) {
    const asked = this.lines.get(line.answers);
    const by = el("div", { class: "by", text: "掌柜" }, [
      el("span", { class: "tag", text: "机器人" }),
    ]);
    const body = card(line.reply, {
      quoted: asked && line.chat === "group" ? `${this.speaker(asked)}：${this.pressedLabel(asked.text) ?? asked.text}` : "",
      news: line.answers === null,
      press: (button) => this.hooks.press(button),
      file: line.file && file(line.file),
    });
    return this.row(line, "avatar bot", "掌", [by, body]);
  }

  row(line, avatarClass, initial, children) {
    const mine = line.who !== null && line.who === this.person;
    const node = el("li", { class: mine ? "said mine" : "said" }, [
      el("span", { class: avatarClass, text: initial, attributes: { "aria-hidden": "true" } }),
      ...children,
    ]);
    if (line.who !== null) node.dataset.who = line.who;
    if (line.id) node.dataset.line = line.id;
    node.title = clock(new Date(line.at), { seconds: true });
    return node;
  }

  // The command of a question's button carries the question's name (确认 A1B2C3), which is for
  // the bot; people pressed 确认.
  pressedLabel(text) {
    for (const { who, reply } of this.lines.values()) {
      if (who !== null || reply.outcome !== "confirm") continue;
      const button = reply.buttons.find(({ command }) => command === text);
      if (button) return button.label;
    }
    return null;
  }

  speaker(line) {
    return this.hooks.name(line.who).name || line.name || line.who;
  }

  // The bot took `said` for an answer: mark it on the question, whichever way it was given. A
  // button's command names its question (是 A1B2C3); who types has only one, the last.
  settleBy(said) {
    if (!said) return;
    for (const [id, node] of [...this.nodes].reverse()) {
      const shown = this.lines.get(id);
      if (shown.who !== null || shown.reply.outcome !== "confirm") continue;
      const theirs = this.lines.get(shown.answers)?.who === said.who;
      const pressed = shown.reply.buttons.find(
        ({ command }) => command === said.text || (theirs && command.split(" ")[0] === said.text),
      );
      if (pressed) settle(node, pressed.command, this.speaker(said));
      if (pressed || theirs) return;
    }
  }

  sayTime(at) {
    if (at - this.lastAt > GAP_MS) {
      this.list.append(el("li", { class: "when", text: clock(at, {}) }));
    }
    this.lastAt = at;
  }

  atEnd() {
    return this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < NEAR_PX;
  }

  toEnd() {
    this.list.scrollTop = this.list.scrollHeight;
    this.newer.hidden = true;
  }
}

function clock(at, { seconds }) {
  const time = at.toLocaleTimeString("zh-CN", {
    hour: "2-digit",
    minute: "2-digit",
    second: seconds ? "2-digit" : undefined,
    hour12: false,
  });
  const days = Math.round((midnight(new Date()) - midnight(at)) / 86_400_000);
  if (days === 0) return time;
  if (days === 1) return `昨天 ${time}`;
  return `${at.toLocaleDateString("zh-CN", { month: "long", day: "numeric" })} ${time}`;
}

function midnight(at) {
  return new Date(at.getFullYear(), at.getMonth(), at.getDate());
}

// A file that was sent, to be saved; one that is on its way has only a name.
function file({ name, ticket }) {
  const shown = { text: `📄 ${name}`, class: "file" };
  if (!ticket) return el("span", shown);
  return el("a", { ...shown, attributes: { href: `/chat/files/${ticket}`, download: name } });
}
