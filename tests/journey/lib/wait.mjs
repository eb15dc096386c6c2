// Waiting for a condition with a deadline: the only kind of waiting that tests do.
import { setTimeout as pause } from 'node:timers/promises';

const kPauseMs = 25;

// Calls `look` again and again until it returns something truthy, which is returned. Throws after `seconds` with what was
// waited for and the last thing seen (return `fail(text)` from `look` to say what that was).
export async function until(what, look, seconds = 30) {
  const end = performance.now() + seconds * 1000;
  let seen = '';
  for (;;) {
    try {
      const result = await look();
      if (result instanceof NotYet) seen = result.text;
      else if (result) return result;
    } catch (error) {
      if (error instanceof GaveUp) throw error;
      seen = error.message;
    }
    if (performance.now() > end) throw new Error(`waited ${seconds} s for ${what}${seen ? `; last seen: ${seen}` : ''}`);
    await pause(kPauseMs);
  }
}

class NotYet { constructor(text) { this.text = text; } }
export const notYet = (text) => new NotYet(typeof text === 'string' ? text : JSON.stringify(text));

// Thrown from `look` to end the waiting at once: what was hoped for cannot happen any more.
export class GaveUp extends Error {}
