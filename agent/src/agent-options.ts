import { hostname } from 'node:os';
import cluster from 'node:cluster';
import { threadId } from 'node:worker_threads';
import { isLoopback, parseAddress } from '@keyturn/shared/address.ts';
import { KeyturnError } from '@keyturn/shared/errors.ts';
import { ID_LIMITS, nameProblem, textProblem } from '@keyturn/shared/model/ids.ts';
import { REPORT_LIMITS } from '@keyturn/shared/model/report.ts';
import { shown } from '@keyturn/shared/shown.ts';
import type { AgentEventListener } from './events.ts';
import type { OpenTelemetryLike } from './telemetry/open-telemetry.ts';
import type { ProbeFunction } from './probe/present-function.ts';
import type { TlsOptions } from './uplink/tls-options.ts';

/** An issuer; `jwksUri` tells key sets apart where one agent watches several issuers. */
export interface IssuerOption {
  /** Exact `iss` string. */
  readonly issuer: string;
  readonly jwksUri?: string;
}

export interface AgentOptions {
  /** Name of the service as the collector's inventory has it. */
  readonly service: string;
  /**
   * What tells this process from the others of the service. Default: the host name, plus the number of
   * the cluster worker or worker thread. It should outlive a restart, so no process ids.
   */
  readonly instance?: string;
  /** The one issuer whose tokens are verified; or `issuers`. */
  readonly issuer?: string;
  readonly issuers?: readonly (string | IssuerOption)[];
  /** `host:port` of the collector's gRPC listener, or `unix:` and a path. Default 127.0.0.1:7461. */
  readonly collector?: string;
  /** Required for a collector on another machine. `true`: the system's certificate authorities. */
  readonly tls?: boolean | TlsOptions;
  /** Hears what the agent has to say about itself; see AgentEvent. */
  readonly onEvent?: AgentEventListener;
  /** Shows canary tokens of the collector to a cache of this process; see ProbeFunction. */
  readonly probe?: ProbeFunction;
  /**
   * The API the application's own SDK listens behind (`import * as api from '@opentelemetry/api'`): the
   * agent's metrics and traces go there. Without it there are none, and nothing of it is loaded.
   */
  readonly openTelemetry?: OpenTelemetryLike;
}

/** Options that cannot be used; `problems` has every one, `field: sentence` each. */
export class AgentOptionsError extends KeyturnError {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super('AGENT_OPTIONS_INVALID', `options of createAgent: ${problems.join('; ')}`);
    this.problems = problems;
  }
}

/** @internal */
export interface CheckedOptions {
  readonly service: string;
  readonly instance: string;
  readonly issuers: readonly IssuerOption[];
  readonly collector: string;
  readonly tls: TlsOptions | undefined;
  readonly onEvent: AgentEventListener | undefined;
  readonly probe: ProbeFunction | undefined;
  readonly openTelemetry: OpenTelemetryLike | undefined;
}

const DEFAULT_COLLECTOR = '127.0.0.1:7461';

/**
 * @throws AgentOptionsError naming everything that is wrong.
 * @internal
 */
export function checkOptions(options: AgentOptions): CheckedOptions {
  if (typeof options !== 'object' || options === null) {
    throw new AgentOptionsError([`expected an object, got ${shown(options)}`]);
  }
  const problems: string[] = [];
  const {
    service,
    instance = defaultInstance(),
    collector = DEFAULT_COLLECTOR,
    onEvent,
    probe,
    openTelemetry,
  } = options;
  checkName(problems, 'service', service, ID_LIMITS.serviceBytes);
  checkName(problems, 'instance', instance, ID_LIMITS.instanceBytes);
  const issuers = checkIssuers(problems, options);
  const tls = checkTls(problems, options.tls);
  checkCollector(problems, collector, tls);
  if (onEvent !== undefined && typeof onEvent !== 'function') {
    problems.push(`onEvent: expected a function, got ${shown(onEvent)}`);
  }
  if (probe !== undefined && typeof probe !== 'function') {
    problems.push(`probe: expected a function, got ${shown(probe)}`);
  }
  checkOpenTelemetry(problems, openTelemetry);
  if (problems.length > 0) throw new AgentOptionsError(problems);
  return { service, instance, issuers, collector, tls, onEvent, probe, openTelemetry };
}

function checkOpenTelemetry(problems: string[], api: unknown): void {
  if (api === undefined) return;
  const parts = typeof api === 'object' && api !== null ? (api as Record<string, unknown>) : {};
  for (const part of ['metrics', 'trace', 'propagation', 'ROOT_CONTEXT']) {
    if (typeof parts[part] === 'object' && parts[part] !== null) continue;
    problems.push(`openTelemetry: expected the API of @opentelemetry/api, got one without ${part}`);
    return;
  }
}

function checkName(problems: string[], field: string, value: unknown, bytesMax: number): void {
  if (typeof value !== 'string') {
    problems.push(`${field}: expected a name, got ${shown(value)}`);
    return;
  }
  const problem = nameProblem(value, bytesMax);
  if (problem !== undefined) problems.push(`${field}: ${problem}`);
}

function checkIssuers(problems: string[], options: AgentOptions): readonly IssuerOption[] {
  const { issuer, issuers } = options;
  if ((issuer === undefined) === (issuers === undefined)) {
    problems.push('issuer: expected either issuer or issuers');
    return [];
  }
  const list: unknown = issuers ?? [issuer];
  const max = REPORT_LIMITS.issuersPerVerifier;
  if (!Array.isArray(list) || list.length === 0 || list.length > max) {
    problems.push(`issuers: expected a list of 1 to ${max} issuers, got ${shown(list)}`);
    return [];
  }
  return list.map((entry, i) =>
    checkIssuer(problems, issuers === undefined ? 'issuer' : `issuers[${i}]`, entry),
  );
}

function checkIssuer(problems: string[], field: string, entry: unknown): IssuerOption {
  const { issuer, jwksUri } = (
    typeof entry === 'object' && entry !== null ? entry : { issuer: entry }
  ) as Readonly<Record<string, unknown>>;
  const problem =
    typeof issuer === 'string'
      ? textProblem(issuer, ID_LIMITS.issuerBytes)
      : `expected the exact iss string, got ${shown(issuer)}`;
  if (problem !== undefined) problems.push(`${field}: ${problem}`);
  if (jwksUri === undefined) return { issuer: String(issuer) };
  if (typeof jwksUri !== 'string' || !URL.canParse(jwksUri)) {
    problems.push(`${field}.jwksUri: expected a URL, got ${shown(jwksUri)}`);
    return { issuer: String(issuer) };
  }
  return { issuer: String(issuer), jwksUri: new URL(jwksUri).href };
}

function checkTls(problems: string[], tls: unknown): TlsOptions | undefined {
  if (tls === undefined || tls === false) return undefined;
  if (tls === true) return {};
  if (typeof tls !== 'object' || tls === null) {
    problems.push(`tls: expected true or an object with ca, cert and key, got ${shown(tls)}`);
    return undefined;
  }
  const given = tls as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(given)) {
    const value = given[name];
    if (!['ca', 'cert', 'key', 'serverName'].includes(name)) {
      problems.push(`tls.${name}: expected one of ca, cert, key and serverName`);
    } else if (
      typeof value !== 'string' &&
      (name === 'serverName' || !(value instanceof Uint8Array))
    ) {
      problems.push(`tls.${name}: expected ${name === 'serverName' ? 'a name' : 'PEM text'}`);
    }
  }
  if ((given['cert'] === undefined) !== (given['key'] === undefined)) {
    problems.push('tls: expected both cert and key, or neither');
  }
  return tls;
}

function checkCollector(problems: string[], collector: unknown, tls: unknown): void {
  if (typeof collector === 'string' && /^unix:./.test(collector)) return;
  const address = typeof collector === 'string' ? parseAddress(collector) : undefined;
  if (address === undefined || address.port === 0) {
    problems.push(
      `collector: expected host:port such as ${DEFAULT_COLLECTOR}, or unix: and a path, got ${shown(collector)}`,
    );
  } else if (tls === undefined && !isLoopback(address.host)) {
    problems.push(
      `collector: ${collector as string} is not on this machine, so tls is needed: set tls: true, or tls: { ca, cert, key }`,
    );
  }
}

function defaultInstance(): string {
  const host = hostname()
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replaceAll(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '')
    .slice(0, 100);
  const worker = cluster.worker === undefined ? '' : `-w${cluster.worker.id}`;
  const thread = threadId === 0 ? '' : `-t${threadId}`;
  return `${host === '' ? 'host' : host}${worker}${thread}`;
}
