import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { readConfig, VARIABLES } from "../../src/config/config.ts";
import { QUEUE_NAMES } from "../../src/config/queues.ts";
import { createMetrics } from "../../src/metrics.ts";
import { type Manifest, unknownFields, valueFault } from "../support/kubernetes.ts";
import { filesIn, read } from "../support/pages.ts";

const KUSTOMIZATION = "deploy/kubernetes/kustomization.yaml";
const files = filesIn("deploy/kubernetes", ".yaml").sort();

function manifestsOf(file: string): Manifest[] {
  const documents = parseAllDocuments(read(file), { uniqueKeys: true, strict: true });
  if (!Array.isArray(documents)) throw new Error(`${file} is empty`);
  return documents.map((document) => {
    expect(document.errors, file).toEqual([]);
    return document.toJS() as Manifest;
  });
}

const manifests = files.filter((file) => file !== KUSTOMIZATION).flatMap(manifestsOf);
const ofKind = (kind: string): Manifest[] => manifests.filter((manifest) => manifest.kind === kind);
const nameOf = (manifest: Manifest): string => (manifest["metadata"] as { name: string }).name;

type Probe = { httpGet: { path: string; port: string } };
type Container = {
  name: string;
  args: string[];
  env?: { name: string; value: string }[];
  envFrom: { configMapRef?: { name: string }; secretRef?: { name: string; optional?: boolean } }[];
  securityContext: unknown;
  resources: { limits: { memory: string } };
  readinessProbe?: Probe;
  livenessProbe?: Probe;
  startupProbe?: Probe;
};
type Pod = {
  automountServiceAccountToken: boolean;
  securityContext: unknown;
  terminationGracePeriodSeconds?: number;
  containers: Container[];
};

const podOf = (manifest: Manifest): Pod =>
  (manifest as unknown as { spec: { template: { spec: Pod } } }).spec.template.spec;
const deployments = ofKind("Deployment").map(podOf);
const pods = [...deployments, ...ofKind("Job").map(podOf)];
const containerOf = (pod: Pod): Container => pod.containers[0] as Container;
const environmentOf = ({ env = [] }: Container): Record<string, string> =>
  Object.fromEntries(env.map(({ name, value }) => [name, value]));

describe("the manifests of Kubernetes", () => {
  it.each(manifests.map((manifest) => [`${manifest.kind} ${nameOf(manifest)}`, manifest] as const))(
    "%s has values that Kubernetes accepts",
    (_name, manifest) => {
      expect(valueFault(manifest)).toBeNull();
    },
  );

  it("have no fields that Kubernetes does not know", () => {
    expect(unknownFields(manifests)).toEqual([]);
  });

  it("would not pass with a wrong value or a misspelt field", () => {
    const [deployment] = ofKind("Deployment");
    const wrong = structuredClone(deployment) as unknown as { spec: Record<string, unknown> } & Manifest;
    wrong.spec["replicas"] = "two";
    expect(valueFault(wrong)).toMatch(/replicas/);
    const misspelt = structuredClone(deployment) as Manifest;
    (containerOf(podOf(misspelt)) as unknown as Record<string, unknown>)["readinesProbe"] = {};
    expect(unknownFields([misspelt]).join()).toContain("readinesProbe");
  });

  it("are all applied by the kustomization, except autoscaling, which needs KEDA", () => {
    const { resources } = manifestsOf(KUSTOMIZATION)[0] as unknown as { resources: string[] };
    expect([...resources, "autoscaling.yaml", "kustomization.yaml"].sort()).toEqual(
      files.map((file) => file.replace("deploy/kubernetes/", "")),
    );
  });

  it("set variables that are read, and settings that are valid", () => {
    const shared = (ofKind("ConfigMap")[0] as unknown as { data: Record<string, string> }).data;
    for (const pod of deployments) {
      const own = environmentOf(containerOf(pod));
      expect(
        [...Object.keys(shared), ...Object.keys(own)].filter((name) => !VARIABLES.includes(name)),
      ).toEqual([]);
      const needed = { DATABASE_URL: "postgres://u:p@db:5432/cw", REDIS_URL: "redis://cache:6379" };
      const config = readConfig({ ...needed, ...shared, ...own });
      expect(config.listens).toBe(true);
      expect(containerOf(pod).args).toEqual(["start"]);
    }
    expect(pods.map((pod) => containerOf(pod).args[0])).toContain("migrate");
  });

  it("leave no role without a deployment and no queue without a worker", () => {
    const environments = deployments.map((pod) => environmentOf(containerOf(pod)));
    expect(new Set(environments.map((one) => one["ROLES"]))).toEqual(new Set(["api", "scheduler", "worker"]));
    const served = environments.flatMap((one) => one["WORKER_QUEUES"]?.split(",") ?? []);
    expect(served.sort()).toEqual([...QUEUE_NAMES].sort());
  });

  it("give secrets by reference, each to the pods that need it", () => {
    const readers = (secret: string) =>
      pods
        .map(containerOf)
        .filter(({ envFrom }) => envFrom.some(({ secretRef }) => secretRef?.name === secret))
        .map(({ name }) => name)
        .sort();
    expect(readers("commonwork-owner")).toEqual(["migrate"]);
    expect(readers("commonwork-app")).toEqual(["api", "scheduler", "worker", "worker-commissions"]);
    expect(readers("commonwork-api")).toEqual(["api"]);
    expect(readers("commonwork-worker")).toEqual(["worker"]);
    expect(readers("commonwork-sales")).toEqual(["worker-commissions"]);
    expect(readers("commonwork-calendars")).toEqual(["api", "worker"]);
    expect(ofKind("Secret")).toEqual([]);
  });

  it("restrict every pod as its namespace demands", () => {
    const labels = (ofKind("Namespace")[0] as unknown as { metadata: { labels: object } }).metadata.labels;
    expect(labels).toMatchObject({ "pod-security.kubernetes.io/enforce": "restricted" });
    for (const pod of pods) {
      expect(pod.automountServiceAccountToken).toBe(false);
      expect(pod.securityContext).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: "RuntimeDefault" },
      });
      const container = containerOf(pod);
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
      expect(container.resources.limits.memory).toBeTruthy();
    }
  });

  it("have health checks for every process, and none of the api depends on Redis", () => {
    for (const pod of deployments) {
      const { name, startupProbe, livenessProbe, readinessProbe } = containerOf(pod);
      expect([startupProbe, livenessProbe].map((probe) => probe?.httpGet.path)).toEqual([
        "/health/live",
        "/health/live",
      ]);
      expect(readinessProbe?.httpGet.path).toBe(name === "api" ? "/health/live" : "/health/ready");
      // SHUTDOWN_GRACE_MS and the margins of a shutdown.
      expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(10 + 24);
    }
  });

  it("scale workers by a metric that exists, and no other deployment", () => {
    const { oldest } = createMetrics();
    type Scaled = { spec: { scaleTargetRef: { name: string }; triggers: { metadata: { query: string } }[] } };
    const scaled = ofKind("ScaledObject").map((manifest) => (manifest as unknown as Scaled).spec);
    expect(scaled.map(({ scaleTargetRef }) => scaleTargetRef.name).sort()).toEqual(
      deployments
        .map((pod) => containerOf(pod).name)
        .filter((name) => name.startsWith("worker"))
        .map((name) => `commonwork-${name}`)
        .sort(),
    );
    const { name, labelNames } = oldest as unknown as { name: string; labelNames: string[] };
    for (const { triggers } of scaled)
      for (const { metadata } of triggers) {
        const [, metric, label] =
          /^max\((\w+)\{(\w+)!?="commissions"\}\) or vector\(0\)$/.exec(metadata.query) ?? [];
        expect({ metric, label }).toEqual({ metric: name, label: labelNames[0] });
      }
    // Applied again, they must not undo what was scaled.
    for (const manifest of ofKind("Deployment"))
      if (nameOf(manifest).startsWith("commonwork-worker"))
        expect(manifest["spec"]).not.toHaveProperty("replicas");
  });
});
