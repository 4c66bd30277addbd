// The page: starts its parts and lets each know of the others.

import { takeToken, tell, token, Trouble } from "./api.js";
import * as clock from "./clock.js";
import * as composer from "./composer.js";
import { Devices } from "./devices.js";
import { element, find } from "./elements.js";
import { gather, interaction } from "./facts.js";
import { Mailbox, pause } from "./mailbox.js";
import { reason, state, stateOf } from "./reason.js";

const ARRIVES_WITHIN = 900;
const AGAIN_AFTER = 900;
const LOOKS_FOR_IT = 30;
const LOOKS_FOR_RECEIPT = 8;

const mailbox = new Mailbox({
  onItem: (item, isNews) => {
    if (mailbox.concerns(item, composer.writer())) devices.add(item, isNews);
  },
  onChange: (item) => devices.update(item),
  onTrouble: showTrouble,
});
const devices = new Devices(open);
let opened = null;

async function main() {
  takeToken();
  try {
    await clock.start(showTrouble);
  } catch (trouble) {
    if (isOnlyShell(trouble)) find("shell").hidden = false;
    else showTrouble(trouble);
    return;
  }
  find("stage").hidden = false;
  composer.start(send, showPerson);
  showPerson(composer.writer());
  find("token-form").addEventListener("submit", useToken);
  addEventListener("hashchange", () => takeToken() && open(opened));
  await mailbox.run();
}

/** In the cloud there are no /local routes, and what is missing answers 403 or 404 in its words. */
const isOnlyShell = (trouble) =>
  trouble instanceof Trouble && [403, 404].includes(trouble.status) && trouble.code !== "forbidden";

function showPerson(person) {
  opened = null;
  devices.show(person, mailbox.of(person));
  invite();
}

/** Deliver what was written; true if it was taken. */
async function send({ path, document, item }) {
  if (item) mailbox.write(Object.assign(item, { at: clock.now() }));
  opened = null;
  devices.mark(null);
  show("waiting", "On its way: signed, delivered, queued…");
  try {
    const answer = await tell(path, document);
    if (item) item.interactionId = answer.interaction_id;
    open(answer.interaction_id, ARRIVES_WITHIN);
    return true;
  } catch (trouble) {
    if (item) devices.update(Object.assign(item, { wrong: "Not delivered" }));
    show("bad", trouble.message);
    return false;
  }
}

/** Open the reason of an interaction, and keep it up to date until its receipts are in. */
async function open(id, milliseconds = 0) {
  opened = id;
  devices.mark(id);
  if (!id) return invite();
  if (!token.given) return askForToken(false);
  if (milliseconds) await mailbox.arrival(id, milliseconds);
  if (milliseconds && opened === id) devices.reveal(id);
  try {
    await follow(id);
  } catch (trouble) {
    if (opened !== id) return;
    if (trouble.status === 401) askForToken(true);
    else show("bad", trouble.message);
  }
}

async function follow(id) {
  let told = null;
  for (let looks = 0; opened === id && looks < LOOKS_FOR_IT && told === null; looks += 1) {
    told = await interaction(id);
    if (told === null) await mailbox.arrival(id, AGAIN_AFTER);
  }
  if (opened !== id) return;
  if (told === null) return show("bad", "Still queued: nothing has come of it so far.");
  const body = reason(await gather(told));
  if (opened !== id) return;
  show(...stateOf(told), body);
  for (let looks = 0; opened === id && looks < LOOKS_FOR_RECEIPT && !isSettled(told); looks += 1) {
    await pause(AGAIN_AFTER);
    told = (await interaction(id)) ?? told;
    if (opened === id) find("story").firstElementChild.replaceWith(state(...stateOf(told)));
  }
}

const isSettled = ({ replies }) =>
  replies.every(({ receipt }) => ["delivered", "read", "failed"].includes(receipt.status));

function invite() {
  find("token-form").hidden = true;
  const words = "Send something, or press Why? beside a message, and read here who it was, "
    + "what was understood, which offer won, and why it took this way.";
  find("story").replaceChildren(element("p", { class: "invitation" }, words));
}

function show(kind, words, body = null) {
  find("token-form").hidden = true;
  find("story").setAttribute("aria-busy", String(kind === "waiting" && body === null));
  find("story").replaceChildren(...[state(kind, words), body].filter(Boolean));
}

function askForToken(isRefused) {
  find("story").replaceChildren();
  find("token-form").hidden = false;
  find("token-wrong").hidden = !isRefused;
  find("token-wrong").textContent = isRefused ? "That token was not accepted." : "";
  if (isRefused) token.forget();
}

function useToken(event) {
  event.preventDefault();
  token.keep(find("token").value.trim());
  find("token").value = "";
  open(opened);
}

function showTrouble(trouble) {
  find("trouble").hidden = trouble === null;
  find("trouble").textContent = trouble?.message ?? "";
}

main();
