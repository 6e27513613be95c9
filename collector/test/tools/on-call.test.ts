import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { ALERT_NAMES } from '../../src/core/alerts/catalogue.ts';
import { dashboardFile } from '../../tools/on-call/dashboard-file.ts';
import { ROWS } from '../../tools/on-call/dashboard.ts';
import { RULE_GROUPS } from '../../tools/on-call/rules.ts';
import { routesFile } from '../../tools/on-call/routes-file.ts';
import { rulesFile } from '../../tools/on-call/rules-file.ts';
import { prometheusMissing, promtool } from '../support/prometheus-tools.ts';

const DEPLOY = path.join(import.meta.dirname, '../../../deploy');
const inDeploy = (file: string): string => path.join(DEPLOY, file);
const read = (file: string): string => readFileSync(inDeploy(file), 'utf8');

t.test('what is shipped is what its source makes', async (t) => {
  t.equal(read('prometheus/rules.yaml'), rulesFile(), 'if not, run: pnpm generate');
  t.equal(read('grafana/keyturn.json'), dashboardFile());
  t.equal(read('alertmanager/alertmanager.yaml'), routesFile());
});

t.test('the rules are right', { skip: prometheusMissing }, async (t) => {
  t.match(await promtool(['check', 'rules', inDeploy('prometheus/rules.yaml')]), { code: 0 });
  for (const file of ['rules_test.yaml', 'burn-rate_test.yaml']) {
    const { code, said } = await promtool(['test', 'rules', inDeploy(`prometheus/${file}`)]);
    t.equal(code, 0, `${file}: ${said}`);
  }
});

t.test('every alert of the collector has its rule, with a title and who it is for', async (t) => {
  const rules = RULE_GROUPS.flatMap((group) => group.rules);
  const names = rules.flatMap((rule) => ('alert' in rule ? [rule.alert] : []));
  t.equal(new Set(names).size, names.length, 'no name twice');
  for (const name of ALERT_NAMES) {
    const rule = name === 'Watchdog' ? 'KeyturnWatchdogMissing' : `Keyturn${name}`;
    t.ok(names.includes(rule), rule);
  }
});

t.test('every panel says what it shows and fits its row', async (t) => {
  for (const { panels } of ROWS) {
    for (const panel of panels) {
      t.match(panel.description, /^.{20,}\.$/, panel.title);
      t.ok(panel.targets.length > 0 && panel.width <= 24, panel.title);
    }
  }
  const { panels } = JSON.parse(dashboardFile()) as {
    panels: { id: number; gridPos: { x: number; y: number; w: number; h: number } }[];
  };
  t.equal(new Set(panels.map((panel) => panel.id)).size, panels.length, 'ids are apart');
  for (const a of panels) {
    for (const b of panels) {
      const [p, q] = [a.gridPos, b.gridPos];
      const apart = p.x + p.w <= q.x || q.x + q.w <= p.x || p.y + p.h <= q.y || q.y + q.h <= p.y;
      if (a.id < b.id && !apart) t.fail(`panels ${a.id} and ${b.id} lie on each other`);
    }
  }
});

const amtoolMissing =
  spawnSync('amtool', ['--version']).status === 0
    ? false
    : 'alertmanager (amtool) is not installed';

t.test('Alertmanager takes the routes', { skip: amtoolMissing }, async (t) => {
  const file = inDeploy('alertmanager/alertmanager.yaml');
  const check = spawnSync('amtool', ['check-config', file], { encoding: 'utf8' });
  t.equal(check.status, 0, check.stdout + check.stderr);
  const routed = (...labels: string[]): string =>
    spawnSync('amtool', ['config', 'routes', 'test', `--config.file=${file}`, ...labels], {
      encoding: 'utf8',
    }).stdout.trim();
  t.equal(routed('alertname=KeyturnVerificationFailures', 'severity=critical'), 'page');
  t.equal(routed('alertname=KeyturnCollectorDown', 'severity=critical'), 'page');
  t.equal(routed('alertname=KeyturnVerifierSilent', 'severity=warning'), 'tickets');
  t.equal(routed('alertname=KeyturnVerificationBurnRateDay', 'severity=warning'), 'tickets');
  t.equal(routed('alertname=KeyturnWatchdog', 'severity=info'), 'watchdog');
});
