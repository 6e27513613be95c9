import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import type { Child, ChildOptions } from '../harness/child.ts';
import type { Issuer } from '../harness/issuer.ts';
import type { ServiceSettings } from './service-settings.ts';
import { agentSettings, collectorSettings } from './settings.ts';

const START_TIMEOUT_MS = 20_000;

const ENTRIES = {
  collector: fileURLToPath(new URL('../../collector/src/main.ts', import.meta.url)),
  agent: fileURLToPath(new URL('../../agent/src/main.ts', import.meta.url)),
  service: fileURLToPath(new URL('./service.ts', import.meta.url)),
};

/** Starts a child process and sees to its end. */
export type Launch = (options: ChildOptions) => Child;

export interface CollectorProcess {
  readonly child: Child;
  /** `http://127.0.0.1:port`. */
  readonly url: string;
  /** `127.0.0.1:port` for agents. */
  readonly grpc: string;
  readonly operatorTokenFile: string;
}

export interface SidecarProcess {
  readonly child: Child;
  /** JWKS address by service. */
  readonly proxyUrls: ReadonlyMap<string, string>;
  readonly pushUrl: string;
}

export interface ServiceProcess {
  readonly child: Child;
  readonly url: string;
}

/** Waits for the log line with this message and gives its fields. */
async function logged(child: Child, pattern: RegExp): Promise<Readonly<Record<string, string>>> {
  const line = await child.line(pattern, START_TIMEOUT_MS);
  return JSON.parse(line.input) as Record<string, string>;
}

async function settingsFile(directory: string, name: string, settings: unknown): Promise<string> {
  const file = join(directory, name);
  await writeFile(file, stringify(settings));
  return file;
}

export async function startCollector(
  launch: Launch,
  directory: string,
  issuer: Issuer,
): Promise<CollectorProcess> {
  const config = await settingsFile(directory, 'collector.yaml', collectorSettings(issuer));
  const child = launch({
    name: 'keyturn-collector',
    entry: ENTRIES.collector,
    args: ['--config', config],
    cwd: directory,
  });
  const { http = '', grpc = '', data = '' } = await logged(child, /"collector started"/);
  return {
    child,
    url: http.startsWith('http') ? http : `http://${http}`,
    grpc,
    operatorTokenFile: join(data, 'operator-token'),
  };
}

export async function startSidecar(
  launch: Launch,
  directory: string,
  issuer: Issuer,
  collectorGrpc: string,
): Promise<SidecarProcess> {
  const config = await settingsFile(directory, 'agent.yaml', agentSettings(issuer, collectorGrpc));
  const child = launch({
    name: 'keyturn-agent',
    entry: ENTRIES.agent,
    args: ['--config', config],
    cwd: directory,
  });
  const [billing, gateway, push] = await Promise.all([
    logged(child, /"verifier":"billing\/.*"url":/),
    logged(child, /"verifier":"gateway\/.*"url":/),
    logged(child, /"push API listens"/),
  ]);
  return {
    child,
    proxyUrls: new Map([
      ['billing', billing['url'] ?? ''],
      ['gateway', gateway['url'] ?? ''],
    ]),
    pushUrl: push['where'] ?? '',
  };
}

export async function startService(
  launch: Launch,
  name: string,
  settings: ServiceSettings,
): Promise<ServiceProcess> {
  const child = launch({ name, entry: ENTRIES.service, args: [JSON.stringify(settings)] });
  const { url } = (await child.message(START_TIMEOUT_MS)) as { url: string };
  return { child, url };
}
