import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Child } from './child.ts';
import { startChild } from './child.ts';
import type { CollectorApi } from './collector-api.ts';
import { collectorApi } from './collector-api.ts';
import { PROGRAMS } from './programs.ts';
import { plainEnvironment } from './run-to-end.ts';

/** A running collector in a process of its own. */
export interface CollectorProcess {
  readonly child: Child;
  /** `http://127.0.0.1:port`. */
  readonly url: string;
  /** `127.0.0.1:port`, for agents. */
  readonly grpc: string;
  /** Operator token. */
  readonly token: string;
  readonly tokenFile: string;
  readonly api: CollectorApi;
}

export interface CollectorSettings {
  /** Settings file; `listen` and `data` are filled in. */
  readonly [section: string]: unknown;
}

/** Policy for tests: silence is noticed within two seconds and time bounds are short. */
export const QUICK_POLICY = {
  heartbeat: '200ms',
  lease_heartbeats: 2,
  reconnect_window: '100ms',
  publish_safety: '0s',
  retire_safety: '1s',
} as const;

const START_MS = 15_000;

/**
 * Starts the collector in `directory`, where its settings file and data live, so that a second call
 * goes on with the data of the first.
 *
 * @throws ChildError with its last lines when it does not come up.
 */
export async function startCollectorProcess(
  directory: string,
  settings: CollectorSettings,
  env: Readonly<Record<string, string>> = {},
  entry: string = PROGRAMS.collector,
): Promise<CollectorProcess> {
  const file = join(directory, 'collector.yaml');
  const listen = { http: '127.0.0.1:0', grpc: '127.0.0.1:0' };
  await writeFile(file, stringify({ listen, data: './data', ...settings }));
  const child = startChild({
    name: 'keyturn-collector',
    entry,
    args: ['--config', file],
    cwd: directory,
    env: plainEnvironment(env),
  });
  try {
    const line = await child.line(/"collector started"/, START_MS);
    const { http, grpc, data } = JSON.parse(line.input) as Record<'http' | 'grpc' | 'data', string>;
    const tokenFile = join(data, 'operator-token');
    const token = env['KEYTURN_OPERATOR_TOKEN'] ?? (await readFile(tokenFile, 'utf8')).trim();
    const url = `http://${http}`;
    return { child, url, grpc, token, tokenFile, api: collectorApi(url, token) };
  } catch (error) {
    await child.kill();
    throw error;
  }
}
