import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { messageOf } from '@keyturn/shared/errors.ts';
import type { KeyPath } from '@keyturn/shared/settings/check.ts';
import { fetchUrl, filePath, oneOf, text } from '@keyturn/shared/settings/fields.ts';
import { readYaml, type YamlFile } from '@keyturn/shared/settings/yaml-file.ts';
import type { Policy } from '../core/policy.ts';
import type { WatchedIssuer } from '../issuer/watched-issuer.ts';
import { isOutboxReceiver, type Receiver } from '../notify/receiver.ts';
import type { OperatorTokenSource } from '../operator-token.ts';
import { ConfigError } from './config-error.ts';
import { resolveEmergency } from './emergency.ts';
import { resolveIssuers } from './issuers.ts';
import { type ListenConfig, resolveListen } from './listen.ts';
import { checkPlans } from './overlap.ts';
import { ProblemList } from './problem-list.ts';
import { resolveReceivers } from './receivers.ts';
import { policySchema, topSchema } from './schema.ts';
import { SecretFiles } from './secret-files.ts';
import { type Profiles, resolveServices } from './services.ts';

/** Everything a collector is told, checked. Paths are absolute. */
export interface CollectorConfig {
  /** What it calls itself in receipts: their `iss`. */
  readonly name: string;
  readonly listen: ListenConfig;
  readonly dataDirectory: string;
  readonly operatorToken: OperatorTokenSource;
  readonly issuers: readonly WatchedIssuer[];
  /** Who is told of alerts. */
  readonly receivers: readonly Receiver[];
  /** Where people reach it, without a closing slash; null: where it listens. */
  readonly publicUrl: string | null;
  /** Sentences about settings that work and are not as they should be. */
  readonly advice: readonly string[];
  readonly policy: Policy;
  readonly logLevel: LogLevel;
}

/** What KEYTURN_LOG_LEVEL may be. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

export interface ConfigSources {
  /** Settings file; null for defaults. Relative paths in it start at its directory. */
  readonly file: string | null;
  /**
   * Environment: KEYTURN_LISTEN_HTTP, KEYTURN_LISTEN_GRPC, KEYTURN_DATA, KEYTURN_OPERATOR_TOKEN and
   * KEYTURN_OPERATOR_TOKEN_FILE win over the file; KEYTURN_LOG_LEVEL has no place in it. Empty counts
   * as not set.
   */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where relative paths from the environment and the default `./data` start. */
  readonly cwd: string;
  readonly profiles: Profiles;
}

/**
 * Reads and checks all settings.
 *
 * @throws ConfigError naming every problem at once.
 */
export function loadConfig(sources: ConfigSources): CollectorConfig {
  const { file, cwd } = sources;
  const document = file === null ? EMPTY : readDocument(path.resolve(cwd, file), file);
  const base = file === null ? cwd : path.dirname(path.resolve(cwd, file));
  const problems = new ProblemList(document);
  const config = resolve(document.value, sources, base, problems);
  if (problems.all.length > 0) throw new ConfigError(file ?? 'The environment', problems.all);
  return config;
}

const DEFAULT_NAME = 'keyturn';

const collectorName = text('a name, such as https://keyturn.example.com', 256);

const EMPTY: YamlFile = { value: {}, locate: () => undefined };

function readDocument(absolute: string, file: string): YamlFile {
  let text: string;
  try {
    text = readFileSync(absolute, 'utf8');
  } catch (thrown) {
    const message = `the settings file cannot be read: ${messageOf(thrown)}`;
    throw new ConfigError(file, [{ path: '', line: null, column: null, message }]);
  }
  const yaml = readYaml(text);
  if (!('problems' in yaml)) return yaml;
  const broken = yaml.problems.map(({ at, message }) => {
    return { path: '', line: at?.line ?? null, column: at?.column ?? null, message };
  });
  throw new ConfigError(file, broken);
}

function resolve(
  value: unknown,
  { env, cwd, profiles }: ConfigSources,
  base: string,
  problems: ProblemList,
): CollectorConfig {
  const top = sectionsOf(value, problems);
  const readText = (file: string, at: KeyPath) =>
    readTextFile(path.resolve(base, file), at, problems);
  const readCa = (file: string, at: KeyPath) => {
    const text = readText(file, at);
    if (text !== undefined) checkCertificate(text, at, problems);
    return text;
  };
  const dataDirectory = placeOf(env['KEYTURN_DATA'], top['data'], ['data'], cwd, base, problems);
  const secrets = new SecretFiles(env, base, problems);
  const receivers = resolveReceivers(top['receivers'], { problems, secrets, readCa });
  const publicUrl = problems.check(fetchUrl.optional(), top['public_url'], ['public_url']);
  const { issuers, names } = resolveIssuers(top['issuers'], problems, readCa);
  const policy = problems.check(policySchema, top['policy'] ?? {}, ['policy']);
  const settings = policy ?? policySchema.parse({});
  const probed = issuers.filter(({ policy }) => policy.canary !== null);
  const defaults = {
    coverPercentile: settings.cover_percentile,
    probedIssuers: new Set(probed.map((one) => one.policy.issuer)),
  };
  const services = resolveServices(top['services'], names, profiles, defaults, problems);
  if (settings.reconnect_window > settings.heartbeat * settings.lease_heartbeats) {
    problems.add(
      ['policy', 'reconnect_window'],
      'expected at most heartbeat × lease_heartbeats: agents that wait longer count as silent',
    );
  }
  const plans = {
    services,
    publishSafetyMs: settings.publish_safety,
    retireSafetyMs: settings.retire_safety,
    // Long enough that every verifier has reported once more.
    stableForMs: settings.stable_for ?? settings.heartbeat,
  };
  checkPlans(issuers, plans, problems);
  return {
    name: problems.check(collectorName.optional(), top['name'], ['name']) ?? DEFAULT_NAME,
    listen: resolveListen(top['listen'], env, problems, readText),
    dataDirectory: dataDirectory ?? path.resolve(cwd, 'data'),
    operatorToken: operatorTokenOf(env, top['operator_token_file'], cwd, base, problems),
    issuers: issuers.map(({ watched }) => watched),
    receivers,
    publicUrl: publicUrl?.replace(/\/+$/, '') ?? null,
    advice: secrets.advice,
    policy: {
      issuers: new Map(issuers.map(({ policy }) => [policy.issuer, policy])),
      ...plans,
      profiles: profiles.facts,
      unknownProfile: profiles.unknown,
      heartbeatMs: settings.heartbeat,
      leaseHeartbeats: settings.lease_heartbeats,
      reconnectWindowMs: settings.reconnect_window,
      verifiersMax: settings.max_verifiers,
      uncountedBlocksRetire: settings.uncounted_verifiers_block_retire,
      ...resolveEmergency(settings, problems),
      alerts: {
        onAlert: settings.on_alert,
        calmForMs: settings.calm_for,
        stalledAfterMs: settings.stalled_after,
        receivers: namesOf(receivers.filter((one) => isOutboxReceiver(one))),
        alertmanagers: namesOf(receivers.filter((one) => !isOutboxReceiver(one))),
      },
    },
    logLevel: logLevelOf(env, problems),
  };
}

function namesOf(receivers: readonly Receiver[]): readonly string[] {
  return receivers.map(({ name }) => name);
}

function logLevelOf(env: ConfigSources['env'], problems: ProblemList): LogLevel {
  const given = env['KEYTURN_LOG_LEVEL'];
  if (given === undefined || given === '') return 'info';
  return problems.check(oneOf(LOG_LEVELS), given, ['KEYTURN_LOG_LEVEL']) ?? 'info';
}

/** The known sections, also when there are unknown ones besides them. */
function sectionsOf(value: unknown, problems: ProblemList): Readonly<Record<string, unknown>> {
  problems.check(topSchema.partial(), value, []);
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}

/** A path from the environment or else from the file, absolute; undefined when neither gives one. */
function placeOf(
  fromEnv: string | undefined,
  fromFile: unknown,
  at: KeyPath,
  cwd: string,
  base: string,
  problems: ProblemList,
): string | undefined {
  if (fromEnv !== undefined && fromEnv !== '') return path.resolve(cwd, fromEnv);
  const given = problems.check(filePath.optional(), fromFile, at);
  return given === undefined ? undefined : path.resolve(base, given);
}

const TOKEN = /^[\u0021-\u007e]{20,512}$/;

function operatorTokenOf(
  env: ConfigSources['env'],
  fromFile: unknown,
  cwd: string,
  base: string,
  problems: ProblemList,
): OperatorTokenSource {
  const at = ['operator_token_file'];
  const envFile = env['KEYTURN_OPERATOR_TOKEN_FILE'];
  const file = placeOf(envFile, fromFile, at, cwd, base, problems);
  const token = env['KEYTURN_OPERATOR_TOKEN'];
  if (token === undefined || token === '') {
    return file === undefined ? { kind: 'generated' } : { kind: 'file', file };
  }
  // The token itself must not reach a log, so the sentence does not show it.
  if (!TOKEN.test(token)) {
    problems.add(
      ['KEYTURN_OPERATOR_TOKEN'],
      `expected 20 to 512 printable ASCII characters without spaces, got ${token.length} characters`,
    );
  }
  if (envFile !== undefined && envFile !== '') {
    problems.add(
      ['KEYTURN_OPERATOR_TOKEN'],
      'expected this or KEYTURN_OPERATOR_TOKEN_FILE, got both',
    );
  }
  return { kind: 'given', token };
}

function readTextFile(absolute: string, at: KeyPath, problems: ProblemList): string | undefined {
  try {
    return readFileSync(absolute, 'utf8');
  } catch (thrown) {
    problems.add(at, `expected a readable file: ${messageOf(thrown)}`);
    return undefined;
  }
}

function checkCertificate(pem: string, at: KeyPath, problems: ProblemList): void {
  try {
    void new X509Certificate(pem);
  } catch (thrown) {
    problems.add(at, `expected PEM certificates: ${messageOf(thrown)}`);
  }
}
