import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { publishNewKey, startRotationStage, startVerifiers } from '../docs/rotation-stage.ts';
import { eventually } from '../harness/eventually.ts';
import { REPOSITORY } from '../harness/programs.ts';
import { prometheusMissing, startPrometheus } from '../harness/prometheus.ts';
import { tempDirectory } from '../harness/temp-directory.ts';
import { ROWS, VARIABLES } from '../../collector/tools/on-call/dashboard.ts';

const STAGE = {
  issuer: 'https://login.example.com',
  alg: 'RS256',
  oldKid: 'old-key',
  newKid: 'new-key',
} as const;

/** The rules as shipped, evaluated as often as Prometheus is told to. */
async function hurriedRules(directory: string): Promise<string> {
  const shipped = await readFile(join(REPOSITORY, 'deploy/prometheus/rules.yaml'), 'utf8');
  const file = join(directory, 'rules.yaml');
  await writeFile(file, shipped.replaceAll(/^ {4}interval: .*\n/gm, ''));
  return file;
}

/** An expression as Grafana sends it. */
function asSent(expr: string): string {
  return expr.replaceAll('$issuer', '.*').replaceAll('$__rate_interval', '10s');
}

t.test(
  'the dashboard and the rules during a rotation',
  { skip: prometheusMissing, timeout: 100_000 },
  async (t) => {
    const stage = await startRotationStage(t, STAGE);
    const { cleanup, collector, issuer } = stage;
    const directory = await tempDirectory(cleanup);
    const prometheus = await startPrometheus(cleanup, directory, {
      targets: [new URL(collector.url).host],
      ruleFiles: [await hurriedRules(directory)],
    });
    const requests = await startVerifiers(stage, STAGE.issuer);
    const id = await publishNewKey(stage, STAGE);
    const value = async (expr: string): Promise<string | undefined> =>
      (await prometheus.query(expr))[0]?.value[1];

    const activate = `keyturn_rotation_gate_status{keyturn_gate="activate",keyturn_gate_status="open"}`;
    await eventually(
      'Prometheus sees the gate open',
      async () => ((await value(activate)) === '1' ? true : undefined),
      20_000,
    );
    await fetch(`${issuer.url}/switch-signer`, { method: 'POST' });
    await stage.keyturn('rotation', 'activate', id, '--by', 'test');

    const panels = ROWS.flatMap((row) => row.panels);
    const targets = panels.flatMap((panel) => panel.targets.map((target) => ({ panel, target })));
    t.ok(targets.length > 20, 'the dashboard was read');
    for (const { panel, target } of targets) {
      const name = `${panel.title}: ${target.legend}`;
      const samples = await eventually(
        name,
        async () => {
          const found = await prometheus.query(asSent(target.expr));
          return found.length > 0 ? found : undefined;
        },
        20_000,
      );
      const shown = [...target.legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
      const lacking = shown.filter((label) => samples.every((sample) => !(label in sample.metric)));
      t.same(
        lacking.filter((label) => label !== 'error_type'),
        [],
        `${name}: its legend is there`,
      );
      const states = panel.states?.map((state) => state.value);
      if (states !== undefined) {
        t.ok(
          samples.every((sample) => states.includes(Number(sample.value[1]))),
          `${name}: one state each`,
        );
      }
    }
    const used = `sum(rate(keyturn_token_verifications_total{keyturn_kid_bucket="active",error_type=""}[5s]))`;
    await eventually('tokens of the new key are counted', async () =>
      Number(await value(used)) > 0 ? true : undefined,
    );
    // Usage and phase need not be news of the same scrape.
    const switched = 'sum(keyturn_rotation_phase{keyturn_rotation_phase=~"active|drained"})';
    await eventually('Prometheus has the phase after the switch', async () =>
      (await value(switched)) === '1' ? true : undefined,
    );
    t.match(VARIABLES[0]?.query, /^label_values\(keyturn_keys, keyturn_issuer\)$/);

    const rules = await eventually(
      'every rule was evaluated',
      async () => {
        const found = await prometheus.rules();
        return found.length > 0 && found.every((rule) => rule.health !== 'unknown')
          ? found
          : undefined;
      },
      30_000,
    );
    t.same(
      rules.filter((rule) => rule.health !== 'ok'),
      [],
    );
    const share = await eventually('the share of the new key is recorded', () =>
      value('keyturn_issuer:new_key:share'),
    );
    t.equal(share, '1');
    t.same(requests.refusals, [], 'no valid token was refused meanwhile');
  },
);
