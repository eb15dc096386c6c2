// A foreign gRPC client: @grpc/grpc-js over the published contracts, with the errors' google.rpc details decoded.
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { checkFields } from './proto_json.mjs';

const require = createRequire(import.meta.url);
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');
const protobuf = require('protobufjs');

export const kRoot = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const kProtos = join(kRoot, 'protos');
const kGoogle = ['/usr/share/gocode/src/github.com/gogo/googleapis', '/usr/share/googleapis', '/usr/include'];
const kGrpc = ['/usr/share/grpc-proto', '/usr/include'];
const holding = (folders, file) => folders.find((f) => existsSync(join(f, file))) ?? folders[0];
const kIncludes = [kProtos, holding(kGoogle, 'google/rpc/status.proto'), holding(kGrpc, 'grpc/health/v1/health.proto')];
const kLoad = { keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true, includeDirs: kIncludes };

function contractFiles() {
  const walk = (folder) => readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? walk(join(folder, entry.name)) : entry.name.endsWith('.proto') ? [relative(kProtos, join(folder, entry.name))] : []);
  return walk(join(kProtos, 'vinculo')).filter((f) => !f.includes('/testing/'));
}

export const definition = loader.loadSync([...contractFiles(), 'grpc/health/v1/health.proto'], kLoad);
const types = grpc.loadPackageDefinition(definition);

// The loaded thing of that full name, such as `vinculo.support.v1.TicketService`.
export function lookup(fullName) {
  const found = fullName.split('.').reduce((at, part) => at?.[part], types);
  if (found === undefined) throw new Error(`no such name in the contracts: ${fullName}`);
  return found;
}

// Every service of a package with its methods: {name, methods: {Method: {requestStream, responseStream, ...}}}.
export function servicesOf(packageName) {
  return Object.entries(lookup(packageName)).filter(([, value]) => value.service)
    .map(([name, value]) => ({ name: `${packageName}.${name}`, methods: value.service }));
}

function readProtos(files) {
  const root = new protobuf.Root();
  root.resolvePath = (origin, target) => kIncludes.map((f) => join(f, target)).find(existsSync) ?? protobuf.util.path.resolve(origin, target);
  return root.loadSync(files, { keepCase: true });
}

// The fields of a message that its contract marks as required, which proto-loader does not tell.
let contracts;
export function requiredFields(messageName) {
  contracts ??= readProtos(contractFiles());
  return contracts.lookupType(messageName).fieldsArray.filter((f) => f.options?.['(vinculo.options.v1.required)']).map((f) => f.name);
}

const kPauseMs = 50;
const kCodeNames = Object.fromEntries(Object.entries(grpc.status).map(([name, code]) => [code, name]));

// Errors' details are read by protobufjs itself: proto-loader makes no readers for messages that no RPC takes or gives.
const details = readProtos(['google/rpc/status.proto', 'google/rpc/error_details.proto']);

function decode(typeName, bytes) {
  const type = details.lookupType(typeName);
  return type.toObject(type.decode(bytes), { longs: Number, defaults: true });
}

// What `grpc-status-details-bin` says: {ErrorInfo, BadRequest, RetryInfo, ...}, by short type name.
export function decodeDetails(metadata) {
  const [bytes] = metadata?.get('grpc-status-details-bin') ?? [];
  if (!bytes) return {};
  const status = decode('google.rpc.Status', bytes);
  const out = { status: { code: status.code, message: status.message } };
  for (const any of status.details ?? []) {
    const name = any.type_url.split('/').pop();
    out[name.split('.').pop()] = name.startsWith('google.rpc.') ? decode(name, any.value) : any;
  }
  return out;
}

// An RPC that did not end with OK.
export class RpcError extends Error {
  constructor(method, error) {
    const details = decodeDetails(error.metadata);
    const reason = details.ErrorInfo?.reason ?? '';
    super(`${method}: ${kCodeNames[error.code] ?? error.code}${reason && ` ${reason}`}: ${error.details}`);
    this.code = kCodeNames[error.code] ?? String(error.code);
    this.reason = reason;
    this.details = details;
    this.metadata = error.metadata;
  }
}

// One service at one address: `await client.Method(request)`; streams take or give arrays.
export class Client {
  // `token` may be text, empty for none, or a function that gives the text. With `patienceSeconds` a call is repeated, with the
  // same request, while nobody answers (UNAVAILABLE); requests carry ids, so that is harmless.
  constructor(address, serviceName, token = '', { deadlineSeconds = 20, patienceSeconds = 0 } = {}) {
    const Stub = lookup(serviceName);
    this.stub_ = new Stub(address, grpc.credentials.createInsecure(), {
      'grpc.max_receive_message_length': 64 << 20, 'grpc.initial_reconnect_backoff_ms': 50, 'grpc.max_reconnect_backoff_ms': 250 });
    for (const [name, method] of Object.entries(Stub.service)) {
      this[name] = (request = {}, options = {}) => this.patiently_(patienceSeconds, () => this.call_(serviceName, name, method, request,
        { token: options.token ?? token, deadlineSeconds: options.deadlineSeconds ?? deadlineSeconds, headers: options.headers ?? {} }));
    }
  }

  async patiently_(seconds, attempt) {
    const end = performance.now() + seconds * 1000;
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        if (error.code !== 'UNAVAILABLE' || performance.now() > end) throw error;
        await pause(kPauseMs);
      }
    }
  }

  call_(serviceName, name, method, request, { token, deadlineSeconds, headers }) {
    const { type } = method.requestType;
    for (const one of method.requestStream ? request : [request]) checkFields(type, `${serviceName.split('.').slice(0, -1).join('.')}.${type.name}`, one);
    const metadata = new grpc.Metadata();
    const text = typeof token === 'function' ? token() : token;
    if (text) metadata.set('authorization', `Bearer ${text}`);
    for (const [key, value] of Object.entries(headers)) metadata.set(key, value);
    const options = { deadline: Date.now() + deadlineSeconds * 1000 };
    const what = `${serviceName.split('.').pop()}.${name}`;
    return new Promise((resolve, reject) => {
      const done = (error, response) => (error ? reject(new RpcError(what, error)) : resolve(response));
      if (!method.requestStream && !method.responseStream) return this.stub_[name](request, metadata, options, done);
      if (method.requestStream && !method.responseStream) {
        const stream = this.stub_[name](metadata, options, done);
        // A server may answer before it has read everything; what is written after that is of no use to anybody.
        stream.on('error', () => {});
        return write(stream, request).catch(() => {});
      }
      if (method.requestStream) return reject(new Error(`${what}: streams both ways`));
      const received = [];
      this.stub_[name](request, metadata, options).on('data', (m) => received.push(m))
        .on('end', () => resolve(received)).on('error', (e) => reject(new RpcError(what, e)));
    });
  }
  close() { this.stub_.close(); }
}

async function write(stream, messages) {
  for (const message of messages) {
    if (stream.destroyed) return;
    if (!stream.write(message)) await drained(stream);
  }
  stream.end();
}

// Resolves when the stream takes more, or never will.
function drained(stream) {
  return new Promise((resolve) => {
    const go = () => {
      stream.off('drain', go);
      stream.off('close', go);
      resolve();
    };
    stream.on('drain', go).on('close', go);
  });
}

export const requestId = randomUUID;

// google.protobuf.Timestamp of a Date, and back.
export const timestamp = (date) => ({ seconds: Math.floor(date.getTime() / 1000), nanos: (date.getTime() % 1000) * 1e6 });
export const toDate = (t) => (t ? new Date(Number(t.seconds) * 1000 + Math.floor(t.nanos / 1e6)) : null);
