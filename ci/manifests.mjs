// Policy over rendered manifests: what every pod of ours must and must not be.
import {readFileSync} from 'node:fs';
import {parseAllDocuments} from 'yaml';

const [file, name] = process.argv.slice(2);
const documents = parseAllDocuments(readFileSync(file, 'utf8')).map((d) => d.toJS()).filter(Boolean);
const problems = [];
const must = (condition, text) => { if (!condition) problems.push(text); };
const stateful = documents.filter((d) => d.kind === 'StatefulSet');
must(stateful.length === 4, `${stateful.length} StatefulSets, there are 4 services`);
for (const set of stateful) {
  const at = `${set.kind}/${set.metadata.name}`;
  const pod = set.spec.template.spec;
  must(set.spec.replicas === 1, `${at}: a SQLite store has one pod`);
  must(pod.securityContext?.runAsNonRoot && pod.securityContext?.seccompProfile?.type === 'RuntimeDefault', `${at}: not restricted`);
  must(pod.automountServiceAccountToken === false, `${at}: mounts a service account token`);
  must(pod.terminationGracePeriodSeconds >= 45, `${at}: too little time to drain`);
  must(set.spec.volumeClaimTemplates?.[0]?.spec.accessModes?.[0] === 'ReadWriteOncePod', `${at}: two pods could mount the volume`);
  for (const container of pod.containers) {
    const security = container.securityContext ?? {};
    must(security.readOnlyRootFilesystem && security.allowPrivilegeEscalation === false, `${at}: root file system or privileges`);
    must(security.capabilities?.drop?.includes('ALL'), `${at}: keeps capabilities`);
    for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) must(container[probe], `${at}: no ${probe}`);
    must(container.resources?.limits?.memory && !container.resources.limits.cpu, `${at}: memory limit yes, CPU limit no`);
    must(!/:latest$/.test(container.image) && container.image.includes(':'), `${at}: image without a version`);
    must(!(container.env ?? []).some((e) => /secret|token|password|key/i.test(e.name)), `${at}: a secret in the environment`);
  }
  const budget = documents.find((d) => d.kind === 'PodDisruptionBudget' && d.metadata.name === set.metadata.name);
  must(budget?.spec.maxUnavailable === 1, `${at}: minAvailable 1 of 1 would block node drains`);
  const flags = documents.find((d) => d.kind === 'ConfigMap' && d.metadata.name.startsWith(`${set.metadata.name}-flags-`));
  must(flags, `${at}: its flags are no generated ConfigMap, so a change would not restart it`);
}
problems.forEach((problem) => console.error(`manifests: ${name}: ${problem}`));
if (problems.length === 0) console.log(`manifests: ${name}: ${documents.length} objects ok`);
process.exit(problems.length ? 1 : 0);
