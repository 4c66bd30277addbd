// Where messages arrive: puts each on the phone, in the inbox, on the timeline or at the desk.

import { follow, isTracked } from "./api.js";
import { shownTime } from "./clock.js";
import { element, find } from "./elements.js";
import { BRAND } from "./people.js";

const PLACES = { sms: "phone", email: "inbox", x_reply: "posts", x_dm: "posts", handover: "desk" };
const MAKERS = { phone: bubble, inbox: mail, posts: post, desk: handover };
const NEWS = {
  phone: "A text message arrived",
  inbox: "An e-mail arrived",
  posts: "An answer appeared on X",
  desk: "A person was asked to take over",
};

/**
 * The devices of one person at a time. An item: {channel, text, subject, own, at, to, wrong,
 * interactionId}; `own` ones were written here. `onWhy(interactionId)` opens a reason.
 */
export class Devices {
  constructor(onWhy) {
    this.onWhy = onWhy;
    this.nodes = new Map();
    this.opened = null;
  }

  /** Show `items`, and only them, as the devices of `person`. */
  show(person, items) {
    this.person = person;
    this.nodes.clear();
    for (const place of Object.keys(MAKERS)) {
      find(place).querySelector(".thread").replaceChildren();
    }
    find("phone").setAttribute("aria-label", `${person.name}'s phone`);
    find("inbox").querySelector(".owner").textContent = person.email ?? "address unknown";
    find("posts").querySelector(".owner").textContent = `x:${person.x}`;
    find("desk").hidden = true;
    items.forEach((item) => this.add(item));
  }

  /** Put one more where it belongs; with `isNews` the device lights up. */
  add(item, isNews = false) {
    const place = PLACES[item.channel];
    if (place === undefined) return;
    const device = find(place);
    const thread = device.querySelector(".thread");
    const node = MAKERS[place](item, this.person, this.noteOf(item));
    this.nodes.set(item, node);
    device.hidden = false;
    if (place === "inbox") {
      for (const older of thread.querySelectorAll("details")) older.open = false;
      thread.prepend(node);
    } else {
      thread.append(node);
      thread.scrollTop = thread.scrollHeight;
    }
    if (isNews && !item.own) announce(device, `${NEWS[place]}: ${item.text}`);
  }

  /** What is known of an item has changed. */
  update(item) {
    this.nodes.get(item)?.querySelector(".note").replaceWith(this.noteOf(item));
  }

  /** Mark what belongs to the reason that is open. */
  mark(interactionId) {
    this.opened = interactionId;
    for (const button of document.querySelectorAll(".why")) {
      button.setAttribute("aria-pressed", String(button.dataset.of === interactionId));
    }
  }

  /** Bring what arrived for an interaction into view, where the page is too long for it. */
  reveal(interactionId) {
    for (const [item, node] of this.nodes) {
      if (!item.own && item.interactionId === interactionId) {
        node.scrollIntoView({ block: "nearest" });
      }
    }
  }

  noteOf(item) {
    if (item.wrong) return element("p", { class: "note wrong" }, item.wrong);
    const id = item.interactionId;
    const why = element("button", {
      class: "why", type: "button", "data-of": id, "aria-pressed": String(id === this.opened),
      onclick: () => this.onWhy(id),
    }, "Why?");
    const time = element("time", { datetime: item.at.toISOString() }, shownTime(item.at));
    return element("div", { class: "note" }, time, id && !item.own ? why : null);
  }
}

function announce(device, news) {
  find("news").textContent = news;
  device.classList.remove("lit");
  // Reading a size makes the browser forget the animation that is over.
  void device.offsetWidth;
  device.classList.add("lit");
}

function bubble(item, person, note) {
  return element("div", { class: item.own ? "bubble own" : "bubble" }, worded("p", item), note);
}

function mail(item, person, note) {
  const summary = element("summary", {},
    element("strong", {}, BRAND.name),
    element("small", {}, shownTime(item.at)),
    element("span", {}, item.subject ?? "(no subject)"));
  return element("details", { class: "mail", open: true }, summary, worded("p", item), note);
}

function post(item, person, note) {
  const isDirect = item.channel === "x_dm";
  const name = item.own ? person.name : BRAND.name;
  const avatar = element("span", {
    class: item.own ? "avatar" : "avatar brand-avatar", "aria-hidden": "true",
  }, name[0]);
  const about = [isDirect ? "direct message" : null, item.own ? null : "automated"];
  const header = element("header", {},
    element("strong", {}, name),
    element("small", {}, about.filter(Boolean).join(" · ")));
  const kind = isDirect ? "post direct" : "post";
  return element("article", { class: kind }, avatar, header, worded("p", item), note);
}

function handover(item, person, note) {
  return element("article", { class: "handover" }, worded("p", item), note);
}

/** The text, with our own short links to be followed where they stand. */
function worded(tag, item) {
  const parts = item.text.split(/(https?:\/\/\S+)/);
  return element(tag, {}, ...parts.map((part) => (isTracked(part) ? link(part) : part)));
}

/** A line may break before the token of a link, rather than within it. */
function breakable(url) {
  const at = url.lastIndexOf("/") + 1;
  return [url.slice(0, at), element("wbr"), url.slice(at)];
}

function link(url) {
  const about = { class: "link", type: "button", title: "Follow it" };
  const made = element("button", about, ...breakable(url));
  made.addEventListener("click", async () => {
    const isCounted = await follow(url);
    made.classList.toggle("counted", isCounted);
    made.title = isCounted ? "The click was counted" : "The link does not answer";
    find("news").textContent = made.title;
  });
  return made;
}
