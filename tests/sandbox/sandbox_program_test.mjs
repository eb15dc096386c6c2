// Drives vinculo-sandbox over HTTP, as the services and the journey do. Run: VINCULO_SANDBOX=<binary> node --test <this file>
import { test, before, after, beforeEach } from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import http from 'node:http';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const kSecret = 'sandbox-app-secret';
const kSender = '100000000000001';
const kWaba = '200000000000001';
const kCrmSecret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

let child, base, dir;
let hook, hookBase, hookUrl;
let tests = 0;
let posts = [];       // what the webhook received
let refuse = () => 200;  // what it answers
let waiters = [];

async function call(method, path, body, headers = {}) {
  const response = await fetch(base + path, {
    method,
    headers: { Authorization: 'Bearer t', 'Content-Type': 'application/json', ...headers },
    body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.text();
  let json = null;
  try { json = JSON.parse(text); } catch { /* not every answer is JSON */ }
  return { status: response.status, text, json, headers: response.headers };
}
const config = async (patch) => {
  const answer = await call('PUT', '/_sandbox/config', patch);
  assert.equal(answer.status, 200, answer.text);
};
const counts = async () => (await call('GET', '/_sandbox/counts')).json;
const send = (to, extra = {}) => call('POST', `/v25.0/${kSender}/messages`, {
  messaging_product: 'whatsapp', to, type: 'text', text: { body: 'hola' }, biz_opaque_callback_data: `m1:${to}:1`, ...extra,
});
const template = (to, name = 'promo', extra = {}) => send(to, {
  type: 'template', text: undefined, template: { name, language: { code: 'es' }, components: [
    { type: 'body', parameters: [{ type: 'text', text: 'Ana' }] },
    { type: 'button', sub_type: 'quick_reply', index: '0', parameters: [{ type: 'payload', payload: 'FLOW:autos' }] }] }, ...extra,
});
const createTemplate = (name) => call('POST', `/v25.0/${kWaba}/message_templates`, {
  name, language: 'es', category: 'MARKETING', components: [
    { type: 'BODY', text: 'Hola {{1}}, mire esto.', example: { body_text: [['Ana']] } },
    { type: 'BUTTONS', buttons: [{ type: 'QUICK_REPLY', text: 'Me interesa' }, { type: 'QUICK_REPLY', text: 'No recibir más' }] }],
});
// All updates of one kind that the webhook has been given.
const values = () => posts.flatMap((p) => p.json.entry).flatMap((e) => e.changes).filter((c) => c.field === 'messages').map((c) => c.value);
const statuses = () => values().flatMap((v) => v.statuses ?? []);
const inbound = () => values().flatMap((v) => v.messages ?? []);

// Resolves when `condition` holds, looked at after each webhook.
function until(condition, what) {
  return new Promise((resolve, reject) => {
    if (condition()) return resolve();
    const timer = setTimeout(() => reject(new Error(`never happened: ${what}`)), 10000);
    waiters.push(() => condition() && (clearTimeout(timer), resolve(), true));
  });
}

before(async () => {
  hook = http.createServer((request, response) => {
    const chunks = [];
    request.on('data', (c) => chunks.push(c));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      if (request.method === 'GET') {
        const query = new URL(request.url, 'http://x').searchParams;
        const ok = query.get('hub.verify_token') === 'right';
        return response.writeHead(ok ? 200 : 403).end(ok ? query.get('hub.challenge') : '');
      }
      const expected = 'sha256=' + createHmac('sha256', kSecret).update(body).digest('hex');
      const post = { json: JSON.parse(body), valid: request.headers['x-hub-signature-256'] === expected };
      if (request.url !== new URL(hookUrl).pathname) return response.writeHead(200).end();
      const status = post.valid ? refuse(post) : 403;
      if (status === 200) posts.push(post);
      response.writeHead(status).end();
      if (status === 200) waiters = waiters.filter((w) => !w());
    });
  });
  hook.listen(0, '127.0.0.1');
  await once(hook, 'listening');
  hookBase = `http://127.0.0.1:${hook.address().port}/webhook`;

  dir = mkdtempSync(join(tmpdir(), 'sandbox-'));
  const file = join(dir, 'ports.json');
  child = spawn(process.env.VINCULO_SANDBOX, [`--ports_file=${file}`], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout, 'data');
  base = JSON.parse(line).url;
  assert.equal(JSON.parse(readFileSync(file)).port, JSON.parse(line).port);
});

after(async () => {
  hook.closeAllConnections();
  hook.close();
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  rmSync(dir, { recursive: true });
  assert.equal(code, 0);
});

const kDefaults = {
  webhook: null, graph: { strict_templates: false, enforce_window: false, review_ms: 0, access_tokens: null, reject: null,
    recategorise: null, senders: null, wa_id_rewrites: null, rate_limit_per_s: null, pair_limit: null, waba_id: kWaba },
  faults: null, customers: null, crm: { secrets: [kCrmSecret] },
};
// Every test has a webhook of its own: what the sandbox still posts for the one before is taken and forgotten.
beforeEach(async () => {
  hookUrl = `${hookBase}/${++tests}`;
  posts = [];
  waiters = [];
  refuse = () => 200;
  await config(kDefaults);
  await call('POST', '/_sandbox/reset');
});

test('a message needs a token and is answered with its id', async () => {
  assert.equal((await call('POST', `/v25.0/${kSender}/messages`, {}, { Authorization: '' })).json.error.code, 190);
  const answer = await send('+54 9 11 2233-4455');
  assert.equal(answer.status, 200);
  assert.match(answer.json.messages[0].id, /^wamid\.OUT/);
  assert.equal(answer.json.contacts[0].wa_id, '5491122334455');
  const c = await counts();
  assert.equal(c.send.accepted, 1);
  assert.equal(c.graph.unauthorized, 1);
});

test('wrong settings are refused and change nothing', async () => {
  const answer = await call('PUT', '/_sandbox/config', { webhook: { urll: 'x' } });
  assert.equal(answer.status, 400);
  assert.match(answer.json.error, /webhook\.urll is not known/);
  assert.equal((await call('GET', '/_sandbox/config')).json.webhook, undefined);
});

test('templates are reviewed, listed in pages, edited, paused and deleted', async () => {
  await config({ webhook: { url: hookUrl }, graph: { strict_templates: true, reject: { bad_one: 'SCAM' }, recategorise: { odd: 'UTILITY' } } });
  const created = await createTemplate('promo');
  assert.equal(created.json.status, 'PENDING');
  assert.equal((await createTemplate('promo')).json.error.error_subcode, 2388024);
  await createTemplate('bad_one');
  assert.equal((await createTemplate('odd')).json.category, 'UTILITY');
  const events = () => posts.flatMap((p) => p.json.entry).flatMap((e) => e.changes).filter((c) => c.field === 'message_template_status_update');
  await until(() => events().length === 3, 'three decisions');
  assert.deepEqual(events().map((e) => [e.value.message_template_name, e.value.event, e.value.reason]).sort(),
    [['bad_one', 'REJECTED', 'SCAM'], ['odd', 'APPROVED', 'NONE'], ['promo', 'APPROVED', 'NONE']]);

  const names = [];
  for (let url = `${base}/v25.0/${kWaba}/message_templates?limit=2&fields=id,name`; url;) {
    const page = await (await fetch(url, { headers: { Authorization: 'Bearer t' } })).json();
    names.push(...page.data.map((t) => t.name));
    url = page.paging.next;
  }
  assert.deepEqual(names, ['promo', 'bad_one', 'odd']);

  assert.equal((await template('+5491122334455')).status, 200);
  assert.equal((await template('+5491122334455', 'bad_one')).json.error.code, 132001);
  assert.equal((await template('+5491122334455', 'unknown')).json.error.code, 132001);
  const short = await send('+5491122334455', { type: 'template', template: { name: 'promo', language: { code: 'es' } } });
  assert.equal(short.json.error.code, 132000);

  await call('POST', '/_sandbox/templates', { name: 'promo', status: 'PAUSED' });
  assert.equal((await template('+5491122334455')).json.error.code, 132015);
  await call('POST', `/v25.0/${created.json.id}/unpause`);
  assert.equal((await template('+5491122334455')).status, 200);
  const edit = await call('POST', `/v25.0/${created.json.id}`, { components: [{ type: 'BODY', text: 'Sin variables hoy.' }] });
  assert.equal(edit.json.success, true);
  assert.equal((await call('DELETE', `/v25.0/${kWaba}/message_templates?name=odd`)).json.success, true);
  assert.equal((await call('GET', `/v25.0/${kWaba}/message_templates?name=odd`)).json.data.length, 0);
});

test('statuses arrive signed, batched, with our callback data', async () => {
  await config({ webhook: { url: hookUrl, read_share: 1, in_flight: 1 } });
  for (let i = 0; i < 20; ++i) await send(`+54911000000${10 + i}`);
  await until(() => statuses().length === 60, '60 statuses');
  assert.ok(posts.length < 60, 'batched');
  const of = statuses().filter((s) => s.recipient_id === '5491100000010');
  assert.deepEqual(of.map((s) => s.status), ['sent', 'delivered', 'read']);
  assert.equal(of[0].biz_opaque_callback_data, 'm1:+5491100000010:1');
  assert.equal(of[0].pricing.category, 'service');
  assert.equal(values()[0].metadata.phone_number_id, kSender);
  assert.equal(posts[0].json.entry[0].id, kWaba);
});

test('a refused webhook comes again until it is taken', async () => {
  let refusals = 3;
  refuse = () => (refusals-- > 0 ? 500 : 200);
  await config({ webhook: { url: hookUrl, retry_ms: 5, read_share: 0, wrong_signature_rate: 1 } });
  await send('+5491122334455');
  await until(() => statuses().length === 2, 'both statuses');
  const c = await counts();
  assert.ok(c.webhooks.posts_failed >= 4, JSON.stringify(c.webhooks));
  assert.ok(c.webhooks.answers['403'] >= 1, 'wrongly signed first');
});

test('duplicates, losses and milliseconds happen on request', async () => {
  await config({ seed: 5, webhook: { url: hookUrl, duplicate_rate: 1, reorder_ms: 10, ms_timestamp_rate: 1, read_share: 0 } });
  await send('+5491122334455');
  await until(() => statuses().length === 4, 'every status twice');
  assert.ok(Number(statuses()[0].timestamp) > 1e12);
  await config({ webhook: { loss_rate: 1 } });
  await send('+5491122334466');
  const c = await counts();
  assert.equal(c.webhooks.statuses, 4);
});

test('customers answer buttons, lists, numbers and questions by rule', async () => {
  await config({
    webhook: { url: hookUrl, read_share: 0 }, graph: { strict_templates: true },
    customers: { rules: [
      { name: 'tap', kind: 'template', template: 'promo', reply: { choice: 0 }, after_ms: 1 },
      { contains: 'e-mail', reply: { text: '{email}' }, after_ms: 1 },
      { reply: { choice: [1, 0, 1] }, after_ms: 1 }] },
  });
  await createTemplate('promo');
  assert.equal((await template('+5491122334455')).status, 200);
  await until(() => inbound().length === 1, 'the tap');
  assert.deepEqual(inbound()[0].button, { payload: 'FLOW:autos', text: 'Me interesa' });
  assert.match(inbound()[0].context.id, /^wamid\.OUT/);
  const to = '+5491122334455';
  const ask = (interactive) => send(to, { type: 'interactive', text: undefined, interactive });
  await ask({ type: 'button', body: { text: '¿Uso?' }, action: { buttons: [
    { type: 'reply', reply: { id: 'a', title: 'Ciudad' } }, { type: 'reply', reply: { id: 'b', title: 'Campo' } }] } });
  await until(() => inbound().length === 2, 'the button');
  assert.deepEqual(inbound()[1].interactive.button_reply, { id: 'a', title: 'Ciudad' });
  await ask({ type: 'list', body: { text: '¿Color?' }, action: { button: 'Ver', sections: [
    { title: 'T', rows: [{ id: 'r1', title: 'Rojo' }, { id: 'r2', title: 'Azul', description: 'mar' }] }] } });
  await until(() => inbound().length === 3, 'the row');
  assert.deepEqual(inbound()[2].interactive.list_reply, { id: 'r2', title: 'Azul', description: 'mar' });
  await send(to, { text: { body: 'Elija:\n1. Uno\n2. Dos\n3. Tres' } });
  await until(() => inbound().length === 4, 'the number');
  assert.equal(inbound()[3].text.body, '2');
  await send(to, { text: { body: '¿Su e-mail?' } });
  await until(() => inbound().length === 5, 'the address');
  assert.match(inbound()[4].text.body, /^[a-z]+\.[a-z]+\.334455@example\.com$/);
  const person = (await call('GET', '/_sandbox/recipients?to=5491122334455')).json;
  assert.deepEqual([person.accepted, person.templates, person.replies], [5, 1, 5]);
  const c = await counts();
  assert.deepEqual(c.customers, { tap: 1, 'rule-1': 1, 'rule-2': 3 });
  assert.deepEqual(c.send.templates.promo.statuses, { delivered: 1, sent: 1 });
});

test('shares of customers are exact per number, and scripts win over rules', async () => {
  await config({
    webhook: { url: hookUrl, read_share: 0, delivered_share: 0 },
    customers: { rules: [{ share: 0.3, reply: { text: 'sí' }, after_ms: 1 }], scripts: { 5491100000999: ['primero', 'segundo'] } },
  });
  for (let i = 0; i < 100; ++i) await send(`+54911000001${String(i).padStart(2, '0')}`);
  const c1 = await counts();
  await until(() => statuses().length === 100, 'all sent');
  await send('+5491100000999');
  await send('+5491100000999');
  await send('+5491100000999');
  const ofScript = () => inbound().filter((m) => m.from === '5491100000999').map((m) => m.text.body);
  await until(() => ofScript().length === 2, 'the script');
  assert.deepEqual(ofScript(), ['primero', 'segundo']);
  const answered = inbound().filter((m) => m.text.body === 'sí').length;
  assert.ok(answered > 15 && answered < 45, `${answered} of 100`);
  assert.equal(c1.send.accepted, 100);
});

test('the window opens when the customer writes', async () => {
  await config({ webhook: { url: hookUrl }, graph: { enforce_window: true } });
  assert.equal((await send('+5491122334455')).json.error.code, 131047);
  const wrote = await call('POST', '/_sandbox/inbound', { from: '5491122334455', phone_number_id: kSender, text: 'hola', name: 'Ana' });
  assert.match(wrote.json.id, /^wamid\.IN/);
  await until(() => inbound().length === 1, 'the message');
  assert.equal(inbound()[0].text.body, 'hola');
  assert.equal(values()[0].contacts[0].profile.name, 'Ana');
  assert.equal((await send('+5491122334455')).status, 200);
});

test('sends fail as told: by code, late, with an empty answer, a reset or silence', async () => {
  await config({ webhook: { url: hookUrl, read_share: 0 }, faults: [
    { on: 'send', to_suffix: '01', do: 'error', code: 131026 },
    { on: 'send', to_suffix: '02', do: 'fail_later', code: 131049 },
    { on: 'send', to_suffix: '03', do: 'empty' },
    { on: 'send', to_suffix: '04', do: 'reset', accept: true },
    { on: 'send', to_suffix: '05', do: 'reset' },
    { on: 'send', to_suffix: '06', do: 'hang', accept: true },
    { on: 'send', to_suffix: '07', do: 'http', http: 503 },
    { on: 'send', to_suffix: '08', do: 'held' },
    { on: 'send', to_suffix: '09', do: 'error', code: 130429, first: 1 },
    { on: 'send', to_suffix: '10', do: 'reset', accept: true, silent: true }] });
  assert.equal((await send('+5491100000001')).json.error.code, 131026);
  assert.equal((await send('+5491100000002')).status, 200);
  const empty = await send('+5491100000003');
  assert.deepEqual([empty.status, empty.text], [200, '']);
  await assert.rejects(send('+5491100000004'));
  await assert.rejects(send('+5491100000005'));
  await assert.rejects(send('+5491100000010'));
  await assert.rejects(fetch(`${base}/v25.0/${kSender}/messages`, { method: 'POST', signal: AbortSignal.timeout(100), headers: { Authorization: 'Bearer t' },
    body: JSON.stringify({ messaging_product: 'whatsapp', to: '+5491100000006', type: 'text', text: { body: 'x' } }) }));
  const page = await send('+5491100000007');
  assert.equal(page.status, 503);
  assert.equal(page.json, null);
  await createTemplate('promo');
  assert.equal((await template('+5491100000008')).json.messages[0].message_status, 'held_for_quality_assessment');
  assert.equal((await send('+5491100000009')).status, 429);
  assert.equal((await send('+5491100000009')).status, 200);
  await until(() => statuses().some((s) => s.status === 'failed'), 'the late failure');
  const failed = statuses().find((s) => s.status === 'failed');
  assert.equal(failed.errors[0].code, 131049);
  for (const [to, accepted] of [['5491100000004', 1], ['5491100000005', 0], ['5491100000006', 1], ['5491100000003', 1], ['5491100000007', 0]]) {
    assert.equal((await call('GET', `/_sandbox/recipients?to=${to}`)).json.accepted, accepted, to);
  }
  for (const [to, told] of [['5491100000004', 2], ['5491100000010', 0]]) {
    const person = (await call('GET', `/_sandbox/recipients?to=${to}`)).json;
    assert.deepEqual([person.accepted, person.told], [1, told], to);
  }
});

test('a sender and a pair have their rates', async () => {
  await config({ graph: { rate_limit_per_s: 5 } });
  const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => send(`+5491100000${100 + i}`)));
  const refused = answers.filter((a) => a.json.error?.code === 130429).length;
  assert.ok(refused >= 14 && refused <= 15, `${refused} refused`);
  await config({ graph: { rate_limit_per_s: null, pair_limit: true } });
  const same = [];
  for (let i = 0; i < 46; ++i) same.push(await send('+5491100000500'));
  assert.deepEqual(same.slice(44).map((a) => a.json.error?.code), [undefined, 131056]);
  assert.equal((await counts()).send.senders[kSender].requests, 66);
});

test('media and samples can be uploaded and read back', async () => {
  const form = new FormData();
  form.append('messaging_product', 'whatsapp');
  form.append('file', new Blob(['bytes'], { type: 'image/png' }), 'a.png');
  const up = await (await fetch(`${base}/v25.0/${kSender}/media`, { method: 'POST', headers: { Authorization: 'Bearer t' }, body: form })).json();
  const described = (await call('GET', `/v25.0/${up.id}`)).json;
  assert.equal(described.mime_type, 'image/png');
  assert.equal(await (await fetch(described.url, { headers: { Authorization: 'Bearer t' } })).text(), 'bytes');
  const session = (await call('POST', '/v25.0/777/uploads?file_name=a&file_length=5&file_type=image/png')).json.id;
  assert.match((await call('POST', `/v25.0/${session}`, 'bytes', { file_offset: '0' })).json.h, /^4::/);
});

test('the state of a number is what was configured', async () => {
  await config({ graph: { senders: { [kSender]: { display_phone_number: '5215550001', fields: { quality_rating: 'RED' } } } } });
  const state = (await call('GET', `/v25.0/${kSender}?fields=quality_rating`)).json;
  assert.equal(state.quality_rating, 'RED');
  assert.equal(state.display_phone_number, '5215550001');
  assert.equal((await call('POST', `/v25.0/${kWaba}/subscribed_apps`)).json.success, true);
});

test('the webhook can be verified', async () => {
  await config({ webhook: { url: hookUrl } });
  assert.equal((await call('POST', '/_sandbox/verify', { verify_token: 'right' })).json.verified, true);
  assert.equal((await call('POST', '/_sandbox/verify', { verify_token: 'wrong' })).json.verified, false);
});

test('the CRM checks signatures and counts per delivery', async () => {
  const lead = (id, body, secret = kCrmSecret) => {
    const timestamp = String(Math.floor(Date.now() / 1000));
    const key = Buffer.from(secret.slice(6), 'base64');
    const signature = 'v1,' + createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
    return call('POST', '/crm/leads', body, { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature, 'Idempotency-Key': id });
  };
  await config({ faults: [{ on: 'crm', each_first: 1, do: 'http', http: 429, retry_after: 2 }] });
  const first = await lead('d1', '{"type":"lead.created"}');
  assert.deepEqual([first.status, first.headers.get('retry-after')], [429, '2']);
  assert.equal((await lead('d1', '{"type":"lead.created"}')).status, 201);
  await config({ faults: null });
  await lead('d2', '{}', 'whsec_' + Buffer.from('another key of some length').toString('base64'));
  const leads = (await call('GET', '/_sandbox/leads')).json;
  assert.deepEqual([leads.keys, leads.received, leads.accepted_once, leads.valid_signatures, leads.bad_signatures], [2, 3, 2, 2, 1]);
  assert.deepEqual(leads.items.d1.body, { type: 'lead.created' });
  assert.deepEqual([leads.items.d1.received, leads.items.d1.accepted, leads.items.d1.same_body], [2, 1, true]);
});

test('Jira makes issues, finds them by label and links them', async () => {
  const doc = { type: 'doc', version: 1, content: [{ type: 'paragraph', content: [{ type: 'text', text: 'x' }] }] };
  const fields = { project: { key: 'SUP' }, issuetype: { name: 'Bug' }, summary: 'No cierra', labels: ['sup-1'], description: doc };
  const made = await call('POST', '/jira/rest/api/3/issue', { fields });
  assert.equal(made.status, 201);
  assert.equal((await call('POST', '/rest/api/3/issue', { fields: { ...fields, labels: ['a b'] } })).json.errors.labels.length > 0, true);
  assert.equal((await call('POST', '/rest/api/3/search/jql', { jql: 'labels = "sup-1"' })).json.issues[0].id, made.json.id);
  const link = { globalId: 'system=a&id=1', object: { url: 'http://a', title: 't' } };
  assert.equal((await call('POST', `/rest/api/3/issue/${made.json.key}/remotelink`, link)).status, 201);
  assert.equal((await call('POST', `/rest/api/3/issue/${made.json.key}/remotelink`, link)).status, 200);
  assert.equal((await call('POST', `/rest/api/3/issue/${made.json.key}/comment`, { body: doc })).status, 201);
  assert.equal((await call('POST', `/rest/api/3/issue/${made.json.key}/transitions`, { transition: { id: '31' } })).status, 204);
  const read = (await call('GET', `/rest/api/3/issue/${made.json.id}`)).json;
  assert.equal(read.fields.status.statusCategory.key, 'done');
});

test('Slack answers ok or says what is wrong', async () => {
  const post = (body) => call('POST', '/services/T/B/secret', body);
  assert.equal((await post({ text: 'hola', blocks: [{ type: 'divider' }] })).text, 'ok');
  assert.deepEqual([(await post({ blocks: [] })).status, (await post({ blocks: [] })).text], [400, 'no_text']);
  assert.deepEqual((await counts()).slack, { received: 3, accepted: 1 });
});

test('raw requests can be looked at, and a reset forgets everything', async () => {
  await send('+5491122334455');
  const kept = (await call('GET', '/_sandbox/requests?path=/messages')).json.requests;
  assert.equal(JSON.parse(kept[0].body).to, '+5491122334455');
  await call('POST', '/_sandbox/reset');
  assert.equal((await counts()).send.requests, 0);
  assert.equal((await call('GET', '/_sandbox/requests?path=/messages')).json.requests.length, 0);
});
