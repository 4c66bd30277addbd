// node segment.mjs URL WRITE_KEY USER BROWSER

import { Analytics } from "@segment/analytics-node";

import { visit } from "./visit.mjs";

const [host, writeKey, user, browser] = process.argv.slice(2);
const client = new Analytics({ host, path: "/v1/batch", writeKey, flushAt: 15, maxRetries: 0 });

client.on("error", (error) => {
  console.error(error.code);
  process.exitCode = 1;
});
await visit(client, user, browser);
await client.closeAndFlush({ timeout: 10_000 });
