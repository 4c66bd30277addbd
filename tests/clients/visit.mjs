// One visit to the shop, told through whichever SDK it is handed: they share these five calls.
// Flushed before the alias, so that the two travel as two batches.

const SHOE = { product_id: "tb-gtx-44" };

export async function visit(client, user, browser) {
  client.track({ anonymousId: browser, event: "Product Viewed", properties: SHOE });
  client.identify({
    userId: user,
    traits: { firstName: "Vic", email: "vic@example.com", plan: "größer 👟" },
  });
  for (let n = 0; n < 25; n += 1) {
    client.track({ userId: user, event: "Product Shared", properties: { ...SHOE, n } });
  }
  client.page({ userId: user, name: "Trailblazer GTX", properties: { path: "/p/tb-gtx" } });
  client.group({ userId: user, groupId: "club-7", traits: { name: "Trail club" } });
  await client.flush();
  client.alias({ userId: user, previousId: browser });
}
