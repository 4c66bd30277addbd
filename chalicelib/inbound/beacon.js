// Tells Rejoinder what a visitor does: rejoinder.page(name, properties), .track(name, properties),
// .identify(userId, traits, proof), .reset() when they log out; .inbox(), .read(id) and .push(said),
// .unpush(), which answer promises (docs/visitors.md).
// <script src="https://HOST/beacon.js" data-write-key="KEY" data-push-key="KEY"></script>
(function () {
  "use strict";
  var script = document.currentScript;
  var endpoint = new URL("/v1/batch", script.src).href;
  var MAX_EVENT = 32000, MAX_BEACON = 60000; // Bytes: the API takes 32 KB, sendBeacon 64 KB.
  var queue = [], timer = null, memory = {};

  function remember(name, value) { // "" forgets.
    if (value !== undefined) memory[name] = value;
    try {
      if (value !== undefined) localStorage.setItem("rejoinder." + name, value);
      return localStorage.getItem("rejoinder." + name) || memory[name] || null;
    } catch (blocked) { // Storage may be forbidden: then the id lasts for this page only.
      return memory[name] || null;
    }
  }

  function randomId() {
    var bytes = Array.from(crypto.getRandomValues(new Uint8Array(16)));
    return bytes.map(function (b) { return b.toString(16).padStart(2, "0"); }).join("");
  }

  function anonymousId() {
    return remember("anonymousId") || remember("anonymousId", randomId());
  }

  function ask(method, path) { // The id goes in a header, never in the URL, which others log.
    var headers = { Authorization: "Basic " + btoa(script.dataset.writeKey + ":"),
      "X-Anonymous-Id": anonymousId() };
    return fetch(new URL(path, script.src).href, { method: method, headers: headers })
      .then(function (answer) { return answer.ok ? answer.json() : Promise.reject(answer.status); });
  }

  function subscription() {
    var workers = navigator.serviceWorker;
    return workers ? workers.getRegistration().then(function (worker) {
      return worker && worker.pushManager.getSubscription();
    }) : Promise.resolve(null);
  }

  function flush() {
    timer = clearTimeout(timer);
    while (queue.length) {
      var count = 0, size = 0;
      while (count < queue.length && (size += queue[count].size) <= MAX_BEACON) count += 1;
      var head = JSON.stringify({ writeKey: script.dataset.writeKey, sentAt: new Date() });
      var events = queue.slice(0, count).map(function (event) { return event.text; }).join(",");
      // A string goes as text/plain, without a preflight; no header could carry the key.
      if (!navigator.sendBeacon(endpoint, head.slice(0, -1) + ',"batch":[' + events + "]}")) return;
      queue.splice(0, count);
    }
  }

  function enqueue(type, fields) {
    var page = { url: location.href, title: document.title, referrer: document.referrer };
    var context = { page: page, identityProof: remember("proof") || undefined };
    if (navigator.globalPrivacyControl) context.gpc = true;
    var event = { type: type, messageId: randomId(), timestamp: new Date(), context: context,
      anonymousId: anonymousId(), userId: remember("userId") || null };
    var text = JSON.stringify(Object.assign(event, fields));
    var size = new Blob([text]).size + 1;
    if (size <= MAX_EVENT) queue.push({ text: text, size: size });
    timer = timer || setTimeout(flush, 300);
  }

  window.rejoinder = {
    page: function (name, properties) { enqueue("page", { name: name, properties: properties }); },
    track: function (name, properties) { enqueue("track", { event: name, properties: properties }); },
    identify: function (userId, traits, proof) {
      if (userId) {
        remember("userId", String(userId));
        remember("proof", proof || ""); // Hex HMAC-SHA256(IDENTITY_SECRET, userId), by your server.
      }
      enqueue("identify", { traits: traits });
    },
    inbox: function () { return ask("GET", "/inbox"); },
    read: function (id) { return ask("POST", "/inbox/" + encodeURIComponent(id) + "/read"); },
    push: function (said) { // {wording, marketing}; from a click: browsers ask the visitor then.
      return navigator.serviceWorker.register(script.dataset.worker || "/push-worker.js")
        .then(function () { return navigator.serviceWorker.ready; })
        .then(function (worker) {
          return worker.pushManager.subscribe({ userVisibleOnly: true,
            applicationServerKey: script.dataset.pushKey });
        }).then(function (made) {
          enqueue("track", { event: "Push Subscribed", properties: Object.assign(made.toJSON(), said) });
        });
    },
    unpush: function () {
      return subscription().then(function (made) {
        if (!made) return;
        enqueue("track", { event: "Push Unsubscribed", properties: { endpoint: made.endpoint } });
        return made.unsubscribe();
      });
    },
    reset: function () { // Whoever logs in here next is somebody else.
      var ended = window.rejoinder.unpush();
      return ended.then(function () {
        flush();
        ["userId", "proof", "anonymousId"].forEach(function (name) { remember(name, ""); });
      });
    }
  };
  addEventListener("pagehide", flush);
})();
