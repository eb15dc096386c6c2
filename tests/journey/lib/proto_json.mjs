// Protobuf's JSON mapping to the objects that @grpc/proto-loader takes, so that samples are written once, as JSON.
import { definition } from './rpc.mjs';

const kMessage = 'TYPE_MESSAGE', kBytes = 'TYPE_BYTES', kEnum = 'TYPE_ENUM', kInt64 = ['TYPE_INT64', 'TYPE_UINT64', 'TYPE_SINT64'];
const snake = (name) => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);

// "2024-03-01T12:00:00.5Z" -> {seconds, nanos}
function timestampOf(text) {
  const [, whole, fraction = '', zone] = /^(.*?:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/.exec(text) ?? [];
  if (!whole) throw new Error(`not a timestamp: ${text}`);
  return { seconds: Math.floor(Date.parse(whole + zone) / 1000), nanos: Number(fraction.padEnd(9, '0').slice(0, 9)) };
}
// "1.5s" -> {seconds, nanos}
function durationOf(text) {
  const seconds = Number(text.replace(/s$/, ''));
  return { seconds: Math.trunc(seconds), nanos: Math.round((seconds % 1) * 1e9) };
}

// The descriptor of a full name, nested messages included.
function descriptorOf(full) {
  if (definition[full]) return definition[full].type;
  const dot = full.lastIndexOf('.');
  return dot < 0 ? undefined : descriptorOf(full.slice(0, dot))?.nestedType?.find((t) => t.name === full.slice(dot + 1));
}

function typeNamed(name, scope) {
  // Names in descriptors are relative to the scope they stand in, or absolute.
  const plain = name.replace(/^\./, '');
  for (let parts = scope.split('.'); ; parts.pop()) {
    const full = [...parts, plain].filter(Boolean).join('.');
    const type = descriptorOf(full);
    if (type) return { full, type };
    if (parts.length === 0) throw new Error(`no such type: ${name} in ${scope}`);
  }
}

function valueOf(field, value, scope) {
  if (field.type === kMessage) {
    const plain = field.typeName.replace(/^\./, '');
    if (plain.endsWith('google.protobuf.Timestamp')) return timestampOf(value);
    if (plain.endsWith('google.protobuf.Duration')) return durationOf(value);
    if (plain.endsWith('google.protobuf.FieldMask')) return { paths: value.split(',').filter(Boolean).map(snake) };
    return fromJson(typeNamed(field.typeName, scope).full, value);
  }
  if (field.type === kBytes) return Buffer.from(value, 'base64');
  if (field.type === kEnum || !kInt64.includes(field.type)) return value;
  return Number(value);
}

// The object for a message of that full name. Unknown members are an error, as in protobuf.
export function fromJson(fullName, json) {
  const { full, type } = typeNamed(fullName, '');
  const out = {};
  for (const [key, value] of Object.entries(json)) {
    const field = type.field.find((f) => f.name === key || f.name === snake(key));
    if (!field) throw new Error(`${full} has no field ${key}`);
    if (value === null) continue;
    const entry = field.type === kMessage && entryOf(field, type);
    if (entry) {
      out[field.name] = Object.fromEntries(Object.entries(value).map(([k, v]) => [k, valueOf(entry.field.find((f) => f.name === 'value'), v, full)]));
    } else if (field.label === 'LABEL_REPEATED') {
      out[field.name] = value.map((v) => valueOf(field, v, full));
    } else {
      out[field.name] = valueOf(field, value, full);
    }
  }
  return out;
}

// The entry type of a map field, else null: such types are nested in the message and marked.
function entryOf(field, type) {
  return type.nestedType.find((t) => t.options?.mapEntry && t.name === field.typeName.split('.').pop()) ?? null;
}

// Throws when `value` has a member that the message does not: proto-loader would drop it without a word.
export function checkFields(type, full, value) {
  for (const [key, inner] of Object.entries(value)) {
    const field = type.field.find((f) => f.name === key);
    if (!field) throw new Error(`${full} has no field ${key}`);
    if (field.type !== kMessage || inner === null || inner === undefined) continue;
    const entry = entryOf(field, type);
    const valueField = entry?.field.find((f) => f.name === 'value') ?? field;
    if (valueField.type !== kMessage) continue;
    const known = typeNamed(valueField.typeName, full);
    const all = entry ? Object.values(inner) : field.label === 'LABEL_REPEATED' ? inner : [inner];
    for (const one of all) checkFields(known.type, known.full, one);
  }
}
