// Just enough of a browser to run the beacon. Prints what it sent: [{url, body}].
// Arguments: the beacon's file, the page's own script (its last value is waited for), {stored, gpc,
// refuses, answers, worker} as JSON: `answers` is what fetch is answered, `worker` the endpoint of a
// push subscription.
const { readFileSync } = require("node:fs");
const vm = require("node:vm");

const [beacon, page, options] = process.argv.slice(2);
const { stored = {}, gpc = false, refuses = 0, answers, worker } = JSON.parse(options);
const sent = [];
const listeners = [];
let refusals = refuses;
let subscribed = null;

const pushManager = {
  getSubscription: async () => subscribed,
  subscribe: async (asked) => {
    sent.push({ subscribe: asked });
    subscribed = {
      endpoint: worker,
      toJSON: () => ({ endpoint: worker, expirationTime: null, keys: { p256dh: "P", auth: "A" } }),
      unsubscribe: async () => { subscribed = null; return true; },
    };
    return subscribed;
  },
};

const browser = {
  URL, Blob, btoa, crypto, clearTimeout,
  setTimeout: () => 1, // Only leaving the page sends: nothing here waits.
  addEventListener: (name, listener) => name === "pagehide" && listeners.push(listener),
  leave: () => listeners.forEach((listener) => listener()),
  fetch: async (url, { method, headers }) => {
    sent.push({ url, method, headers });
    return { ok: answers !== undefined, status: 401, json: async () => answers };
  },
  location: { href: "https://shop.example/p/tb-gtx" },
  document: {
    currentScript: {
      src: "https://rejoinder.example/beacon.js",
      dataset: { writeKey: "local-write-key", pushKey: "local-push-key" },
    },
    title: "Trailblazer GTX",
    referrer: "",
  },
  navigator: {
    globalPrivacyControl: gpc || undefined,
    serviceWorker: worker && {
      register: async (file) => { sent.push({ register: file }); },
      ready: Promise.resolve({ pushManager }),
      getRegistration: async () => ({ pushManager }),
    },
    sendBeacon: (url, body) => {
      if (typeof body !== "string" || Buffer.byteLength(body) > 65536) return false;
      if (refusals-- > 0) return false;
      return sent.push({ url, body }) > 0;
    },
  },
  localStorage: {
    getItem: (key) => stored[key] ?? null, // Throws where `stored` is null, as a browser may.
    setItem: (key, value) => { stored[key] = value; },
  },
};
browser.window = browser;
vm.createContext(browser);
vm.runInContext(readFileSync(beacon, "utf8"), browser);

Promise.resolve(vm.runInContext(page, browser)).then((told) => {
  browser.leave();
  if (told !== undefined) sent.push({ told });
  console.log(JSON.stringify(sent));
});
