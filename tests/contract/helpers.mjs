// What the contract tests share.
import assert from 'node:assert/strict';
import { RpcError, requiredFields, servicesOf } from '../journey/lib/rpc.mjs';

// Every RPC of a service's package, and of the event feed it serves: {contract, method: {name, streams, serverStreams, fields, required}}.
export function contractsOf(service) {
  return [...servicesOf(`vinculo.${service}.v1`), ...servicesOf('vinculo.events.v1')].flatMap(({ name, methods }) =>
    Object.entries(methods).map(([method, definition]) => ({
      contract: name,
      method: { name: method, streams: definition.requestStream, serverStreams: definition.responseStream,
        fields: definition.requestType.type.field.map((f) => f.name),
        required: requiredFields(`${name.slice(0, name.lastIndexOf('.'))}.${definition.requestType.type.name}`) },
    })));
}

// The error of a call that must fail.
export async function refused(promise) {
  try {
    const response = await promise;
    assert.fail(`was answered: ${JSON.stringify(response)}`);
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    return error;
  }
}

// Whether a call was answered or refused as our API refuses: with one of the documented codes and a reason.
const kCodes = ['INVALID_ARGUMENT', 'NOT_FOUND', 'ALREADY_EXISTS', 'FAILED_PRECONDITION', 'ABORTED', 'RESOURCE_EXHAUSTED', 'UNAVAILABLE'];
export async function answeredOrRefused(promise, what) {
  try {
    await promise;
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    assert.ok(kCodes.includes(error.code), `${what}: ${error.message}`);
    assert.match(error.reason, /^[A-Z][A-Z0-9_]+$/, `${what}: ${error.message}`);
  }
}
