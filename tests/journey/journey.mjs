#!/usr/bin/env node
// Walks one company's customers through all four services and checks every figure against what the outside world counted.
//   node tests/journey/journey.mjs [--bin=DIR] [--store=postgres] [--replicas=N] [--kill=SERVICE@STEP,...] [--only=STEP,STEP] [--services=A,B] [--keep] [--list]
import { Suite, findBinaries, kServices } from './lib/suite.mjs';
import { runSteps } from './lib/steps.mjs';
import { closingSteps } from './steps/closing.mjs';
import { lifecycleSteps } from './steps/lifecycle.mjs';
import { messagingSteps } from './steps/messaging.mjs';
import { profilingSteps } from './steps/profiling.mjs';
import { supportSteps } from './steps/support.mjs';

const kUsage = `Walks the whole journey on samples/: contacts, template, campaign, answers, leads, support, usage, health, reports.

  --bin=DIR             where the programs are (default: VINCULO_BIN, else build/release/bin, else build/debug/bin)
  --store=postgres      on a PostgreSQL server of the journey's own (default: sqlite)
  --replicas=N          so many processes of each service on that server (default: 1)
  --kill=SERVICE@STEP,...
                        kill -9 that service in the middle of that step and start it again (of several replicas one is killed and
                        stays dead); the figures must not change
  --only=STEP,...       only these steps, and what they need
  --services=A,B        start only these services (with --only)
  --keep                leaves stores and logs where they are, and says where
  --list                names the steps
The last line is "journey: N steps, N ok"; the exit code is 0 when all are.`;

const kPatienceSeconds = 30;
const kCrmSecret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

const { connect, contacts, contactsAgain, templates, preview, campaign, delivered, optOuts, figuresAgree } = messagingSteps;
const { catalogue, flow, answers, leads } = profilingSteps;
const { history, weekly, help, rating } = supportSteps;
const { accounts, usage, health, stages } = lifecycleSteps;
const { events, metrics, stop } = closingSteps;

const start = {
  name: 'start',
  async run(ctx, figures) {
    await ctx.suite.start();
    figures.note(`sandbox and ${ctx.suite.only.length} services are serving`);
  },
};

const kSteps = [start, connect, contacts, contactsAgain, templates, catalogue, flow, preview, history, campaign, delivered, answers, leads, optOuts, help, rating,
  accounts, usage, health, stages, weekly, figuresAgree, events, metrics, stop];

function parse(args) {
  const options = { bin: undefined, store: 'sqlite', replicas: 1, kill: '', only: null, keep: false, services: kServices.join() };
  for (const argument of args) {
    const [, name, value] = /^--([a-z]+)(?:=(.*))?$/.exec(argument) ?? [];
    if (name === 'help') { console.log(kUsage); process.exit(0); }
    if (name === 'list') { console.log(kSteps.map((s) => s.name).join('\n')); process.exit(0); }
    if (!(name in options)) { console.error(`unknown argument ${argument}\n\n${kUsage}`); process.exit(2); }
    options[name] = value ?? true;
  }
  options.kills = options.kill.split(',').filter(Boolean).map((kill) => {
    const [service, step] = kill.split('@');
    if (!kServices.includes(service) || !kSteps.some((s) => s.name === step)) { console.error(`--kill: SERVICE@STEP, not ${kill}`); process.exit(2); }
    return { service, step };
  });
  return options;
}

// The wanted steps and, before them, what they need.
function withNeeds(names) {
  const wanted = new Set(['start', 'stop']);
  const add = (name) => {
    const step = kSteps.find((s) => s.name === name);
    if (!step) { console.error(`no step is called ${name}`); process.exit(2); }
    wanted.add(name);
    (step.needs ?? []).forEach(add);
  };
  names.forEach(add);
  return kSteps.filter((s) => wanted.has(s.name));
}

const options = parse(process.argv.slice(2));
const suite = new Suite({ bin: options.bin ?? findBinaries(), keep: options.keep, only: options.services.split(','),
  store: options.store, replicas: Number(options.replicas) });
const ctx = {
  suite,
  crmSecret: kCrmSecret,
  events: {},
  killed: new Set(),
  clients: new Map(),
  // A client of a contract with a role, kept while its service stays at its address.
  client(service, contract, roles, extra = {}) {
    const key = JSON.stringify([service, contract, roles, extra]);
    if (!this.clients.has(key)) this.clients.set(key, suite.client(service, contract, roles, { patienceSeconds: kPatienceSeconds, ...extra }));
    return this.clients.get(key);
  },
};

const ok = await runSteps(options.only ? withNeeds(options.only.split(',')) : kSteps, ctx, { kills: options.kills });
if (!ok || options.keep) console.error(`stores and logs: ${suite.dir}`);
suite.keep ||= !ok;
await suite.close();
process.exit(ok ? 0 : 1);
