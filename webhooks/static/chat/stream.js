// The live stream. The browser reconnects by itself and says where it was; what it cannot notice
// is a connection that died in silence, so a missing ping reopens it here.

const SILENCE_MS = 40_000; // pings come every 15 s

export class Stream {
  // handlers: lines(array), restarted(), state("open" | "lost")
  constructor(address, handlers) {
    this.address = address;
    this.handlers = handlers;
    this.after = "";
    this.boot = null;
    this.open();
    window.addEventListener("online", () => this.reopen());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && Date.now() - this.heard > SILENCE_MS) this.reopen();
    });
    window.addEventListener("pagehide", () => this.source.close());
    window.addEventListener("pageshow", (event) => event.persisted && this.reopen());
  }

  open() {
    this.hear();
    const query = this.after ? `?after=${encodeURIComponent(this.after)}` : "";
    const source = new EventSource(this.address + query);
    this.source = source;
    source.addEventListener("hello", (event) => this.greet(event.data));
    source.addEventListener("lines", (event) => {
      this.hear();
      this.after = event.lastEventId;
      this.handlers.lines(JSON.parse(event.data));
    });
    source.addEventListener("ping", () => this.hear());
    source.addEventListener("error", () => {
      this.handlers.state("lost");
      // Refused outright (a proxy's error page): the browser has given up, we have not.
      if (source.readyState === EventSource.CLOSED) setTimeout(() => this.reopen(source), 2000);
    });
  }

  reopen(given = this.source) {
    if (given !== this.source) return;
    this.source.close();
    this.open();
  }

  greet(boot) {
    this.hear();
    this.handlers.state("open");
    if (this.boot !== null && this.boot !== boot) {
      // Another server, maybe another shop: take the conversation anew from its beginning.
      this.after = "";
      this.boot = boot;
      this.handlers.restarted();
      this.reopen();
      return;
    }
    this.boot = boot;
  }

  hear() {
    this.heard = Date.now();
    clearTimeout(this.watch);
    this.watch = setTimeout(() => this.reopen(), SILENCE_MS);
  }
}
