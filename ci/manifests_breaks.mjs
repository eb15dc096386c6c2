// A policy that nothing breaks proves nothing: each of these spoils a good overlay in one way, and must be told.
const pod = (workload) => workload.spec.template.spec;
const main = (workload) => pod(workload).containers[0];
const drop = (from, kind) => from.splice(from.findIndex((d) => d.kind === kind), 1);
const find = (all, kind) => all.find((d) => d.kind === kind);
const spread = (w, key) => pod(w).topologySpreadConstraints.find((c) => c.topologyKey === key);
const volume = (w, name) => pod(w).volumes.find((v) => v.name === name);
const flagTo = (file, from, to) => (w, all) => {
  const {data} = all.find((d) => d.kind === 'ConfigMap' && d.metadata.name.startsWith(`${w.metadata.name}-flags-`));
  data[file] = data[file].replace(from, to);
};
const storeTo = (from, to) => flagTo('store', from, to);

// [what the policy says, how it is broken: the first workload, all documents]
const EVERY = [
  [/workloads .*, there are/, (w, all) => drop(all, w.kind)],
  [/anyone may call/, (w, all) => all.splice(0, all.length, ...all.filter((d) => d.kind !== 'NetworkPolicy'))],
  [/block node drains/, (w, all) => { find(all, 'PodDisruptionBudget').spec = {minAvailable: 1}; }],
  [/budget is of other pods/, (w, all) => { find(all, 'PodDisruptionBudget').spec.selector.matchLabels = {a: 'b'}; }],
  [/keep one pod busy/, (w, all) => { delete find(all, 'Service').spec.clusterIP; }],
  [/does not see it/, (w, all) => { delete find(all, 'Service').metadata.labels; }],
  [/selects other pods/, (w, all) => { find(all, 'Service').spec.selector = {'app.kubernetes.io/name': 'other'}; }],
  [/its flags are no generated/, (w, all) => drop(all, 'ConfigMap')],
  [/its flags are not mounted/, (w) => { volume(w, 'flags').configMap.name = 'other'; }],
  [/0 stores in its flags/, storeTo(/.*/s, '')],
  [/does not know --tenant$/, flagTo('common', 'tenants', 'tenant')],
  [/does not start without --jwks_file/, flagTo('common', /^--jwks_file.*$/m, '')],
  [/--tls_key is on no volume/, flagTo('common', '/run/tls/tls.key', '/etc/tls/tls.key')],
  [/reads the flags/, (w) => { main(w).command[1] = '--flagfile=/etc/vinculo/flags'; }],
  [/not restricted/, (w) => { pod(w).securityContext.runAsNonRoot = false; }],
  [/service account token/, (w) => { delete pod(w).automountServiceAccountToken; }],
  [/too little time to drain/, (w) => { pod(w).terminationGracePeriodSeconds = 30; }],
  [/no startupProbe/, (w) => { delete main(w).startupProbe; }],
  [/anyone may read the secret/, (w) => { volume(w, 'tls').secret.defaultMode = 0o444; }],
  [/anyone may read the secret/, (w) => { pod(w).volumes.push({name: 'x', secret: {secretName: 'x', defaultMode: 0o644}}); }],
  [/root file system/, (w) => { main(w).securityContext.readOnlyRootFilesystem = false; }],
  [/keeps capabilities/, (w) => { delete main(w).securityContext.capabilities; }],
  [/memory limit yes, CPU limit no/, (w) => { main(w).resources.limits.cpu = 1; }],
  [/image without a version/, (w) => { main(w).image = 'vinculo'; }],
  [/secret in the environment/, (w) => { main(w).env = [{name: 'PGPASSWORD', value: 'x'}]; }],
];

const SQLITE = [
  [/one pod/, (w) => { w.spec.replicas = 3; }],
  [/kept by a Deployment/, storeTo('sqlite:', 'postgres://')],
  [/kept by a StatefulSet/, (w) => { w.kind = 'Deployment'; }],
  [/nothing may scale/, (w, all) => all.push({kind: 'HorizontalPodAutoscaler', metadata: w.metadata, spec: {scaleTargetRef: {}}})],
  [/two pods could mount/, (w) => { w.spec.volumeClaimTemplates[0].spec.accessModes = ['ReadWriteOnce']; }],
  [/its data would go/, (w) => { w.spec.persistentVolumeClaimRetentionPolicy.whenDeleted = 'Delete'; }],
  [/not on the volume/, storeTo('/data/', '/tmp/')],
  [/its Service is another's/, (w) => { delete w.spec.serviceName; }],
  [/waits for somebody/, (w) => { w.spec.updateStrategy.type = 'OnDelete'; }],
];

const POSTGRES = [
  [/replicas would undo/, (w) => { w.spec.replicas = 1; }],
  [/kept by a StatefulSet/, storeTo(/postgres:.*/, 'sqlite:/tmp/x.db')],
  [/kept by a Deployment/, (w) => { w.kind = 'StatefulSet'; }],
  [/keeps a volume/, (w) => pod(w).volumes.push({name: 'data', persistentVolumeClaim: {claimName: 'data'}})],
  [/no autoscaler/, (w, all) => drop(all, 'HorizontalPodAutoscaler')],
  [/fewer than 3/, (w, all) => { find(all, 'HorizontalPodAutoscaler').spec.minReplicas = 1; }],
  [/scale by CPU/, (w, all) => { find(all, 'HorizontalPodAutoscaler').spec.metrics = []; }],
  [/no CPU request/, (w) => { delete main(w).resources.requests.cpu; }],
  [/before the next one serves/, (w) => { w.spec.strategy.rollingUpdate.maxUnavailable = 1; }],
  [/not spread over topology/, (w) => { spread(w, 'topology.kubernetes.io/zone').topologyKey = 'rack'; }],
  [/not spread over kubernetes.io.hostname/, (w) => { spread(w, 'kubernetes.io/hostname').whenUnsatisfiable = 'ScheduleAnyway'; }],
  [/counts other pods/, (w) => { spread(w, 'kubernetes.io/hostname').labelSelector.matchLabels = {a: 'b'}; }],
  [/counts other pods/, (w) => { spread(w, 'kubernetes.io/hostname').matchLabelKeys = ['pod-template-hash']; }],
  [/password in the flags/, storeTo('@', ':secret@')],
  [/takes anyone for the database/, storeTo('verify-full', 'require')],
  [/not in memory/, (w) => { main(w).env[0].value = '/run/database-secret/pgpass'; }],
  [/libpq ignores/, (w) => { delete pod(w).initContainers; }],
  [/no Secret of mode 0400/, (w) => { volume(w, 'database-secret').secret.defaultMode = 0o440; }],
  [/password is another service's/, (w) => { volume(w, 'database-secret').secret.secretName = 'other-database'; }],
  [/no way to the database/, (w, all) => all.splice(all.findIndex((d) => d.metadata.name === 'vinculo-database'), 1)],
  [/image without a version/, (w) => { pod(w).initContainers[0].image = 'vinculo:latest'; }],
];

const MOVE = [
  [/there are jobs for/, (w, all) => drop(all, 'Job')],
  [/would delete more/, (w, all) => all.push({kind: 'Namespace', metadata: {name: 'vinculo'}})],
  [/not restricted/, (w) => { delete pod(w).securityContext; }],
  [/could select it/, (w) => { w.spec.template.metadata = {labels: {'app.kubernetes.io/part-of': 'vinculo'}}; }],
  [/to another store/, (w) => { main(w).args = ['--to=postgres://elsewhere/lifecycle']; }],
  [/from another store/, (w) => { main(w).command[3] = '--from=sqlite:/data/other.db'; }],
  [/mounts data-other-0/, (w) => { volume(w, 'data').persistentVolumeClaim.claimName = 'data-other-0'; }],
  [/libpq ignores/, (w) => { delete pod(w).initContainers; }],
];
const OWN = {StatefulSet: [...EVERY, ...SQLITE], Deployment: [...EVERY, ...POSTGRES], Job: MOVE};

// What of it the policy did not notice.
export function unnoticed(documents, problemsOf) {
  const kind = Object.keys(OWN).find((own) => documents.some((d) => d.kind === own));
  const missed = OWN[kind].filter(([says, spoil]) => {
    const copy = structuredClone(documents);
    spoil(find(copy, kind), copy);
    return !problemsOf(copy).some((problem) => says.test(problem));
  });
  return {tried: OWN[kind].length, missed: missed.map(([says, spoil]) => `${says} not told after ${spoil}`)};
}
