// Looks now and then whether the order has moved on, and shows the page anew when it has.

const EVERY_MS = 10_000;
const { order, token, status } = document.getElementById("status").dataset;

async function look() {
  if (document.hidden) return;
  try {
    const answer = await fetch(`/api/v1/orders/${encodeURIComponent(order)}`, {
      headers: { Authorization: `Bearer ${token}` },
      cache: "no-store",
    });
    if (answer.ok && (await answer.json()).status !== status) location.reload();
  } catch {
    // No network just now; the next look will tell.
  }
}

setInterval(look, EVERY_MS);
document.addEventListener("visibilitychange", look);
