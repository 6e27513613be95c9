import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';
import type { Teardown } from './teardown.ts';

const isInstalled = spawnSync('prometheus', ['--version']).status === 0;

/** For tap's `skip`: why tests with a real Prometheus are not run, or false. */
export const prometheusMissing = isInstalled ? false : 'prometheus is not installed';

/** One series of an answer, with its latest value. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [atS: number, value: string];
}

/** A running Prometheus. */
export interface Prometheus {
  readonly url: string;
  /** @throws Error with Prometheus' own words when it refuses the expression. */
  query(expr: string): Promise<readonly Sample[]>;
  /** Rules by name with their health, `ok` when they could be evaluated. */
  rules(): Promise<
    readonly { readonly name: string; readonly health: string; readonly lastError?: string }[]
  >;
}

/** Starts Prometheus in `directory`; it scrapes `targets` (`host:port`) twice a second. */
export function startPrometheus(
  cleanup: Teardown,
  directory: string,
  of: { readonly targets: readonly string[]; readonly ruleFiles: readonly string[] },
): Promise<Prometheus> {
  return startPrometheusWith(cleanup, directory, {
    global: { scrape_interval: '500ms', evaluation_interval: '1s' },
    rule_files: of.ruleFiles,
    scrape_configs: [{ job_name: 'keyturn-collector', static_configs: [{ targets: of.targets }] }],
  });
}

/** Starts it with settings of one's own; `rules` becomes the file `rules.yml` beside them. */
export async function startPrometheusWith(
  cleanup: Teardown,
  directory: string,
  { rules, ...settings }: { readonly rules?: object; readonly [section: string]: unknown },
): Promise<Prometheus> {
  const port = await freePort();
  await mkdir(directory, { recursive: true });
  const config = join(directory, 'prometheus.yml');
  await writeFile(config, stringify(settings));
  if (rules !== undefined) await writeFile(join(directory, 'rules.yml'), stringify(rules));
  const child = spawn(
    'prometheus',
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(directory, 'tsdb')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4_000);
  });
  cleanup.add('prometheus', async () => {
    if (child.exitCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  const url = `http://127.0.0.1:${port}`;
  await eventually(`prometheus is ready`, async () => {
    if (child.exitCode !== null) throw new Error(`it ended: ${said}`);
    return (await fetch(`${url}/-/ready`)).ok ? true : undefined;
  });
  const ask = async (path: string): Promise<unknown> => {
    const answer = (await (await fetch(url + path)).json()) as {
      status: string;
      error?: string;
      data: unknown;
    };
    if (answer.status !== 'success') throw new Error(answer.error ?? answer.status);
    return answer.data;
  };
  return {
    url,
    async query(expr) {
      const data = (await ask(`/api/v1/query?query=${encodeURIComponent(expr)}`)) as {
        result: Sample[];
      };
      return data.result;
    },
    async rules() {
      const data = (await ask('/api/v1/rules')) as {
        groups: { rules: { name: string; health: string; lastError?: string }[] }[];
      };
      return data.groups.flatMap((group) => group.rules);
    },
  };
}
