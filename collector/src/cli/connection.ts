import { readFileSync } from 'node:fs';
import { messageOf } from '@keyturn/shared/errors.ts';
import { shown } from '@keyturn/shared/shown.ts';
import { LocalError, UsageError } from './cli-errors.ts';
import { type Client, createClient } from './client.ts';
import type { CliEnvironment, World } from './world.ts';

export const DEFAULT_COLLECTOR = 'http://127.0.0.1:7460';
export const DEFAULT_TOKEN_FILE = './data/operator-token';

/** Options every command that talks to the collector takes. */
export interface ConnectionOptions {
  readonly collector?: string;
  readonly tokenFile?: string;
}

/** A client for the collector that the command line or the environment names. */
export function connect(world: World, options: ConnectionOptions): Client {
  const base = collectorUrl(options.collector ?? world.environment.collector ?? DEFAULT_COLLECTOR);
  return createClient({
    base,
    fetch: world.fetch,
    operatorToken: () => {
      if (base.protocol !== 'https:' && !isLoopback(base.hostname)) {
        throw new LocalError(
          `the operator token is not sent unencrypted to ${base.host}: use an https address`,
        );
      }
      return operatorToken(world.environment, options);
    },
  });
}

/** Where the token would come from. */
export function tokenFileOf(
  environment: CliEnvironment,
  options: ConnectionOptions,
): string | undefined {
  if (options.tokenFile !== undefined) return options.tokenFile;
  if (environment.operatorToken !== undefined) return undefined;
  return environment.operatorTokenFile ?? DEFAULT_TOKEN_FILE;
}

function operatorToken(environment: CliEnvironment, options: ConnectionOptions): string {
  const file = tokenFileOf(environment, options);
  if (file === undefined)
    return sendable(environment.operatorToken ?? '', 'KEYTURN_OPERATOR_TOKEN');
  try {
    return sendable(readFileSync(file, 'utf8').trim(), file);
  } catch (error) {
    if (error instanceof LocalError) throw error;
    throw new LocalError(
      `the operator token cannot be read: ${messageOf(error)}. The collector wrote it to operator-token in its data directory; name the file with --token-file, or set KEYTURN_OPERATOR_TOKEN.`,
    );
  }
}

function sendable(token: string, source: string): string {
  if (/^[\u0021-\u007e]{1,4000}$/.test(token)) return token;
  throw new LocalError(`${source} holds no token: expected one line of printable characters`);
}

function collectorUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw new UsageError(
      `--collector: expected an address such as ${DEFAULT_COLLECTOR}, got ${shown(text)}`,
    );
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new UsageError('--collector: expected an address without credentials, query or fragment');
  }
  return url;
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d+){3}$/.test(hostname);
}
