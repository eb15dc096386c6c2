// Who may call: every RPC of every service, with and without a token, as a foreign client (@grpc/grpc-js) sees it.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { Client, servicesOf } from '../journey/lib/rpc.mjs';
import { Suite } from '../journey/lib/suite.mjs';
import { contractsOf, refused } from './helpers.mjs';

const suite = new Suite();
before(() => suite.start());
after(() => suite.close());

const kBadTokens = {
  TOKEN_EXPIRED: () => suite.token('admin', { lifetimeSeconds: -600 }),
  TOKEN_NOT_YET_VALID: () => suite.token('admin', { claims: { nbf: Math.floor(Date.now() / 1000) + 600 } }),
  TOKEN_UNKNOWN_KEY: () => suite.token('admin', { key: suite.foreign }),
  TOKEN_WRONG_ISSUER: () => suite.token('admin', { claims: { iss: 'https://somebody.else' } }),
  TOKEN_WRONG_AUDIENCE: () => suite.token('admin', { claims: { aud: 'another' } }),
  TOKEN_INVALID: () => `${suite.token('admin').split('.').slice(0, 2).join('.')}.AAAA`,
};

for (const service of suite.only) {
  describe(service, () => {
    test('every RPC refuses a caller without a token', async () => {
      for (const { contract, method } of contractsOf(service)) {
        const client = new Client(suite.address(service), contract, '');
        const error = await refused(client[method.name](method.streams ? [] : {}));
        assert.deepEqual([error.code, error.reason], ['UNAUTHENTICATED', 'TOKEN_MISSING'], `${contract}.${method.name}`);
        assert.equal(error.details.ErrorInfo.domain, 'vinculo');
        assert.equal(error.details.status.code, 16);
        client.close();
      }
    });

    test('every RPC but the public ones refuses a caller without a role for it', async () => {
      for (const { contract, method } of contractsOf(service)) {
        const client = new Client(suite.address(service), contract, suite.token('nobody'));
        const error = await refused(client[method.name](method.streams ? [] : {}));
        assert.deepEqual([error.code, error.reason], ['PERMISSION_DENIED', 'ROLE_REQUIRED'], `${contract}.${method.name}`);
        client.close();
      }
    });

    test('every kind of bad token is told apart', async () => {
      const contract = servicesOf(`vinculo.${service}.v1`)[0];
      const method = Object.keys(contract.methods).find((m) => !contract.methods[m].requestStream);
      for (const [reason, make] of Object.entries(kBadTokens)) {
        const client = new Client(suite.address(service), contract.name, make());
        const error = await refused(client[method]({}));
        assert.deepEqual([error.code, error.reason], ['UNAUTHENTICATED', reason]);
        assert.ok(!error.message.includes('eyJ'), 'a token never stands in a message');
        client.close();
      }
    });

    test('health needs no token', async () => {
      const client = new Client(suite.address(service), 'grpc.health.v1.Health', '');
      assert.equal((await client.Check({ service: '' })).status, 'SERVING');
      for (const { name } of servicesOf(`vinculo.${service}.v1`)) assert.equal((await client.Check({ service: name })).status, 'SERVING', name);
      assert.equal((await refused(client.Check({ service: 'no.such.Service' }))).code, 'NOT_FOUND');
      client.close();
    });
  });
}
