// Where one writes as Joe, or as somebody unknown: reads the form, and fills it with ideas.

import { element, find } from "./elements.js";
import { BRAND, IDEAS, JOE, PRODUCTS, STRANGER } from "./people.js";

const LIMITS = { tweet: 280, text: 1600 };
const ADDRESSES = { tweet: BRAND.handle, text: "To +1 555 000 9999" };

const form = find("composer");
const words = find("words");

const way = () => form.elements.way.value;

export const writer = () => (find("stranger").checked ? STRANGER : JOE);

/** `onSend({path, document, item})`; item is null for a click. `onPerson(person)` on a switch. */
export function start(onSend, onPerson) {
  find("product").append(
    ...PRODUCTS.map(([id, title]) => element("option", { value: id }, title)));
  form.addEventListener("change", arrange);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    await send(onSend);
  });
  words.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  find("stranger").addEventListener("change", () => {
    find("writer").textContent = writer().name;
    onPerson(writer());
  });
  arrange();
  words.value = IDEAS.tweet[0][1];
}

async function send(onSend) {
  const button = form.querySelector(".send");
  const said = read();
  if (said === null) return;
  button.disabled = true;
  try {
    if (await onSend(said)) words.value = "";
  } finally {
    button.disabled = false;
  }
}

/** What the form says; null where it says nothing. */
function read() {
  const person = writer();
  const text = words.value.trim();
  if (way() === "click") {
    const { product, deed } = form.elements;
    const document = { user_id: person.id, product_id: product.value, event: deed.value };
    return { path: "local/click", document, item: null };
  }
  if (!text) return null;
  const item = { own: true, person, text, interactionId: null };
  if (way() === "text") {
    const document = { from: person.phone, text };
    return { path: "local/text", document, item: { ...item, channel: "sms" } };
  }
  const dm = form.elements.dm.checked;
  const post = text.toLowerCase().includes(BRAND.handle) ? text : `${BRAND.handle} ${text}`;
  const shown = dm ? { channel: "x_dm", text } : { channel: "x_reply", text: post };
  const document = { from: person.x, text, dm };
  return { path: "local/tweet", document, item: { ...item, ...shown } };
}

/** Show the fields and the ideas of the chosen way. */
function arrange() {
  for (const part of document.querySelectorAll("[data-way]")) {
    part.hidden = !part.dataset.way.split(" ").includes(way());
  }
  words.required = way() !== "click";
  words.maxLength = LIMITS[way()] ?? LIMITS.text;
  find("address").textContent =
    way() === "tweet" && form.elements.dm.checked ? `To ${BRAND.handle}` : ADDRESSES[way()];
  form.querySelector(".send").textContent = way() === "click" ? "Do it" : "Send";
  find("ideas").replaceChildren(
    ...(IDEAS[way()] ?? []).map(([name, text]) => element("li", {}, idea(name, text))));
}

function idea(name, text) {
  const use = () => {
    words.value = text;
    words.focus();
  };
  return element("button", { type: "button", title: text, onclick: use }, name);
}
