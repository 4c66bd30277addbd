// Speaks to the API and says in words what went wrong. Keeps the operators' token for this tab.

const ROOT = new URL(".", document.baseURI);
const KEPT = "rejoinder-token";

/** What could not be had, in words for a person. `status` is 0 where nothing answered. */
export class Trouble extends Error {
  constructor(message, status = 0, code = null) {
    super(message);
    Object.assign(this, { status, code });
  }
}

export const token = {
  get given() {
    return sessionStorage.getItem(KEPT);
  },
  keep: (value) => sessionStorage.setItem(KEPT, value),
  forget: () => sessionStorage.removeItem(KEPT),
};

/** Take `#token=…` out of the address bar and keep it; true if there was one. */
export function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given === null) return false;
  if (given) token.keep(given);
  history.replaceState(null, "", location.pathname + location.search);
  return Boolean(given);
}

/** A route that needs no token. */
export const ask = (path) => call(path, {});

export const tell = (path, document) =>
  call(path, {
    method: "POST",
    body: JSON.stringify(document),
    headers: { "Content-Type": "application/json" },
  });

/** An operators' route. */
export const look = (path) =>
  call(path, { headers: { Authorization: `Bearer ${token.given ?? ""}` } });

/** Follow a tracked link as far as our own server; true if it counted the click. */
export async function follow(url) {
  try {
    const answer = await fetch(url, { redirect: "manual", mode: "same-origin" });
    return answer.type === "opaqueredirect";
  } catch {
    return false;
  }
}

export const isTracked = (url) => url.startsWith(new URL("r/", ROOT).href);

async function call(path, options) {
  let response;
  try {
    response = await fetch(new URL(path, ROOT), { cache: "no-store", ...options });
  } catch {
    throw new Trouble("Nothing answers at this address. Is the local run still up?");
  }
  let answer = null;
  try {
    answer = await response.json();
  } catch {
    // What is no JSON is no answer of ours; its status says enough.
  }
  if (response.ok && answer !== null) return answer;
  const { message, code } = answer?.error ?? {};
  throw new Trouble(message ?? `The answer was ${response.status}.`, response.status, code);
}
