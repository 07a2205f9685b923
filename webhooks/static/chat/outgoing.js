// What is being sent. Kept on the device until the server has it, so that nothing typed is lost
// by a dead network or a closed tab; sent again under the same id, it takes effect once.

const KEY = "zhanggui.unsent.";
const PATIENCE_MS = 10_000;

export class Outgoing {
  // changed(message, fate): fate is "sending", "sent" or "failed"
  constructor(address, changed) {
    this.address = address;
    this.changed = changed;
    this.waiting = new Map(); // id -> {message, fate}
    for (const message of kept()) this.waiting.set(message.id, { message, fate: "failed" });
  }

  // What has not arrived: still on its way, failed, or left from an earlier visit.
  left() {
    return [...this.waiting.values()];
  }

  async send(message) {
    this.settle(message, "sending");
    keep(message);
    const sent = await this.post(message);
    if (sent) this.arrived(message.id);
    if (sent || this.waiting.has(message.id)) this.settle(message, sent ? "sent" : "failed");
  }

  // The message came back by the live stream: it is certainly there.
  arrived(id) {
    this.waiting.delete(id);
    forget(id);
  }

  settle(message, fate) {
    if (fate !== "sent") this.waiting.set(message.id, { message, fate });
    this.changed(message, fate);
  }

  // Puts the file of a message on the shop's side, once: what is sent again has its ticket.
  async put(message) {
    const answer = await fetch(`/chat/files?name=${encodeURIComponent(message.file.name)}`, {
      method: "PUT",
      headers: { "Content-Type": "application/octet-stream" },
      body: message.content,
      signal: AbortSignal.timeout(6 * PATIENCE_MS),
    });
    if (!answer.ok) throw new Error(`file refused: ${answer.status}`);
    message.file.ticket = (await answer.json()).ticket;
  }

  async post(message) {
    const again = message.file?.ticket;
    try {
      let answer = await this.tell(message);
      // A server that was started anew knows no tickets of before: the file goes there once more.
      if (again && answer.status === 404) {
        delete message.file.ticket;
        answer = await this.tell(message);
      }
      return answer.ok;
    } catch {
      return false;
    }
  }

  async tell(message) {
    const { id, person, chat, text, file } = message;
    if (file && !file.ticket) await this.put(message);
    return fetch(this.address, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ id, person, chat, text, ...(file && { file: file.ticket }) }),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  }
}

// One entry each, so that two tabs do not write over each other's. Where storage is full or
// forbidden the page goes on; only a reload would forget.
function keep(message) {
  if (message.content) return; // a file is not kept on the device
  try {
    localStorage.setItem(KEY + message.id, JSON.stringify(message));
  } catch {
    return;
  }
}

function forget(id) {
  try {
    localStorage.removeItem(KEY + id);
  } catch {
    return;
  }
}

function kept() {
  try {
    const keys = Object.keys(localStorage).filter((key) => key.startsWith(KEY));
    return keys.map((key) => JSON.parse(localStorage.getItem(key)));
  } catch {
    return [];
  }
}

// randomUUID exists on https and localhost only; a phone in the same house has neither.
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
