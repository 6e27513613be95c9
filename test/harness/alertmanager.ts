import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';
import type { Teardown } from './teardown.ts';

/** Debian's name, and the project's own. */
const PROGRAM = ['prometheus-alertmanager', 'alertmanager'].find(
  (name) => spawnSync(name, ['--version']).status === 0,
);

/** For tap's `skip`: why tests with a real Alertmanager are not run, or false. */
export const alertmanagerMissing =
  PROGRAM === undefined && 'alertmanager (prometheus-alertmanager) is not installed';

/** An alert as Alertmanager has it. */
export interface HeldAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly generatorURL: string;
  readonly status: { readonly state: string };
}

/** A real Alertmanager on a port of its own. */
export interface Alertmanager {
  readonly url: string;
  /** Those that are active now. */
  alerts(): Promise<readonly HeldAlert[]>;
  /** SIGKILL; it has forgotten its alerts when it is started again. */
  kill(): Promise<void>;
  start(): Promise<void>;
}

/** @param config its settings; by default everything goes nowhere. */
export async function startAlertmanager(
  cleanup: Teardown,
  directory: string,
  config: object = { route: { receiver: 'none' }, receivers: [{ name: 'none' }] },
): Promise<Alertmanager> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'alertmanager.yml'), stringify(config));
  let child: ChildProcess | null = null;
  const made: Alertmanager = {
    url,
    async alerts() {
      const answer = await fetch(`${url}/api/v2/alerts?active=true`);
      return (await answer.json()) as HeldAlert[];
    },
    async start() {
      const started = spawn(PROGRAM ?? '', argumentsOf(directory, port), {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      child = started;
      let said = '';
      started.stderr.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-4_000);
      });
      await eventually('alertmanager is ready', async () => {
        if (started.exitCode !== null) throw new Error(`it ended: ${said}`);
        return (await fetch(`${url}/-/ready`)).ok ? true : undefined;
      });
    },
    async kill() {
      const running = child;
      child = null;
      if (running === null || running.exitCode !== null || running.signalCode !== null) return;
      running.kill('SIGKILL');
      await once(running, 'exit');
    },
  };
  cleanup.add('alertmanager', () => made.kill());
  await made.start();
  return made;
}

function argumentsOf(directory: string, port: number): readonly string[] {
  return [
    `--config.file=${join(directory, 'alertmanager.yml')}`,
    `--storage.path=${join(directory, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--cluster.listen-address=',
    '--log.level=warn',
  ];
}
