// Building elements. Text goes in as text, never as markup: what people and goods are called is
// anybody's to choose.

export function el(tag, options = {}, children = []) {
  const node = document.createElement(tag);
  if (options.class) node.className = options.class;
  if (options.text !== undefined) node.textContent = options.text;
  for (const [name, value] of Object.entries(options.attributes ?? {})) {
    node.setAttribute(name, value);
  }
  node.append(...children.filter(Boolean));
  return node;
}

export function svg(tag, attributes = {}, text = "") {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  if (text) node.textContent = text;
  return node;
}

const ADDRESS = /https?:\/\/[^\s<>"'，。；）]+/g;

// Only addresses of this very shop become links; a product named like a link stays a name.
export function withLinks(text) {
  const parts = [];
  let end = 0;
  for (const found of text.matchAll(ADDRESS)) {
    if (!ours(found[0])) continue;
    parts.push(text.slice(end, found.index));
    parts.push(
      el("a", {
        text: found[0],
        attributes: { href: found[0], target: "_blank", rel: "noopener" },
      }),
    );
    end = found.index + found[0].length;
  }
  parts.push(text.slice(end));
  return parts;
}

function ours(address) {
  try {
    return new URL(address).origin === location.origin;
  } catch {
    return false;
  }
}
