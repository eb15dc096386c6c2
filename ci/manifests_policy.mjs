// What rendered manifests must and must not be. Each service's store says what may keep its pods: a SQLite file one pod with one volume,
// PostgreSQL as many alike as the load asks for.
import {readFileSync} from 'node:fs';
import {parse} from 'yaml';
import {flagsOf} from './manifests_flags.mjs';

const SERVICES = ['lifecycle', 'messaging', 'profiling', 'support'];
const MONITOR = parse(readFileSync('k8s/monitoring/service-monitor.yaml', 'utf8')).spec;
const KINDS = {sqlite: 'StatefulSet', postgres: 'Deployment'};

class Overlay {
  constructor(documents) {
    this.documents = documents;
    this.problems = [];
  }

  must(condition, text) {
    if (!condition) this.problems.push(text);
  }

  find(kind, name) {
    return this.documents.find((d) => d.kind === kind && d.metadata.name === name);
  }

  flagsOf(name) {
    return this.documents.find((d) => d.kind === 'ConfigMap' && d.metadata.name.startsWith(`${name}-flags-`));
  }

  check() {
    const workloads = this.documents.filter((d) => Object.values(KINDS).includes(d.kind));
    const names = workloads.map((d) => d.metadata.name).sort();
    this.must(`${names}` === `${SERVICES}`, `workloads ${names}, there are ${SERVICES}`);
    for (const workload of workloads) this.workload(workload);
    this.must(this.documents.some((d) => d.kind === 'NetworkPolicy' && d.spec.policyTypes.includes('Ingress')), 'anyone may call');
  }

  workload(workload) {
    const name = workload.metadata.name;
    const at = `${workload.kind}/${name}`;
    const pod = workload.spec.template.spec;
    this.pod(at, pod);
    this.must(pod.terminationGracePeriodSeconds >= 45, `${at}: too little time to drain`);
    for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) this.must(pod.containers[0][probe], `${at}: no ${probe}`);
    const budget = this.find('PodDisruptionBudget', name);
    this.must(budget?.spec.maxUnavailable === 1, `${at}: minAvailable 1 of 1 would block node drains`);
    this.must(this.selects(budget?.spec.selector?.matchLabels, workload), `${at}: its disruption budget is of other pods`);
    const service = this.find('Service', name);
    this.must(service?.spec.clusterIP === 'None', `${at}: a client would see one address and keep one pod busy`);
    this.must(this.selects(service?.spec.selector, workload), `${at}: its Service selects other pods`);
    const scraped = Object.entries(MONITOR.selector.matchLabels).every(([k, v]) => service?.metadata.labels?.[k] === v);
    const port = service?.spec.ports.some((p) => p.name === MONITOR.endpoints[0].port);
    this.must(scraped && port, `${at}: the ServiceMonitor does not see it`);
    const flags = this.flagsOf(name);
    this.must(flags, `${at}: its flags are no generated ConfigMap, so a change would not restart it`);
    const mounted = (pod.volumes ?? []).some((v) => v.configMap?.name === flags?.metadata.name);
    this.must(mounted, `${at}: its flags are not mounted`);
    const given = Object.values(flags?.data ?? {}).flatMap((text) => [...text.matchAll(/^--(\w+)=(.*)$/gm)]);
    this.flags(at, name, pod, given);
    const stores = given.filter((m) => m[1] === 'store').map((m) => m[2]);
    this.must(stores.length === 1, `${at}: ${stores.length} stores in its flags`);
    const driver = stores[0]?.split(':')[0];
    this.must(KINDS[driver] === workload.kind, `${at}: a ${driver} store is kept by a ${KINDS[driver]}`);
    if (workload.kind === 'StatefulSet') this.oneFile(at, workload);
    if (workload.kind === 'Deployment') this.replicas(at, workload, stores[0] ?? '');
  }

  // The command names every file of the ConfigMap, the service knows every flag, and every path is on a volume.
  flags(at, name, pod, given) {
    const files = Object.keys(this.flagsOf(name)?.data ?? {}).map((key) => `/etc/vinculo/${key}`).sort();
    const read = pod.containers[0].command.find((word) => word.startsWith('--flagfile='))?.slice('--flagfile='.length).split(',').sort();
    this.must(`${read}` === `${files}`, `${at}: reads the flags ${read}, there are ${files}`);
    const {known, required} = flagsOf(name);
    for (const [, flag, value] of given) {
      this.must(known.has(flag), `${at}: does not know --${flag}`);
      const mounted = pod.containers[0].volumeMounts.some((m) => value.startsWith(`${m.mountPath}/`));
      this.must(!value.startsWith('/') || mounted, `${at}: --${flag} is on no volume`);
    }
    for (const flag of required) this.must(given.some((m) => m[1] === flag), `${at}: does not start without --${flag}`);
  }

  selects(labels, workload) {
    const own = workload.spec.template.metadata.labels;
    return labels !== undefined && Object.entries(labels).length > 0 && Object.entries(labels).every(([k, v]) => own[k] === v);
  }

  pod(at, pod) {
    const security = pod.securityContext ?? {};
    this.must(security.runAsNonRoot && security.seccompProfile?.type === 'RuntimeDefault', `${at}: not restricted`);
    this.must(pod.automountServiceAccountToken === false, `${at}: mounts a service account token`);
    for (const container of [...pod.containers, ...(pod.initContainers ?? [])]) this.container(`${at} ${container.name}`, container);
    for (const volume of pod.volumes.filter((v) => v.secret)) {
      this.must((volume.secret.defaultMode & 0o7) === 0, `${at}: anyone may read the secret ${volume.name}`);
    }
  }

  container(at, container) {
    const security = container.securityContext ?? {};
    this.must(security.readOnlyRootFilesystem && security.allowPrivilegeEscalation === false, `${at}: root file system or privileges`);
    this.must(security.capabilities?.drop?.includes('ALL'), `${at}: keeps capabilities`);
    this.must(container.resources?.limits?.memory && !container.resources.limits.cpu, `${at}: memory limit yes, CPU limit no`);
    this.must(container.resources?.requests?.cpu, `${at}: no CPU request, so nothing to scale by`);
    this.must(!/:latest$/.test(container.image) && container.image.includes(':'), `${at}: image without a version`);
    this.must(!(container.env ?? []).some((e) => /secret|token|password|key/i.test(e.name) || e.valueFrom?.secretKeyRef),
        `${at}: a secret in the environment`);
  }

  // A SQLite store: a second pod could not open it.
  oneFile(at, {metadata: {name}, spec}) {
    this.must(spec.replicas === 1, `${at}: a SQLite store has one pod`);
    this.must(spec.serviceName === name, `${at}: its Service is another's`);
    this.must(!this.find('HorizontalPodAutoscaler', name), `${at}: nothing may scale one file`);
    this.must(spec.updateStrategy?.type === 'RollingUpdate', `${at}: an update waits for somebody to delete the pod`);
    const claim = spec.volumeClaimTemplates?.[0];
    this.must(`${claim?.spec.accessModes}` === 'ReadWriteOncePod', `${at}: two pods could mount the volume`);
    const retention = spec.persistentVolumeClaimRetentionPolicy;
    this.must(retention?.whenDeleted === 'Retain' && retention.whenScaled === 'Retain', `${at}: its data would go with it`);
    const mounted = spec.template.spec.containers[0].volumeMounts.find((m) => m.name === claim?.metadata.name)?.mountPath;
    const store = Object.values(this.flagsOf(name)?.data ?? {}).join('\n');
    this.must(mounted && store.includes(`--store=sqlite:${mounted}/`), `${at}: the store is not on the volume`);
  }

  // Replicas over PostgreSQL: any of them may go, none keeps anything.
  replicas(at, {metadata: {name}, spec}, store) {
    const pod = spec.template.spec;
    this.must(!spec.volumeClaimTemplates && !pod.volumes.some((v) => v.persistentVolumeClaim || v.ephemeral || v.hostPath),
        `${at}: keeps a volume`);
    this.must(spec.replicas === undefined, `${at}: replicas would undo what the autoscaler did`);
    const scaler = this.documents.find((d) => d.kind === 'HorizontalPodAutoscaler' && d.spec.scaleTargetRef.name === name);
    this.must(scaler?.spec.scaleTargetRef.kind === 'Deployment', `${at}: no autoscaler`);
    this.must(scaler?.spec.minReplicas >= 3 && scaler.spec.maxReplicas > scaler.spec.minReplicas, `${at}: fewer than 3 replicas, or fixed`);
    const cpu = scaler?.spec.metrics?.find((m) => m.resource?.name === 'cpu')?.resource.target.averageUtilization;
    this.must(cpu > 0 && cpu <= 80, `${at}: does not scale by CPU, or too late`);
    const {type, rollingUpdate} = spec.strategy ?? {};
    this.must(type === 'RollingUpdate' && rollingUpdate?.maxUnavailable === 0 && rollingUpdate.maxSurge >= 1,
        `${at}: an update would take a replica away before the next one serves`);
    for (const [key, when] of [['topology.kubernetes.io/zone', 'ScheduleAnyway'], ['kubernetes.io/hostname', 'DoNotSchedule']]) {
      const spread = pod.topologySpreadConstraints?.find((c) => c.topologyKey === key);
      this.must(spread?.maxSkew === 1 && spread.whenUnsatisfiable === when, `${at}: not spread over ${key}`);
      const by = [...Object.keys(spread?.labelSelector?.matchLabels ?? {}), ...(spread?.matchLabelKeys ?? [])];
      this.must(this.selects(spread?.labelSelector?.matchLabels, {spec}) && by.includes('app.kubernetes.io/name'),
          `${at}: the spread over ${key} counts other pods`);
    }
    this.database(at, name, pod, store);
    const ports = this.documents.filter((d) => d.kind === 'NetworkPolicy').flatMap((d) => d.spec.egress ?? [])
        .filter((rule) => rule.to).flatMap((rule) => rule.ports.map((p) => p.port));
    this.must(ports.includes(Number(/@[^/]*:(\d+)\//.exec(store)?.[1])), `${at}: no way to the database`);
  }

  // Who the pod takes for the database, and how it tells it who it is.
  database(at, name, pod, store) {
    const [, password] = /^postgres:\/\/[^/@:]*(:[^/@]*)?@/.exec(store) ?? [];
    this.must(password === undefined && !/[?&](password|passfile)=/.test(store), `${at}: a password in the flags`);
    this.must(/[?&]sslmode=verify-full(&|$)/.test(store), `${at}: takes anyone for the database`);
    const main = pod.containers[0];
    const path = main.env?.find((e) => e.name === 'PGPASSFILE')?.value ?? '';
    const volumeOf = (container, file) => {
      const mount = container?.volumeMounts?.find((m) => file.startsWith(`${m.mountPath}/`));
      return pod.volumes.find((v) => v.name === mount?.name);
    };
    // libpq wants a file that only its owner reads; of a Secret the pod's group always may.
    this.must(volumeOf(main, path)?.emptyDir?.medium === 'Memory', `${at}: PGPASSFILE is not in memory`);
    const copy = pod.initContainers?.find((c) => c.command.at(-1) === path);
    this.must(copy?.command.includes('--mode=0400'), `${at}: libpq ignores a password that others may read`);
    this.must(volumeOf(copy, copy?.command.at(-2) ?? '')?.secret?.defaultMode === 0o400, `${at}: the password is no Secret of mode 0400`);
    const secret = volumeOf(copy, copy?.command.at(-2) ?? '')?.secret?.secretName;
    this.must(secret === `${name}-database`, `${at}: the password is another service's`);
  }
}

// The jobs that copy the stores: from the volume of the one overlay to the database of the other, while no service runs.
class Move extends Overlay {
  check() {
    const jobs = this.documents.filter((d) => d.kind === 'Job');
    this.must(`${jobs.map((d) => d.metadata.name).sort()}` === `${SERVICES.map((s) => `${s}-move`)}`, `there are jobs for ${SERVICES}`);
    this.must(jobs.length === this.documents.length, 'deleting the jobs would delete more than them');
    for (const job of jobs) this.job(job);
  }

  job({metadata: {name}, spec}) {
    const at = `Job/${name}`;
    const service = name.replace(/-move$/, '');
    const pod = spec.template.spec;
    this.pod(at, pod);
    this.must(!spec.template.metadata?.labels, `${at}: a Service or a NetworkPolicy could select it`);
    const words = [...pod.containers[0].command, ...(pod.containers[0].args ?? [])];
    const to = words.find((word) => word.startsWith('--to='))?.slice('--to='.length) ?? '';
    const store = readFileSync(`k8s/overlays/postgres/${service}.store`, 'utf8').trim();
    this.must(`--store=${to}` === store, `${at}: copies to another store than the service has`);
    this.must(words.includes(`--from=sqlite:/data/${service}.db`), `${at}: copies from another store than the service had`);
    const claims = pod.volumes.map((v) => v.persistentVolumeClaim?.claimName).filter(Boolean);
    this.must(`${claims}` === `data-${service}-0`, `${at}: mounts ${claims}`);
    this.database(at, service, pod, to);
  }
}

export function problemsOf(documents) {
  const overlay = documents.some((d) => d.kind === 'Job') ? new Move(documents) : new Overlay(documents);
  overlay.check();
  return overlay.problems;
}
