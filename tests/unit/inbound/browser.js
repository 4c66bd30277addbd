// Just enough of a browser to run the beacon. Prints what it sent: [{url, body}].
// Arguments: the beacon's file, the page's own script, {stored, gpc, refuses} as JSON.
const { readFileSync } = require("node:fs");
const vm = require("node:vm");

const [beacon, page, options] = process.argv.slice(2);
const { stored = {}, gpc = false, refuses = 0 } = JSON.parse(options);
const sent = [];
const listeners = [];
let refusals = refuses;

const browser = {
  URL, Blob, crypto, clearTimeout,
  setTimeout: () => 1, // Only leaving the page sends: nothing here waits.
  addEventListener: (name, listener) => name === "pagehide" && listeners.push(listener),
  leave: () => listeners.forEach((listener) => listener()),
  location: { href: "https://shop.example/p/tb-gtx" },
  document: {
    currentScript: {
      src: "https://rejoinder.example/beacon.js",
      dataset: { writeKey: "local-write-key" },
    },
    title: "Trailblazer GTX",
    referrer: "",
  },
  navigator: {
    globalPrivacyControl: gpc || undefined,
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
vm.runInContext(page, browser);
browser.leave();
console.log(JSON.stringify(sent));
