import type { Address } from '@keyturn/shared/address.ts';
import { discoveryUrl } from '@keyturn/shared/http/discovery.ts';
import { ID_LIMITS, nameProblem, type VerifierId } from '@keyturn/shared/model/ids.ts';
import { check, type Problem } from '@keyturn/shared/settings/check.ts';
import { readYaml, type Position, type YamlFile } from '@keyturn/shared/settings/yaml-file.ts';
import { shown } from '@keyturn/shared/shown.ts';
import type { CacheKind } from '@keyturn/shared/model/secret-keys.ts';
import { crossProblems, idOf } from './config/crosschecks.ts';
import {
  environmentNameOf,
  environmentProblems,
  withEnvironment,
  type Environment,
} from './config/environment.ts';
import { probeOf, type ProbeConfig } from './config/probe.ts';
import { fileSchema, SECTIONS, type FileSettings, type IssuerSettings } from './config/schema.ts';

export interface IssuerConfig {
  readonly issuer: string;
  readonly alias: string | null;
  /** Null: found through `discovery`. */
  readonly jwksUri: URL | null;
  /** Null: the issuer is no URL, so it has no discovery document. */
  readonly discovery: URL | null;
  readonly refreshMs: number;
  readonly freshForMs: number;
  readonly timeoutMs: number;
  readonly maxStaleMs: number;
  readonly maxBytes: number;
  /** PEM file. */
  readonly ca: string | null;
  readonly allowHttp: boolean;
}

export interface VerifierConfig {
  readonly id: VerifierId;
  /** Empty when not known. */
  readonly profile: string;
  readonly issuers: readonly string[];
  readonly via: 'proxy' | 'push';
  readonly keys: CacheKind;
  /** The instance was given for this verifier, so its URL names it. */
  readonly namesInstance: boolean;
  /** Null: canary tokens are not presented to it. */
  readonly probe: ProbeConfig | null;
}

/** The sidecar's settings, whole and consistent. */
export interface AgentConfig {
  readonly collector: { readonly address: Address; readonly ca: string | null };
  readonly proxy: {
    readonly listen: Address;
    readonly https: {
      readonly listen: Address;
      /** PEM files; null: the agent makes its own. */
      readonly given: { readonly cert: string; readonly key: string } | null;
      readonly directory: string;
    } | null;
    readonly hosts: readonly string[];
    /** Header value, or `upstream`. */
    readonly cacheControl: string;
  };
  readonly push: {
    readonly listen: Address;
    readonly socket: string | null;
    readonly socketMode: number;
    readonly accept: 'declared' | 'any';
    readonly leaseMs: number;
  };
  readonly issuers: readonly IssuerConfig[];
  readonly verifiers: readonly VerifierConfig[];
  /** `silence`: the verifiers go on without the agent, so nothing may say that they stopped. */
  readonly onStop: 'goodbye' | 'silence';
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
}

export type ConfigResult =
  | { readonly ok: true; readonly config: AgentConfig }
  /** One line each: file with line and column, key, what was expected, what came. */
  | { readonly ok: false; readonly problems: readonly string[] };

export interface ConfigSources {
  /** For messages. */
  readonly file: string;
  readonly text: string;
  readonly env: Environment;
  readonly hostname: string;
}

/** Reads the settings file with the environment over it; reports all problems at once. */
export function readConfig(sources: ConfigSources): ConfigResult {
  const inEnvironment = environmentProblems(sources.env);
  const yaml = readYaml(sources.text);
  if ('problems' in yaml) {
    const inFile = yaml.problems.map(({ at, message }) => `${place(sources.file, at)}: ${message}`);
    return { ok: false, problems: [...inFile, ...inEnvironment] };
  }
  const value = withEnvironment(yaml.value, sources.env);
  const parsed = check(fileSchema, value);
  const settings = 'value' in parsed ? parsed.value : wellFormedSections(value);
  const hostInstance = instanceOf(sources.hostname);
  const problems = inOrder(
    [...('value' in parsed ? [] : parsed.problems), ...crossProblems(settings, hostInstance)],
    yaml,
  ).map((problem) => rendered(problem, yaml, sources));
  if (!('value' in parsed) || problems.length > 0 || inEnvironment.length > 0) {
    return { ok: false, problems: [...problems, ...inEnvironment] };
  }
  return { ok: true, config: toConfig(parsed.value, hostInstance) };
}

// A mistake in one section must not hide what is wrong between the others.
function wellFormedSections(value: unknown): Partial<FileSettings> {
  if (typeof value !== 'object' || value === null) return {};
  const found = Object.entries(SECTIONS).flatMap(([key, schema]) => {
    const result = check<unknown>(schema, (value as Record<string, unknown>)[key]);
    return 'value' in result ? [[key, result.value] as const] : [];
  });
  return Object.fromEntries(found);
}

/** As they come in the file. */
function inOrder(problems: readonly Problem[], yaml: YamlFile): readonly Problem[] {
  const lineOf = ({ path, about }: Problem) => yaml.locate(path, about)?.line ?? 0;
  return problems.toSorted((a, b) => lineOf(a) - lineOf(b));
}

function rendered(
  { path, message, about }: Problem,
  yaml: YamlFile,
  sources: ConfigSources,
): string {
  const name = environmentNameOf(path, sources.env);
  if (name !== undefined) return `environment: ${name} (${path.join('.')}): ${message}`;
  const key = path.length === 0 ? '' : `${keyText(path)}: `;
  return `${place(sources.file, yaml.locate(path, about))}: ${key}${message}`;
}

function keyText(path: readonly (string | number)[]): string {
  const text = path.map(String).join('.');
  return /^[\w.-]{1,200}$/.test(text) ? text : shown(text);
}

function place(file: string, at: Position | undefined): string {
  return at === undefined ? file : `${file}:${at.line}:${at.column}`;
}

// A host name with other characters cannot name an instance; then the file has to.
function instanceOf(hostname: string): string {
  return nameProblem(hostname, ID_LIMITS.instanceBytes) === undefined ? hostname : 'host';
}

function toConfig(settings: FileSettings, hostInstance: string): AgentConfig {
  const { collector, proxy, push } = settings;
  return {
    collector: { address: collector.address, ca: collector.tls?.ca ?? null },
    proxy: {
      listen: proxy.listen,
      https: proxy.https === undefined ? null : httpsOf(proxy.https),
      hosts: proxy.hosts,
      cacheControl: proxy.cache_control,
    },
    push: {
      listen: push.listen,
      socket: push.socket ?? null,
      socketMode: push.socket_mode,
      accept: push.accept,
      leaseMs: push.lease,
    },
    issuers: settings.issuers.map(issuerOf),
    verifiers: settings.verifiers.map((verifier) => ({
      id: idOf(verifier, settings, hostInstance),
      profile: verifier.profile ?? '',
      issuers: verifier.issuers ?? settings.issuers.map((entry) => entry.issuer),
      via: verifier.via,
      keys: verifier.keys,
      namesInstance: verifier.instance !== undefined,
      probe: probeOf(verifier.probe),
    })),
    onStop: settings.on_stop,
    logLevel: settings.log.level,
  };
}

type HttpsSettings = NonNullable<FileSettings['proxy']['https']>;

function httpsOf(https: HttpsSettings): AgentConfig['proxy']['https'] {
  const { listen, cert, key, directory } = https;
  const given = cert === undefined || key === undefined ? null : { cert, key };
  return { listen, given, directory };
}

function issuerOf(entry: IssuerSettings): IssuerConfig {
  return {
    issuer: entry.issuer,
    alias: entry.alias ?? null,
    jwksUri: entry.jwks_uri ?? null,
    discovery: entry.discovery ?? defaultDiscovery(entry.issuer),
    refreshMs: entry.refresh,
    freshForMs: entry.fresh_for,
    timeoutMs: entry.timeout,
    maxStaleMs: entry.max_stale,
    maxBytes: entry.max_bytes,
    ca: entry.ca ?? null,
    allowHttp: entry.allow_http,
  };
}

function defaultDiscovery(issuer: string): URL | null {
  const url = discoveryUrl(issuer);
  return url === null ? null : new URL(url);
}
