// Tells Rejoinder what a visitor does: rejoinder.page(name, properties), .track(name, properties),
// .identify(userId, traits). <script src="https://HOST/beacon.js" data-write-key="KEY"></script>
(function () {
  "use strict";
  var script = document.currentScript;
  var endpoint = new URL("/v1/batch", script.src).href;
  var MAX_EVENT = 32000, MAX_BEACON = 60000; // Bytes: the API takes 32 KB, sendBeacon 64 KB.
  var queue = [], timer = null, memory = {};

  function remember(name, value) {
    if (value) memory[name] = value;
    try {
      if (value) localStorage.setItem("rejoinder." + name, value);
      return localStorage.getItem("rejoinder." + name) || memory[name] || null;
    } catch (blocked) { // Storage may be forbidden: then the id lasts for this page only.
      return memory[name] || null;
    }
  }

  function randomId() {
    var bytes = Array.from(crypto.getRandomValues(new Uint8Array(16)));
    return bytes.map(function (b) { return b.toString(16).padStart(2, "0"); }).join("");
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
    var context = navigator.globalPrivacyControl ? { page: page, gpc: true } : { page: page };
    var anonymousId = remember("anonymousId") || remember("anonymousId", randomId());
    var event = { type: type, messageId: randomId(), timestamp: new Date(), context: context,
      anonymousId: anonymousId, userId: remember("userId") };
    var text = JSON.stringify(Object.assign(event, fields));
    var size = new Blob([text]).size + 1;
    if (size <= MAX_EVENT) queue.push({ text: text, size: size });
    timer = timer || setTimeout(flush, 300);
  }

  window.rejoinder = {
    page: function (name, properties) { enqueue("page", { name: name, properties: properties }); },
    track: function (name, properties) { enqueue("track", { event: name, properties: properties }); },
    identify: function (userId, traits) {
      if (userId) remember("userId", String(userId));
      enqueue("identify", { traits: traits });
    }
  };
  addEventListener("pagehide", flush);
})();
