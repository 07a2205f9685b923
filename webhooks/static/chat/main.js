// The chat page: who speaks, in which chat, and what is said.

import { Feed } from "./feed.js";
import { Outgoing, newId } from "./outgoing.js";
import { Stream } from "./stream.js";

const $ = (id) => document.getElementById(id);
const composer = $("composer");
const textBox = $("text");
const radios = [...document.querySelectorAll('input[name="person"]')];
const tabs = [...document.querySelectorAll(".chat-tab")];
const people = new Map(
  radios.map((radio) => [radio.value, { name: radio.dataset.name, title: radio.dataset.title }]),
);
const WELCOME = {
  group: "掌柜在群里。点下面的「帮助」看看它会什么，或者直接输入：咖啡豆+50",
  direct: "这里只有你和掌柜。输入「后台」可以拿到管理页的登录链接。",
};

const state = {
  person: remembered("person", people, radios.find((radio) => radio.checked).value),
  kind: "group",
  lines: new Map(), // chat id -> lines in order
  seen: new Set(), // line ids
  fresh: false, // the history has been shown; what comes now just happened
  unread: new Map(), // chat id -> count
};

const chatId = (kind = state.kind) => (kind === "group" ? "group" : `direct-${state.person}`);

const feed = new Feed($("feed"), $("newer"), {
  press: (button) => say(button.command),
  again: (message) => outgoing.send(message),
  name: (id) => people.get(id) ?? { name: "", title: "" },
});

const outgoing = new Outgoing("/chat/messages", (message, fate) => {
  if (chatOf(message) === chatId() && !(fate === "sent" && state.seen.has(message.id))) {
    feed.pending(message, fate);
  }
});

const stream = new Stream("/chat/events", {
  lines: take,
  restarted: () => {
    state.lines.clear();
    state.seen.clear();
    state.fresh = false;
    show();
  },
  state: (now) => {
    $("line").textContent = now === "open" ? "" : "连接断开，正在重连…";
  },
});

function take(lines) {
  const news = lines.filter((line) => !state.seen.has(line.id));
  for (const line of news) {
    state.seen.add(line.id);
    if (line.message_id) {
      state.seen.add(line.message_id);
      outgoing.arrived(line.message_id);
    }
    if (!state.lines.has(line.chat)) state.lines.set(line.chat, []);
    state.lines.get(line.chat).push(line);
    if (state.fresh && line.chat !== chatId() && line.who === null) count(line.chat, 1);
  }
  const here = news.filter((line) => line.chat === chatId());
  if (here.length > 0) feed.add(here, { fresh: state.fresh });
  state.fresh = true;
  sketch();
}

function show() {
  feed.clear();
  const lines = state.lines.get(chatId()) ?? [];
  feed.person = state.person;
  if (lines.length > 0) feed.add(lines, { fresh: false });
  else feed.welcome(WELCOME[state.kind]);
  for (const { message, fate } of outgoing.left()) {
    if (chatOf(message) === chatId()) feed.pending(message, fate);
  }
  count(chatId(), 0);
  sketch();
}

// The last words of each chat, and what was not read yet.
function sketch() {
  for (const tab of tabs) {
    const { kind } = tab.dataset;
    const last = (state.lines.get(chatId(kind)) ?? []).at(-1);
    tab.setAttribute("aria-pressed", String(kind === state.kind));
    tab.querySelector(".chat-last").textContent = last ? summary(last) : "\u00a0";
    const unread = state.unread.get(chatId(kind)) ?? 0;
    const badge = tab.querySelector(".unread");
    badge.hidden = unread === 0;
    badge.textContent = String(unread);
  }
  $("title").textContent = state.kind === "group" ? "掌柜演示群" : "私聊掌柜";
  $("members").hidden = state.kind !== "group";
}

function summary(line) {
  const said = line.text || (line.file ? `📄 ${line.file.name}` : "");
  if (line.who !== null) return `${people.get(line.who)?.name ?? line.name}：${said}`;
  return `掌柜：${line.reply.title || line.reply.text}`;
}

function count(chat, by) {
  state.unread.set(chat, by === 0 ? 0 : (state.unread.get(chat) ?? 0) + by);
}

function chatOf(message) {
  return message.chat === "group" ? "group" : `direct-${message.person}`;
}

function say(text) {
  if (!text.trim()) return;
  outgoing.send({ id: newId(), person: state.person, chat: state.kind, text: text.trim() });
}

// A file goes at once, with what is typed: alone it is taken for an import.
function sendFile(chosen) {
  if (!chosen) return;
  outgoing.send({
    id: newId(),
    person: state.person,
    chat: state.kind,
    text: textBox.value.trim(),
    file: { name: chosen.name },
    content: chosen,
  });
  textBox.value = "";
  remember("draft", "");
  grow();
}

function submit() {
  say(textBox.value);
  textBox.value = "";
  remember("draft", "");
  grow();
}

function grow() {
  textBox.style.height = "";
  textBox.style.height = `${Math.min(textBox.scrollHeight + 2, 140)}px`;
}

function speakAs(person) {
  state.person = person;
  remember("person", person);
  if (state.kind === "direct") show();
  else feed.speakAs(person);
  sketch();
}

function remember(key, value) {
  try {
    sessionStorage.setItem(`zhanggui.${key}`, value); // per tab: two tabs can be two people
  } catch {
    // Without storage a reload forgets it, nothing else.
  }
}

function remembered(key, allowed, otherwise) {
  try {
    const value = sessionStorage.getItem(`zhanggui.${key}`);
    return value !== null && (!allowed || allowed.has(value)) ? value : otherwise;
  } catch {
    return otherwise;
  }
}

composer.addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
  textBox.focus();
});
textBox.addEventListener("keydown", (event) => {
  // While an input method is composing, Enter picks a word.
  const composing = event.isComposing || event.keyCode === 229;
  if (event.key !== "Enter" || event.shiftKey || composing) return;
  event.preventDefault();
  submit();
});
textBox.addEventListener("input", () => {
  remember("draft", textBox.value);
  grow();
});
$("file").addEventListener("change", (event) => {
  sendFile(event.target.files[0]);
  event.target.value = ""; // the same file can be chosen again
});
for (const chip of document.querySelectorAll(".chip")) {
  chip.addEventListener("click", () => say(chip.dataset.text));
}
for (const radio of radios) {
  radio.checked = radio.value === state.person;
  radio.addEventListener("change", () => speakAs(radio.value));
}
for (const tab of tabs) {
  tab.addEventListener("click", () => {
    state.kind = tab.dataset.kind;
    show();
  });
}

textBox.value = remembered("draft", null, "");
show();
grow();
