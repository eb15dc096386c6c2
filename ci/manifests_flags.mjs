// What a service's flags are, as its sources say: those it knows (any other ends the process), and those it cannot start without.
import {readFileSync} from 'node:fs';

export function flagsOf(service) {
  const sources = ['common/rpc/service_config.cc', `services/${service}/config.cc`].map((file) => readFileSync(file, 'utf8')).join('\n');
  const defined = [...sources.matchAll(/ABSL_FLAG\(\s*[\w:]+, (\w+),\s*(""|)/g)];
  const empty = new Set(defined.filter((m) => m[2] === '""').map((m) => m[1]));
  const needed = [...sources.matchAll(/check\.(?:Required|ReadableFile|SecretFile)\("(\w+)", absl::GetFlag\(FLAGS_\1\)/g)].map((m) => m[1]);
  return {known: new Set(defined.map((m) => m[1])), required: needed.filter((flag) => empty.has(flag))};
}
