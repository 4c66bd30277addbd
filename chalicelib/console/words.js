// The API's codes and numbers in words. What the API says in words already is only set in case.

const CHANNELS = {
  x_reply: "Public reply on X",
  x_dm: "Direct message on X",
  sms: "Text message",
  email: "E-mail",
  whatsapp: "WhatsApp",
  voice: "Phone call",
  push: "Push notification",
  inbox: "Inbox on the site",
};

const INTENTS = {
  availability: "Is it in stock?",
  price: "What does it cost?",
  store_info: "Where, and when open?",
  order_status: "Where is my order?",
  product_advice: "What would suit me?",
  opt_out: "Stop writing to me",
  opt_in: "Write to me again",
  help: "Help",
  channel_preference: "Write to me elsewhere",
  complaint: "A complaint",
  human: "A person, please",
  thanks: "Thanks",
  yes: "Yes",
  no: "No",
  other: "Nothing we understand",
};

const FEATURES = {
  bias: "Any offer, to begin with",
  bought_lately: "Bought there lately",
  bought_often: "Buys there often",
  looked_lately: "Looked there lately",
  looked_often: "Looks there often",
  due: "Due to buy again",
  asked_category: "Asked about this kind",
  complements: "Goes with a purchase",
  asked_product: "Asked for this very thing",
  in_basket: "In the basket",
  viewed_product: "Looked at this very thing",
  owned_product: "Has one already",
  interest: "A stated interest",
  repeated: "Offered before, unanswered",
  clicked: "Clicked it before",
  fatigue: "Many offers of late",
  responsive: "Answers offers",
  loyal: "A loyal customer",
  marketing: "Is marketing",
  private: "A private channel",
  evening: "It is evening",
  weekend: "It is the weekend",
};

const RECEIPTS = {
  pending: "on its way",
  retry: "will be tried again",
  sent: "sent",
  delivered: "delivered",
  read: "read",
  failed: "failed",
  unknown: "not known whether it arrived",
};

const GROUPS = {
  score: "scored lower",
  rule: "rule not met",
  cap: "made often enough",
  budget: "budget spent",
  date: "not on these days",
  exclusive: "not together with it",
  purpose: "may not be said here",
};

export const channelName = (channel) => CHANNELS[channel] ?? channel;
export const intentName = (intent) => INTENTS[intent] ?? intent;
export const receiptName = (status) => RECEIPTS[status] ?? status;
export const groupName = (reason) => GROUPS[reason] ?? reason;

export function featureName(name) {
  if (name.startsWith("offer.")) return `The offer: ${name.slice(6).replaceAll("_", " ")}`;
  return FEATURES[name] ?? name.replaceAll("_", " ");
}

export const sentence = (text) => (text ? text[0].toUpperCase() + text.slice(1) : "");

/** Whole percents, with one decimal near either end; nothing short of certain is 100 %. */
export function percent(share) {
  const shown = share < 1 ? Math.min(share * 100, 99.9) : 100;
  const digits = shown < 10 || shown > 99 ? 1 : 0;
  return `${shown.toFixed(digits).replace(/\.0$/, "")} %`;
}

/** With at most `digits` decimals, a true minus, and no zeros for show. */
export const number = (value, digits = 2) =>
  String(Number(value.toFixed(digits))).replace("-", "−");

export const signed = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;

export const plural = (count, one, many) => `${count} ${count === 1 ? one : many}`;

/** How long ago, from `then` to `now` (dates), in the largest unit that fits. */
export function ago(then, now) {
  const minutes = Math.round((now - then) / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${plural(minutes, "minute", "minutes")} ago`;
  if (minutes < 36 * 60) return `${plural(Math.round(minutes / 60), "hour", "hours")} ago`;
  return `${plural(Math.round(minutes / 1440), "day", "days")} ago`;
}
