// Reads what lies in samples/ (see its README).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromJson } from './proto_json.mjs';
import { kRoot } from './rpc.mjs';

const path = (name) => join(kRoot, 'samples', name);
export const bytes = (name) => readFileSync(path(name));
export const json = (name) => JSON.parse(bytes(name));
export const lines = (name) => bytes(name).toString().split('\n').filter(Boolean).map((line) => JSON.parse(line));
// A simple CSV (no quoted cells) as objects.
export function table(name) {
  const [head, ...rows] = bytes(name).toString().trimEnd().split('\r\n').map((line) => line.split(','));
  return rows.map((row) => Object.fromEntries(head.map((title, i) => [title, row[i]])));
}
// A message in protobuf's JSON.
export const message = (type, name) => fromJson(type, json(name));
export const messages = (type, name) => lines(name).map((line) => fromJson(type, line));
