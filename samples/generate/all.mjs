#!/usr/bin/env node
// Writes every sample, or with --check compares them with what is there.
//   node samples/generate/all.mjs [--as-of=YYYY-MM-DD] [--out=DIRECTORY] [--check]
// The date moves usage and conversations; contacts, templates and the flow do not depend on it. Files in the repository are those
// of 2024-06-14.
import fs from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {contacts} from './contacts.mjs';
import {flowFiles} from './flow.mjs';
import {dateOf, dayNumber, writeFiles} from './lib.mjs';
import {support} from './support.mjs';
import {templates} from './templates.mjs';
import {usage} from './usage.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const options = {'as-of': '2024-06-14', out: path.join(here, '..'), check: false};
for (const argument of process.argv.slice(2)) {
  const [, name, value] = /^--([a-z-]+)(?:=(.*))?$/.exec(argument) ?? [];
  if (!(name in options)) {
    console.error(`unknown argument ${argument}; known are --as-of=YYYY-MM-DD, --out=DIRECTORY and --check`);
    process.exit(2);
  }
  options[name] = value ?? true;
}
const asOf = dayNumber(options['as-of']);
if (Number.isNaN(asOf) || dateOf(asOf) !== options['as-of']) {
  console.error(`--as-of: ${options['as-of']} is not a date`);
  process.exit(2);
}

const files = {...contacts(), ...templates(), ...flowFiles(), ...usage(asOf), ...support(asOf)};
if (!options.check) {
  writeFiles(options.out, files);
  console.log(`${Object.keys(files).length} files in ${options.out}`);
} else {
  const differing = Object.entries(files).filter(([name, content]) => {
    const file = path.join(options.out, name);
    return !fs.existsSync(file) || !fs.readFileSync(file).equals(Buffer.from(content));
  });
  for (const [name] of differing) console.error(`differs: ${name}`);
  process.exit(differing.length > 0 ? 1 : 0);
}
