// Makes the order form nicer; without it the form works all the same.

const form = document.querySelector("form.order");
const quantity = document.getElementById("quantity");
const sum = document.getElementById("sum");
const submit = form.querySelector('button[type="submit"]');

function chosen() {
  return form.querySelector('[name="choice"]:checked, [name="choice"][type="hidden"]');
}

function units() {
  return /^\d{1,4}$/.test(quantity.value.trim()) ? Number(quantity.value) : 0;
}

function show() {
  const choice = chosen();
  const fen = choice ? Number(choice.dataset.price) * units() : 0;
  sum.textContent = fen > 0 ? `¥${(fen / 100).toFixed(2).replace(/\.00$/, "")}` : "";
}

for (const button of form.querySelectorAll("[data-step]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const most = Number(chosen()?.dataset.available ?? 9999);
    const wanted = units() + Number(button.dataset.step);
    quantity.value = String(Math.min(Math.max(wanted, 1), Math.max(most, 1)));
    show();
  });
}
form.addEventListener("input", show);

// A second tap while the first is on its way does nothing (and would be the same order anyway).
form.addEventListener("submit", () => {
  setTimeout(() => {
    submit.disabled = true;
  });
});
window.addEventListener("pageshow", (event) => {
  if (event.persisted) submit.disabled = false; // came back with the browser's back button
  show();
});

// Who the goods go to is remembered on this device, and only here.
const KEY = "zhanggui.contact";
const fields = ["name", "phone", "address"].map((name) => document.getElementById(name));
try {
  const kept = JSON.parse(localStorage.getItem(KEY) ?? "{}");
  for (const field of fields) field.value ||= kept[field.name] ?? "";
  form.addEventListener("submit", () => {
    localStorage.setItem(KEY, JSON.stringify(Object.fromEntries(fields.map((f) => [f.name, f.value]))));
  });
} catch {
  // Storage is forbidden: the fields start empty.
}
(document.querySelector('[aria-invalid="true"]') ?? document.getElementById("alert"))
  ?.scrollIntoView({ block: "center" });
show();
