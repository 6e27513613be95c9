import { createSecureContext } from 'node:tls';
import type { z } from 'zod';
import { type Address, formatAddress, isLoopback } from '@keyturn/shared/address.ts';
import { messageOf } from '@keyturn/shared/errors.ts';
import type { KeyPath } from '@keyturn/shared/settings/check.ts';
import { address } from '@keyturn/shared/settings/fields.ts';
import type { ProblemList } from './problem-list.ts';
import { listenSchema } from './schema.ts';

/** A certificate chain and its key, PEM. */
export interface ListenTls {
  readonly cert: string;
  readonly key: string;
}

export interface ListenConfig {
  readonly http: Address;
  readonly grpc: Address;
  /** Names beside loopback and `http.host` that requests may be addressed to. */
  readonly names: readonly string[];
  /** For both; null where both are on loopback without it. */
  readonly tls: ListenTls | null;
}

const DEFAULTS = {
  http: { host: '127.0.0.1', port: 7460 },
  grpc: { host: '127.0.0.1', port: 7461 },
};

/** @param readFile gives a file's text, or undefined after adding the problem. */
export function resolveListen(
  value: unknown,
  env: Readonly<Record<string, string | undefined>>,
  problems: ProblemList,
  readFile: (file: string, path: KeyPath) => string | undefined,
): ListenConfig {
  const settings: Partial<z.output<typeof listenSchema>> =
    problems.check(listenSchema, value ?? {}, ['listen']) ?? {};
  const http = fromEnv(env, 'KEYTURN_LISTEN_HTTP', problems) ?? settings.http ?? DEFAULTS.http;
  const grpc = fromEnv(env, 'KEYTURN_LISTEN_GRPC', problems) ?? settings.grpc ?? DEFAULTS.grpc;
  if (http.port !== 0 && formatAddress(http) === formatAddress(grpc)) {
    problems.add(['listen'], `http and grpc cannot both listen on ${formatAddress(http)}`);
  }
  const tls = settings.tls === undefined ? null : readTls(settings.tls, problems, readFile);
  if (settings.tls === undefined && !mentionsTls(value)) {
    refuseOpen(['listen', 'http'], http, problems);
    refuseOpen(['listen', 'grpc'], grpc, problems);
  }
  return { http, grpc, names: settings.names ?? [], tls };
}

/** A broken `tls` has its own problem; saying that there is none would mislead. */
function mentionsTls(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'tls' in value;
}

function refuseOpen(path: KeyPath, at: Address, problems: ProblemList): void {
  if (isLoopback(at.host)) return;
  problems.add(
    path,
    `${formatAddress(at)} can be reached from other machines, which needs TLS: set ` +
      'listen.tls.cert and listen.tls.key to PEM files, or listen on 127.0.0.1',
  );
}

function fromEnv(
  env: Readonly<Record<string, string | undefined>>,
  name: string,
  problems: ProblemList,
): Address | undefined {
  const value = env[name];
  if (value === undefined || value === '') return undefined;
  return problems.check(address('127.0.0.1:7460'), value, [name]);
}

function readTls(
  files: { readonly cert: string; readonly key: string },
  problems: ProblemList,
  readFile: (file: string, path: KeyPath) => string | undefined,
): ListenTls | null {
  const cert = readFile(files.cert, ['listen', 'tls', 'cert']);
  const key = readFile(files.key, ['listen', 'tls', 'key']);
  if (cert === undefined || key === undefined) return null;
  try {
    createSecureContext({ cert, key });
  } catch (thrown) {
    problems.add(
      ['listen', 'tls'],
      `expected a PEM certificate chain and its PEM key: ${messageOf(thrown)}`,
    );
  }
  return { cert, key };
}
