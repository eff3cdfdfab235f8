import { join } from "node:path";
import { ScaledObject } from "@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject";
import { Deployment } from "kubernetes-models/apps/v1/Deployment";
import { Job } from "kubernetes-models/batch/v1/Job";
import { PodDisruptionBudget } from "kubernetes-models/policy/v1/PodDisruptionBudget";
import { ConfigMap } from "kubernetes-models/v1/ConfigMap";
import { Namespace } from "kubernetes-models/v1/Namespace";
import { Service } from "kubernetes-models/v1/Service";
import ts from "typescript";
import { root } from "./pages.ts";

/** An object of Kubernetes, as it is written in a manifest. */
export type Manifest = { readonly apiVersion: string; readonly kind: string } & Readonly<
  Record<string, unknown>
>;

// Both packages are generated from the definitions of Kubernetes and of KEDA, and need no network.
const MODELS = { Deployment, Job, PodDisruptionBudget, ConfigMap, Namespace, Service, ScaledObject };

/**
 * What Kubernetes would refuse about the values of a manifest: missing fields, wrong types and formats.
 * Null: nothing.
 */
export function valueFault(manifest: Manifest): string | null {
  const Model = MODELS[manifest.kind as keyof typeof MODELS] as typeof Deployment | undefined;
  if (Model === undefined) return `there is no model of ${manifest.apiVersion} ${manifest.kind}`;
  try {
    new Model(manifest as never).validate();
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

const moduleOf = ({ apiVersion, kind }: Manifest): string =>
  `${apiVersion.startsWith("keda.sh/") ? "@kubernetes-models/keda" : "kubernetes-models"}/${apiVersion}/${kind}`;

/**
 * Fields that Kubernetes does not know, which it would drop or refuse. The validators accept them; the
 * compiler, given the manifests as literals of their types, does not.
 */
export function unknownFields(manifests: readonly Manifest[]): string[] {
  const file = join(root, "test/deploy/manifests-as-literals.ts");
  const text = manifests
    .map(
      (manifest, index) =>
        `import type { I${manifest.kind} as T${index} } from "${moduleOf(manifest)}";\nexport const m${index}: T${index} = ${JSON.stringify(manifest)};\n`,
    )
    .join("");
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
  };
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (name) => name === file || fileExists(name);
  host.readFile = (name) => (name === file ? text : readFile(name));
  host.getSourceFile = (name, ...rest) =>
    name === file ? ts.createSourceFile(name, text, rest[0]) : getSourceFile(name, ...rest);
  const program = ts.createProgram([file], options, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
}
