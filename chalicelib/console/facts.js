// Gathers what a reason is told from: the interaction, its decision, the customer, and names.

import { look, Trouble } from "./api.js";

const products = new Map();

/** The interaction as GET /interactions/{id} tells it; null while it is still queued. */
export async function interaction(id) {
  try {
    return await look(`interactions/${encodeURIComponent(id)}`);
  } catch (trouble) {
    if (trouble instanceof Trouble && trouble.status === 404) return null;
    throw trouble;
  }
}

/** Everything that belongs to an interaction. */
export async function gather(told) {
  const [decision, customer] = await Promise.all([
    told.decision_id ? look(`decisions/${encodeURIComponent(told.decision_id)}`) : null,
    told.customer_id ? known(`customers/${encodeURIComponent(told.customer_id)}`) : null,
  ]);
  const meant = (told.understanding?.products ?? []).map((match) => match.product_id);
  const viewed = (customer?.recent ?? []).map((one) => one.product_id).find(Boolean);
  await Promise.all([...meant, viewed].filter(Boolean).map(nameProduct));
  return { told, decision, customer, products };
}

async function nameProduct(id) {
  if (products.has(id)) return;
  const product = await known(`products/${encodeURIComponent(id)}`);
  if (product) products.set(id, product);
}

/** null where it does not exist: erased, or never imported. */
async function known(path) {
  try {
    return await look(path);
  } catch (trouble) {
    if (trouble instanceof Trouble && trouble.status === 404) return null;
    throw trouble;
  }
}
