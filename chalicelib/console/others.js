// The offers that were not made: why, a page at a time, or one that is asked for by its id.

import { look, Trouble } from "./api.js";
import { element } from "./elements.js";
import { groupName } from "./words.js";

const SHOWN = 2;

/** Elements for the rejected of a decision, as GET /decisions/{id} tells them. */
export function others(decision) {
  if (!decision.rejected.length) {
    return decision.missing ? [element("p", { class: "plain" }, `${decision.missing}.`)] : [];
  }
  const path = `decisions/${encodeURIComponent(decision.decision_id)}`;
  const counts = new Map();
  const heading = element("h4");
  const first = element("ul", { class: "others" });
  const rest = element("ul", { class: "others" });
  const summary = element("summary");
  const next = element("button", { type: "button", class: "next", onclick: load });
  const details = element("details", { class: "more" }, summary, rest, next);
  let from = null;
  add(decision);
  if (from !== null) details.append(search(path));
  return [heading, first, rest.childElementCount ? details : null];

  async function load() {
    next.disabled = true;
    try {
      add(await look(`${path}?from=${from}`));
    } catch (trouble) {
      next.textContent = trouble instanceof Trouble ? trouble.message : String(trouble);
    }
    next.disabled = false;
  }

  function add({ rejected, rejected_total: total, next_from: following }) {
    for (const offer of rejected) {
      counts.set(offer.reason, (counts.get(offer.reason) ?? 0) + 1);
      (first.childElementCount < SHOWN ? first : rest).append(line(offer));
    }
    const shown = first.childElementCount + rest.childElementCount;
    const summed = [...counts].map(([why, count]) => `${count} ${groupName(why)}`).join(" · ");
    from = following;
    heading.textContent = `Not offered: ${summed}${from === null ? "" : ` · of ${total} in all`}`;
    summary.textContent = `${shown - first.childElementCount} more`;
    next.textContent = `${total - shown} more`;
    next.hidden = from === null;
  }
}

const line = (offer) =>
  element("li", {}, element("strong", {}, offer.title ?? offer.offer_id), `: ${offer.text}.`);

/** A field for one offer's id, and what is said of it. */
function search(path) {
  const found = element("ul", { class: "others", "aria-live": "polite" });
  const field = element("input", {
    type: "search", placeholder: "Offer id", "aria-label": "Why not the offer", onchange: ask,
  });
  return element("div", { class: "search" }, field, found);

  async function ask() {
    found.replaceChildren(...(field.value ? [await told(path, field.value.trim())] : []));
  }
}

async function told(path, id) {
  try {
    const { rejected, chosen } = await look(`${path}?offer_id=${encodeURIComponent(id)}`);
    return line(rejected[0] ?? chosen[0]);
  } catch (trouble) {
    return element("li", {}, trouble instanceof Trouble ? trouble.message : String(trouble));
  }
}
