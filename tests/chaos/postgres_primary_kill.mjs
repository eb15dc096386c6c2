#!/usr/bin/env node
// Kills the PostgreSQL server under two replicas of support, again and again while they are written to, and brings it back each
// time. Then everything that was acknowledged must be there, once.
//   node tests/chaos/postgres_primary_kill.mjs [--bin=DIR] [--kills=10]
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client, kRoot, RpcError } from '../journey/lib/rpc.mjs';
import { Suite, findBinaries } from '../journey/lib/suite.mjs';
import { GaveUp, until } from '../journey/lib/wait.mjs';

const kWorkers = 24;
const kBetweenKills = 150;  // acknowledged writes
const kPage = 100;
const options = Object.fromEntries(process.argv.slice(2).map((a) => a.replace(/^--/, '').split('=')));
const kills = Number(options.kills ?? 10);
const suite = new Suite({ bin: options.bin ?? findBinaries(), only: ['support'], store: 'postgres', replicas: 2 });
// Beside the load, which goes on while the server dies, is away and comes back.
const server = (action) => promisify(execFile)(join(kRoot, 'ci', 'postgres'), [action, suite.path('postgres')]);

const acknowledged = new Map();  // requester -> conversation
let next = 0, stopping = false, retries = 0;
const passing = (error) => error instanceof RpcError && ['UNAVAILABLE', 'RESOURCE_EXHAUSTED', 'DEADLINE_EXCEEDED', 'CANCELLED'].includes(error.code);

// Creates conversations, each until it is acknowledged: the same request with the same id, as a careful caller does.
async function work(client) {
  while (!stopping) {
    const requester = `persona-${++next}`;
    const request = { request_id: randomUUID(), conversation: { requester_id: requester, channel: 'CHANNEL_API', subject: 'No puedo entrar' } };
    await until(`${requester} to be acknowledged`, async () => {
      try {
        acknowledged.set(requester, (await client.CreateConversation(request)).id);
        return true;
      } catch (error) {
        if (!passing(error)) throw new GaveUp(error.message);
        ++retries;
        return false;
      }
    }, 120);
  }
}

async function allConversations(client) {
  const found = [];
  for (let page_token = ''; ;) {
    const page = await client.ListConversations({ page_size: kPage, page_token });
    found.push(...page.conversations);
    page_token = page.next_page_token;
    if (page_token === '') return found;
  }
}

// Subjects of the events by which conversations were told of, in order; their numbers have no gaps.
async function toldOf(client) {
  const subjects = [];
  for (let after_seq = 0; ;) {
    const page = await client.Read({ after_seq, page_size: 1000 });
    if (page.events.length === 0) return subjects;
    for (const event of page.events) {
      if (event.seq !== ++after_seq) throw new Error(`event ${event.seq} where ${after_seq} should be`);
      if (event.type === 'conversation.created') subjects.push(event.subject);
    }
  }
}

const problems = [];
const expect = (what, actual, wanted) => { if (actual !== wanted) problems.push(`${what}: ${actual}, must be ${wanted}`); };
try {
  await suite.start();
  const client = suite.client('support', 'TicketService', 'agent', { patienceSeconds: 60 });
  const workers = Array.from({ length: kWorkers }, () => work(suite.client('support', 'TicketService', 'agent', { deadlineSeconds: 10 })));
  const failed = Promise.race(workers).then(() => {}, (error) => { throw error; });
  for (let kill = 0; kill < kills; ++kill) {
    const target = acknowledged.size + kBetweenKills;
    await Promise.race([failed, until('writes to be acknowledged', () => acknowledged.size >= target, 120)]);
    const before = retries;
    await server('kill');
    await Promise.race([failed, until('a write to be refused', () => retries > before, 30)]);
    await server('resume');
  }
  stopping = true;
  await Promise.all(workers);
  const stored = await allConversations(client);
  const told = await toldOf(new Client(suite.address('support'), 'vinculo.events.v1.EventFeed', suite.token('service'), { patienceSeconds: 60 }));
  const byRequester = new Map(stored.map((c) => [c.requester_id, c.id]));
  expect('acknowledged writes that are lost', [...acknowledged].filter(([requester, id]) => byRequester.get(requester) !== id).length, 0);
  expect('effects that are doubled', stored.length - byRequester.size, 0);
  expect('conversations that nobody was told are there', stored.length, acknowledged.size);
  expect('events of conversations', told.length, stored.length);
  expect('events of different conversations', new Set(told).size, stored.length);
  console.log(`postgres_primary_kill: ${kills} kills, ${acknowledged.size} writes acknowledged, ${retries} tried again, ${problems.length} problems`);
} catch (error) {
  problems.push(error.stack);
}
problems.forEach((problem) => console.error(problem));
suite.keep ||= problems.length > 0;
if (suite.keep) console.error(`logs: ${suite.dir}`);
await suite.close();
process.exit(problems.length > 0 ? 1 : 0);
