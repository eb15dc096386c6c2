// Runs named steps in order, prints one line for each, and counts.
import { performance } from 'node:perf_hooks';
import { until } from './wait.mjs';

// Thrown by `expect`: a figure that is not what it must be.
class Wrong extends Error {}

// Figures of the step that runs: what is compared is also what is printed.
export class Figures {
  constructor() { this.texts = []; }
  note(text) { this.texts.push(text); }
  // Both must be the same, compared as JSON.
  expect(what, actual, wanted) {
    if (JSON.stringify(actual) !== JSON.stringify(wanted)) throw new Wrong(`${what} is ${JSON.stringify(actual)}, must be ${JSON.stringify(wanted)}`);
    this.texts.push(typeof actual === 'object' ? what : `${what} ${actual}`);
  }
  expectTrue(what, holds, otherwise = '') { if (!holds) throw new Wrong(`${what}: not so${otherwise && `: ${otherwise}`}`); this.texts.push(what); }
}

// A step is {name, title, needs?: [names], run(ctx, figures), half?(ctx)}; `half` tells when a kill in its middle is due.
// `kills` are {service, step}.
export async function runSteps(steps, ctx, { kills = [], print = console.log } = {}) {
  const passed = new Set();
  const left = [...kills];
  for (const step of steps) {
    const figures = new Figures();
    const began = performance.now();
    try {
      const missing = (step.needs ?? []).filter((n) => !passed.has(n));
      if (missing.length > 0) throw new Wrong(`needs ${missing.join(', ')}`);
      ctx.suite.checkAlive();
      const work = step.run(ctx, figures);
      const at = left.findIndex((kill) => kill.step === step.name);
      await (at < 0 ? work : Promise.all([work, killInTheMiddle(ctx, step, left.splice(at, 1)[0].service, figures)]));
      passed.add(step.name);
      print(`ok    ${step.name.padEnd(16)} ${figures.texts.join(', ')} (${Math.round(performance.now() - began)} ms)`);
    } catch (error) {
      print(`FAIL  ${step.name.padEnd(16)} ${error instanceof Wrong ? error.message : error.stack}`);
      if (figures.texts.length > 0) print(`      after ${figures.texts.join(', ')}`);
    }
  }
  for (const { step } of left) print(`FAIL  no kill at ${step}: it did not run`);
  const ok = passed.size;
  print(`journey: ${steps.length} steps, ${ok} ok`);
  return ok === steps.length && left.length === 0;
}

async function killInTheMiddle(ctx, step, service, figures) {
  if (step.half) await until(`the middle of ${step.name}`, () => step.half(ctx), 60);
  figures.note(await ctx.suite.kill(service));
  ctx.killed.add(service);
}
