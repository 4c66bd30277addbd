// node rudderstack.mjs URL WRITE_KEY USER BROWSER; bodies are gzip, its default

import RudderAnalytics from "@rudderstack/rudder-sdk-node";

import { visit } from "./visit.mjs";

const [dataPlaneUrl, writeKey, user, browser] = process.argv.slice(2);
const client = new RudderAnalytics(writeKey, {
  dataPlaneUrl,
  flushAt: 15,
  retryCount: 0,
  errorHandler: (error) => {
    console.error(error.message);
    process.exitCode = 1;
  },
});

await visit(client, user, browser);
await client.flush();
