// The reason beside the message: who it was, what they asked, what was decided, which way it went.

import { now } from "./clock.js";
import { element } from "./elements.js";
import { others } from "./others.js";
import {
  ago, channelName, featureName, intentName, number, percent, plural, receiptName, sentence, signed,
} from "./words.js";

const PARTS_SHOWN = 3;

/** [kind, words] for an interaction, as GET /interactions/{id} tells it. */
export function stateOf(told) {
  if (told.replies.length) return stateOfReply(told.replies[0]);
  if (told.status === "handed_over") return ["good", "Handed over: a person takes it from here."];
  if (told.status === "failed") return ["bad", `Nothing was sent: ${told.note ?? "it failed"}.`];
  if (told.status === "received") return ["good", "Taken note of. There is nothing to say to it."];
  if (told.status === "deferred") return ["waiting", `Put off: ${told.note ?? "until later"}.`];
  return ["none", `Nothing was sent: ${told.note ?? "there was nothing to say"}.`];
}

function stateOfReply({ channel, receipt }) {
  const name = channelName(channel);
  const what = receiptName(receipt.status);
  const code = receipt.code ? ` (code ${receipt.code})` : "";
  const kinds = { failed: "bad", unknown: "bad", pending: "waiting", retry: "waiting" };
  return [kinds[receipt.status] ?? "good", `${name}, ${what}${code}.`];
}

export const state = (kind, words) => element("p", { class: "state", "data-kind": kind }, words);

/**
 * The whole reason. `told` is the interaction; `decision` and `customer` are null where there are
 * none; `products` is a Map of ids to products.
 */
export function reason({ told, decision, customer, products }) {
  const facts = [
    who(customer, products),
    told.understanding ? asked(told.understanding, products) : null,
    decision ? offered(decision) : null,
    decision ? channelOf(decision.channel) : null,
    decision ? colophon(told, decision) : null,
  ];
  return element("div", { class: "facts" }, ...facts);
}

const fact = (title, ...children) =>
  element("section", { class: "fact" }, element("h3", {}, title), ...children);

const lead = (words, aside) =>
  element("p", { class: "lead" }, words, aside ? element("small", {}, ` ${aside}`) : null);

const plain = (words) => (words ? element("p", { class: "plain" }, words) : null);

function who(customer, products) {
  if (customer === null) return null;
  const name = customer.profile.first_name;
  const isKnown = Boolean(name) || customer.aggregates.order_count > 0;
  if (!isKnown) {
    const words = "No name, no history: the answer can draw on nothing personal.";
    return fact("Who", lead("Somebody new"), plain(words));
  }
  const tier = customer.attributes.tier ? `${customer.attributes.tier} member` : null;
  return fact("Who", lead(name ?? "A customer", tier), plain(history(customer, products)));
}

function history(customer, products) {
  const kept = customer.aggregates;
  const said = [];
  if (customer.interests.length) said.push(`likes ${customer.interests.join(", ")}`);
  if (kept.order_count) {
    const last = ago(new Date(kept.last_purchase_at), now());
    said.push(`${plural(kept.order_count, "order", "orders")}, the last ${last}`);
  }
  const viewed = customer.recent.find((one) => one.product_id);
  if (viewed) {
    const name = productName(viewed.product_id, products);
    said.push(`looked at the ${name}, ${ago(new Date(viewed.at), now())}`);
  }
  return said.length ? `${sentence(said.join("; "))}.` : null;
}

export function productName(id, products) {
  const product = products.get(id);
  if (!product) return id;
  return product.size ? `${product.title} in ${product.size}` : product.title;
}

function asked(understanding, products) {
  const sure = `${percent(understanding.confidence)} sure`;
  const meant = understanding.products.map(
    (match) => `${productName(match.product_id, products)} (${percent(match.confidence)})`,
  );
  const unsure = understanding.ambiguous ? "Not clear which: " : "";
  const words = meant.length ? `${unsure}${meant.join(" or ")}` : null;
  return fact("Asked", lead(intentName(understanding.intent), sure), plain(words));
}

function offered(decision) {
  const children = decision.chosen.length
    ? decision.chosen.flatMap((offer) => chosen(offer, decision.carried))
    : [lead("No offer")];
  const refusal = decision.channel.marketing_refused;
  return fact("Offered", ...children,
    refusal ? plain(`Nothing that advertises: ${refusal.text}.`) : null,
    ...others(decision));
}

function chosen(offer, carried) {
  const isCarried = carried === null || carried.includes(offer.offer_id);
  const sum = element("dl", { class: "sum" },
    term("", "probability", percent(offer.probability)),
    term("×", "value", number(offer.value)),
    term("×", "weight", number(offer.weight)),
    term("=", "score", number(offer.score)));
  return [
    lead(offer.title),
    isCarried ? null : plain("Chosen, but the message had no room for it."),
    sum,
    plain(`${sentence(offer.text)}.`),
    ...parts(offer),
  ];
}

const term = (sign, name, value) =>
  element("div", { "data-sign": sign }, element("dt", {}, name), element("dd", {}, value));

/** Each feature's part of the log-odds, the weightiest first. */
function parts(offer) {
  const all = Object.entries(offer.contributions)
    .filter(([, part]) => Math.abs(part) >= 0.005)
    .sort(([, a], [, b]) => Math.abs(b) - Math.abs(a));
  const longest = Math.max(...all.map(([, part]) => Math.abs(part)), 1e-9);
  const rows = all.map(([name, part]) => row(name, part, longest));
  const total = all.reduce((sum, [, part]) => sum + part, 0);
  const summed = `Together ${signed(total)} log-odds: ${percent(offer.probability)}.`;
  return [
    element("ul", { class: "parts", "aria-label": "What the probability is made of" },
      ...rows.slice(0, PARTS_SHOWN)),
    more(`${rows.length - PARTS_SHOWN} more, and their sum`, rows.length > PARTS_SHOWN,
      element("ul", { class: "parts" }, ...rows.slice(PARTS_SHOWN)), plain(summed)),
  ];
}

function row(name, part, longest) {
  const bar = element("i", { class: part < 0 ? "less" : "" });
  const half = (Math.abs(part) / longest) * 50;
  bar.style.setProperty("--from", `${part < 0 ? 50 - half : 50}%`);
  bar.style.setProperty("--long", `${half}%`);
  const scale = element("span", { class: "scale", "aria-hidden": "true" }, bar);
  return element("li", { class: "part" },
    element("span", {}, featureName(name)), scale, element("b", {}, signed(part)));
}

function more(words, isNeeded, ...children) {
  if (!isNeeded) return null;
  return element("details", { class: "more" }, element("summary", {}, words), ...children);
}

function channelOf(channel) {
  const chosenLead = channel.chosen ? lead(channelName(channel.chosen)) : lead("No channel");
  const refused = byText(channel).map(([text, names]) =>
    element("li", {}, element("strong", {}, names.join(", ")), `: ${text}.`));
  return fact("Sent by", chosenLead, plain(channel.why ? `${sentence(channel.why)}.` : null),
    refused.length ? element("h4", {}, "And not by") : null,
    element("ul", { class: "others refused" }, ...refused));
}

/** [what was said against them, their names]: many channels may share one reason. */
function byText({ chosen: taken, refused }) {
  const first = `${channelName(taken)} came first`;
  const found = new Map();
  for (const { channel, reason: why, text } of refused) {
    const words = why === "not_preferred" && taken ? first : text;
    found.set(words, [...(found.get(words) ?? []), channelName(channel)]);
  }
  return [...found];
}

function colophon(told, decision) {
  const rows = {
    interaction: told.interaction_id,
    decision: decision.decision_id,
    catalog: decision.versions.catalog,
    model: decision.versions.model,
    seed: decision.seed,
    decided: decision.decided_at,
  };
  const list = Object.entries(rows)
    .filter(([, value]) => value !== undefined && value !== null)
    .flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, String(value))]);
  return element("section", { class: "fact" },
    element("details", { class: "more" }, element("summary", {}, "For the record"),
      element("dl", { class: "colophon" }, ...list)));
}
