// Bad input of every kind, on every RPC that takes such a field: the code, the reason, and that nothing beside it was lost.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { Client, requestId } from '../journey/lib/rpc.mjs';
import { Suite } from '../journey/lib/suite.mjs';
import { answeredOrRefused, contractsOf, refused } from './helpers.mjs';

const suite = new Suite({ tenants: ['demo', 'acme'] });
before(() => suite.start());
after(() => suite.close());

const unary = (service) => contractsOf(service).filter(({ method }) => !method.streams && !method.serverStreams);
const calls = (service) => {
  const clients = new Map();
  return (contract, method, request, options = {}) => {
    const key = JSON.stringify([contract, options]);
    if (!clients.has(key)) clients.set(key, new Client(suite.address(service), contract, suite.token(['admin', 'service'], options)));
    return clients.get(key)[method](request);
  };
};

for (const service of suite.only) {
  describe(service, () => {
    test('an empty request is answered or refused by name, never an internal error', async () => {
      const call = calls(service);
      for (const { contract, method } of contractsOf(service)) {
        if (method.name === 'Watch') continue;  // has no end
        await answeredOrRefused(call(contract, method.name, method.streams ? [] : {}), `${contract}.${method.name}`);
      }
    });

    test('every required field that is left out is named, all at once', async () => {
      const call = calls(service);
      const asking = unary(service).filter(({ method }) => method.required.length > 0);
      assert.ok(asking.length > 0);
      const unnamed = [];
      for (const { contract, method } of asking) {
        const error = await call(contract, method.name, {}).then(() => new Error('was answered'), (e) => e);
        const named = (error.details?.BadRequest?.field_violations ?? []).map((v) => v.field.split(/[.[]/)[0]);
        const missing = method.required.filter((f) => !named.includes(f));
        if (missing.length > 0) unnamed.push(`${method.name}: ${missing} (${error.message})`);
      }
      assert.deepEqual(unnamed, []);
    });

    test('text that is no id, no date and no name is refused by name', async () => {
      const call = calls(service);
      for (const { contract, method } of unary(service)) {
        for (const junk of ['\u0000', "'; DROP TABLE x; --", '🙈'.repeat(600), '../../etc/passwd']) {
          const request = Object.fromEntries(method.fields.filter((f) => /(^|_)(id|name|token|key|date|week|language)$/.test(f)).map((f) => [f, junk]));
          await answeredOrRefused(call(contract, method.name, request), `${contract}.${method.name}`);
        }
      }
    });

    test('a request id that is no UUID is an error of that field', async () => {
      const call = calls(service);
      const mutating = unary(service).filter(({ method }) => method.fields.includes('request_id'));
      assert.ok(mutating.length > 0);
      for (const { contract, method } of mutating) {
        const error = await refused(call(contract, method.name, { request_id: 'not-a-uuid' }));
        assert.deepEqual([error.code, error.reason], ['INVALID_ARGUMENT', 'INVALID_FIELDS'], `${contract}.${method.name}`);
        assert.ok(error.details.BadRequest.field_violations.some((v) => v.field === 'request_id'), `${contract}.${method.name}`);
      }
    });

    test('a page size below zero and a page token of nobody are refused', async () => {
      const call = calls(service);
      const paged = unary(service).filter(({ method }) => ['page_token', 'page_size'].every((f) => method.fields.includes(f)));
      assert.ok(paged.length > 0);
      for (const { contract, method } of paged) {
        for (const request of [{ page_size: -1 }, { page_token: 'bm90IGEgdG9rZW4' }, { page_token: '%%%' }]) {
          const error = await refused(call(contract, method.name, request));
          // A parent that does not exist may be named first.
          assert.ok(['INVALID_ARGUMENT', 'NOT_FOUND'].includes(error.code), `${contract}.${method.name}: ${error.message}`);
        }
      }
    });

    test('a request one byte too large is refused before it is looked at', async () => {
      const call = calls(service);
      const { contract, method } = unary(service).find(({ method: m }) => m.fields.includes('request_id'));
      const error = await refused(call(contract, method.name, { request_id: 'x'.repeat((1 << 20) + 1) }));
      assert.deepEqual([error.code, error.reason], ['RESOURCE_EXHAUSTED', 'REQUEST_TOO_LARGE']);
    });
  });
}

// One thing of each service that can be made and read: what the tests below do to it.
const kThings = [
  { service: 'messaging', contract: 'vinculo.messaging.v1.ContactService', make: 'UpsertContact', body: (n) => ({ phone: '+5491122334455', name: `Ana ${n}` }),
    read: 'GetContact', by: (thing) => ({ contact_id: thing.id }), missing: 'CONTACT_NOT_FOUND' },
  { service: 'profiling', contract: 'vinculo.profiling.v1.FlowService', make: 'CreateFlow', body: (n) => ({ flow: { flow_id: `flow-${n}`, name: 'Autos', base_language: 'es' } }),
    read: 'GetFlow', by: (thing) => ({ flow_id: thing.flow_id }), missing: 'FLOW_NOT_FOUND' },
  { service: 'lifecycle', contract: 'vinculo.lifecycle.v1.LifecycleService', make: 'CreateEngagement', body: (n) => ({ customer_id: `customer-${n}`, account_name: 'Acme' }),
    read: 'GetEngagement', by: (thing) => ({ engagement_id: thing.engagement_id }), missing: 'ENGAGEMENT_NOT_FOUND' },
  { service: 'support', contract: 'vinculo.support.v1.DirectoryService', make: 'PutTeam', body: (n) => ({ team: { id: `team-${n}`, display_name: 'Soporte' } }),
    read: null },
];

for (const thing of kThings.filter((t) => suite.only.includes(t.service))) {
  describe(`${thing.service} ${thing.make}`, () => {
    test('the same request id replays the answer, and is refused with another body', async () => {
      const call = calls(thing.service);
      const id = requestId();
      const first = await call(thing.contract, thing.make, { ...thing.body('a'), request_id: id });
      assert.deepEqual(await call(thing.contract, thing.make, { ...thing.body('a'), request_id: id }), first);
      const error = await refused(call(thing.contract, thing.make, { ...thing.body('b'), request_id: id }));
      assert.deepEqual([error.code, error.reason], ['INVALID_ARGUMENT', 'REQUEST_ID_REUSED']);
      if (thing.read) assert.ok(await call(thing.contract, thing.read, thing.by(first)));
    });

    if (!thing.read) return;
    test('another tenant does not see it', async () => {
      const call = calls(thing.service);
      const mine = await call(thing.contract, thing.make, { ...thing.body('t'), request_id: requestId() });
      const error = await refused(call(thing.contract, thing.read, thing.by(mine), { tenant: 'acme' }));
      assert.deepEqual([error.code, error.reason], ['NOT_FOUND', thing.missing]);
      assert.ok(await call(thing.contract, thing.read, thing.by(mine)));
    });
  });
}

test('an unknown path in a mask is named', { skip: !suite.only.includes('lifecycle') }, async () => {
  const call = calls('lifecycle');
  const error = await refused(call('vinculo.lifecycle.v1.LifecycleService', 'UpdateAccount', {
    request_id: requestId(), account: { customer_id: 'customer-a', name: 'x' }, update_mask: { paths: ['no_such_field'] } }));
  assert.equal(error.code, 'INVALID_ARGUMENT');
  assert.match(JSON.stringify(error.details.BadRequest), /no_such_field/);
});

test('a stale etag is refused and changes nothing', { skip: !suite.only.includes('lifecycle') }, async () => {
  const call = calls('lifecycle');
  const kService = 'vinculo.lifecycle.v1.LifecycleService';
  await answeredOrRefused(call(kService, 'CreateEngagement', { ...kThings[2].body('etag'), request_id: requestId() }), 'CreateEngagement');
  const account = await call(kService, 'GetAccount', { customer_id: 'customer-etag' });
  const change = (name, etag) => call(kService, 'UpdateAccount', { request_id: requestId(), account: { ...account, name, etag }, update_mask: { paths: ['name'] } });
  await change('Renamed', account.etag);
  const error = await refused(change('Lost', account.etag));
  assert.deepEqual([error.code, error.reason], ['ABORTED', 'ETAG_MISMATCH']);
  assert.equal((await call(kService, 'GetAccount', { customer_id: 'customer-etag' })).name, 'Renamed');
});

test('a webhook with a wrong signature is refused, and good ones beside it are kept', { skip: !suite.only.includes('messaging') }, async () => {
  const post = (signature) => fetch(suite.webhookUrl(), { method: 'POST', body: '{"object":"whatsapp_business_account","entry":[]}',
    headers: { 'Content-Type': 'application/json', ...(signature && { 'X-Hub-Signature-256': signature }) } });
  assert.equal((await post()).status, 401);
  assert.equal((await post(`sha256=${'0'.repeat(64)}`)).status, 403);
  assert.equal((await suite.control('POST', 'verify', { verify_token: suite.verifyToken() })).verified, true);
  assert.equal((await suite.control('POST', 'verify', { verify_token: 'wrong' })).verified, false);
});
