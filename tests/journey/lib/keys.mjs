// Development keys: an Ed25519 pair, its JWKS, and the tokens it signs. For tests and the demo only.
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';

const url64 = (bytes) => Buffer.from(bytes).toString('base64url');

export class KeyPair {
  constructor(privateKey = generateKeyPairSync('ed25519').privateKey) {
    this.privateKey = privateKey;
    const { x } = createPublicKey(privateKey).export({ format: 'jwk' });
    // RFC 7638: the hash of the required members in alphabetical order.
    this.kid = createHash('sha256').update(JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x })).digest('base64url');
    this.jwk = { kty: 'OKP', crv: 'Ed25519', x, kid: this.kid, use: 'sig', alg: 'EdDSA' };
  }
  static fromPem(pem) { return new KeyPair(createPrivateKey(pem)); }
  pem() { return this.privateKey.export({ type: 'pkcs8', format: 'pem' }); }

  // A compact JWT. `claims` replaces or removes (undefined) what would stand there.
  token({ issuer, audience, subject, tenant, roles, lifetimeSeconds = 3600, claims = {}, header = {} }) {
    const now = Math.floor(Date.now() / 1000);
    const head = url64(JSON.stringify({ alg: 'EdDSA', kid: this.kid, typ: 'JWT', ...header }));
    const body = url64(JSON.stringify({
      iss: issuer, aud: audience, sub: subject, tenant, roles, iat: now, nbf: now - 1, exp: now + lifetimeSeconds, ...claims }));
    return `${head}.${body}.${url64(sign(null, Buffer.from(`${head}.${body}`), this.privateKey))}`;
  }
}

export const jwks = (...pairs) => JSON.stringify({ keys: pairs.map((p) => p.jwk) }, null, 2);
