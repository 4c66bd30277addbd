// Everything said in this conversation, both ways: what was written here, and what the stand-in
// carriers took, which is polled. Never here: how it looks.

import { ask } from "./api.js";

const LIMIT = 200;
const SOON_MILLISECONDS = 400;
const IDLE_MILLISECONDS = 1500;

export const pause = (milliseconds) => new Promise((go) => setTimeout(go, milliseconds));

export class Mailbox {
  /** `onItem(item, isNews)`, `onChange(item)`, `onTrouble(trouble or null)`. */
  constructor({ onItem, onChange, onTrouble }) {
    Object.assign(this, { onItem, onChange, onTrouble });
    this.items = [];
    this.received = new Map();
    this.waiting = new Map();
    this.isFirst = true;
  }

  /** Those between the brand and `person`. */
  of(person) {
    return this.items.filter((item) => this.concerns(item, person));
  }

  concerns(item, person) {
    if (item.own) return item.person === person;
    if (item.channel !== "handover") {
      return [person.x, person.phone, person.email].includes(item.to);
    }
    const asked = this.items.find((one) => one.own && one.interactionId === item.interactionId);
    return asked?.person === person;
  }

  /** Put in what was written here. */
  write(item) {
    this.items.push(item);
    this.onItem(item, true);
  }

  /** Resolves when something arrives for the interaction, or after a while. */
  arrival(interactionId, milliseconds) {
    if (this.items.some((item) => !item.own && item.interactionId === interactionId)) {
      return Promise.resolve();
    }
    const arrived = new Promise((go) => this.waiting.set(interactionId, go));
    return Promise.race([arrived, pause(milliseconds)]).finally(() => {
      this.waiting.delete(interactionId);
    });
  }

  /** Poll for as long as the page is open: soon again while something is awaited. */
  async run() {
    for (;;) {
      if (!document.hidden) await this.poll();
      await pause(this.waiting.size ? SOON_MILLISECONDS : IDLE_MILLISECONDS);
    }
  }

  async poll() {
    try {
      const messages = await ask(`local/messages?limit=${LIMIT}`);
      messages.forEach((message) => this.take(message));
      this.isFirst = false;
      this.onTrouble(null);
    } catch (trouble) {
      this.onTrouble(trouble);
    }
  }

  take(message) {
    const key = JSON.stringify([message.channel, message.to, message.sent_at, message.text]);
    const known = this.received.get(key);
    if (known === undefined) {
      this.receive(key, message);
    } else if (known.interactionId !== message.interaction_id) {
      // The carrier has it a moment before our ledger has its receipt.
      known.interactionId = message.interaction_id;
      this.onChange(known);
      this.waiting.get(known.interactionId)?.();
    }
  }

  receive(key, { channel, to, text, subject, interaction_id: interactionId, sent_at: sentAt }) {
    const item = { own: false, channel, to, text, subject, interactionId, at: new Date(sentAt) };
    this.received.set(key, item);
    this.items.push(item);
    this.onItem(item, !this.isFirst);
    this.waiting.get(interactionId)?.();
  }
}
