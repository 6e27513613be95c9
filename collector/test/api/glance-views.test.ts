import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { OverviewView } from '../../src/api/schemas/overview.ts';
import type { AlertDetailView, AlertsView } from '../../src/api/schemas/live-alerts.ts';
import type { InventoryView } from '../../src/api/schemas/live-inventory.ts';
import type { IssuerDetailView } from '../../src/api/schemas/live-issuers.ts';
import type { TabView } from '../../src/api/schemas/tab.ts';
import { tabView } from '../../src/api/views/tab.ts';
import { rotationGlances } from '../../src/api/views/rotation-glance.ts';
import {
  counted,
  id,
  ISSUER,
  NEW_KEY,
  OLD_KEY,
  pushedClock,
  type Rig,
  service,
  startRig,
  VANTAGE,
} from './rig.ts';

async function rigOf(t: Test, services = [service('orders')]): Promise<Rig> {
  const rig = await startRig({ services });
  t.teardown(() => rig.close());
  rig.settleIn();
  await rig.sight(OLD_KEY);
  return rig;
}

async function view<T>(rig: Rig, name: string): Promise<T> {
  const path = `/v1/live/snapshot?view=${encodeURIComponent(name)}`;
  return (await rig.call('GET', path)).json.views[name] as T;
}

/** A view once it says what is waited for. */
async function viewOnce<T>(rig: Rig, name: string, says: (view: T) => boolean): Promise<T> {
  for (let tries = 0; tries < 300; tries += 1) {
    const found = await view<T>(rig, name);
    if (found !== null && says(found)) return found;
    await pause(10);
  }
  throw new Error(`view ${name} says ${JSON.stringify(await view(rig, name))}`);
}

const hasHidden = ({ firing }: AlertsView): boolean =>
  firing.some(({ name }) => name === 'HiddenDependent');

t.test(
  'the overview: a rotation with every gate in a word, and why the next is closed',
  async (t) => {
    const rig = await rigOf(t);
    t.match(await view(rig, 'overview'), { rotations: [], issuers: [{ standing: 'readable' }] });
    const rotation = await rig.start();
    await rig.sight(OLD_KEY, NEW_KEY);
    await rig.report(id('orders'), [OLD_KEY]);
    const { rotations } = await view<OverviewView>(rig, 'overview');
    t.match(rotations, [
      {
        id: rotation,
        old_kid: 'old',
        new_kid: 'new',
        algs: 'RS256',
        phase: 'published',
        started_by: 'alice',
        next: { gate: 'activate', status: 'closed', reason: /\w/, satisfied: 0, expected: 1 },
      },
    ]);
    t.same(
      rotations[0]?.gates.map(({ gate }) => gate),
      ['publish', 'activate', 'retire', 'purge', 'rollback'],
    );
    await rig.report(id('orders'), [OLD_KEY, NEW_KEY]);
    const opened = await viewOnce<OverviewView>(rig, 'overview', (seen) => {
      return seen.rotations[0]?.next?.status === 'open';
    });
    t.match(opened.rotations[0], { next: { reason: '', satisfied: 1, open_since_at: /Z$/ } });
  },
);

t.test('a card follows the verdict at once, though verdicts are kept', async (t) => {
  const rig = await rigOf(t);
  const rotationId = await rig.start();
  await rig.sight(OLD_KEY, NEW_KEY);
  const glances = rotationGlances(rig.engine);
  const card = () => {
    const rotation = rig.engine.state().rotations.get(rotationId);
    if (rotation === undefined) throw new Error('the rotation is gone');
    return glances.glance(rotation);
  };
  const saysOnce = async (status: string) => {
    for (let tries = 0; tries < 300 && card().next?.status !== status; tries += 1) await pause(10);
    return card();
  };
  for (let turn = 0; turn < 4; turn += 1) {
    const status = turn % 2 === 0 ? 'open' : 'closed';
    await rig.report(id('orders'), turn % 2 === 0 ? [OLD_KEY, NEW_KEY] : [OLD_KEY]);
    const { gates, next } = await saysOnce(status);
    t.match(next, { gate: 'activate', status }, 'the reason');
    t.match(
      gates.find(({ gate }) => gate === 'activate'),
      { status },
      'the word',
    );
    t.equal(next?.reason === '', status === 'open');
  }
});

t.test('after a machine slept nothing says open, before the engine has looked too', async (t) => {
  const clock = pushedClock();
  const rig = await startRig({ clock, services: [service('orders')] });
  t.teardown(() => rig.close());
  rig.settleIn();
  await rig.sight(OLD_KEY);
  await rig.start();
  await rig.sight(OLD_KEY, NEW_KEY);
  await rig.report(id('orders'), [OLD_KEY, NEW_KEY]);
  const isOpen = ({ gates }: { gates: readonly { status: string }[] }): boolean =>
    gates.some(({ status }) => status === 'open');
  await viewOnce<OverviewView>(rig, 'overview', ({ rotations }) => rotations.some(isOpen));
  await viewOnce<TabView>(rig, 'tab', ({ rotations }) => rotations.some(isOpen));
  const glances = rotationGlances(rig.engine);
  const tab = () => tabView({ engine: rig.engine, glances });
  t.ok(tab().rotations.some(isOpen));
  clock.push(3_600_000);
  t.notOk(tab().rotations.some(isOpen), 'the tab');
  clock.push(3_600_000);
  const [rotation] = rig.engine.state().rotations.values();
  t.notOk(rotation && isOpen(glances.glance(rotation)), 'a card');
});

t.test('the overview: the collector itself', async (t) => {
  const rig = await startRig();
  t.teardown(() => rig.close());
  t.match(await view(rig, 'overview'), {
    collector: {
      hold_down_until_at: /Z$/,
      verifiers_known: 0,
      receivers: 0,
      receivers_failing: [],
    },
    issuers: [{ issuer: ISSUER, standing: 'unread', read_counts_until_at: null }],
  });
  rig.settleIn();
  await rig.sight(OLD_KEY);
  await rig.report(id('orders'), [OLD_KEY]);
  const seen = await viewOnce<OverviewView>(rig, 'overview', ({ collector }) => {
    return collector.watchdog === 'fires';
  });
  t.match(seen, {
    collector: { hold_down_until_at: null, store_failing_since_at: null, verifiers_known: 1 },
    issuers: [
      {
        standing: 'readable',
        keys_published: 1,
        differs: false,
        fleet: { services: 1, verifiers: 1, reporting: 1, silent: 0, joined: 0 },
      },
    ],
    alerts: { firing: 0, groups: [] },
  });
});

t.test('the inventory: undeclared, never seen, silent, waited for, in order', async (t) => {
  const rig = await rigOf(t, [
    service('orders'),
    service('absent'),
    service('short', { instances: 2 }),
    service('vouched', { kind: 'attested', evidence: 'attested', instances: null }),
  ]);
  await rig.report(id('orders'), [OLD_KEY]);
  await rig.report(id('short'), [OLD_KEY]);
  await rig.report(id('shadow'), [OLD_KEY]);
  await viewOnce<AlertsView>(rig, 'alerts', hasHidden);
  const all = await view<InventoryView>(rig, 'inventory');
  t.match(
    all.services.map(({ name, conditions }) => [name, ...conditions]),
    [
      ['shadow', 'undeclared'],
      ['absent', 'never_seen'],
      ['short', 'short'],
      ['orders'],
      ['vouched'],
    ],
    'what needs a person first',
  );
  t.match(all.counts, { all: 5, declared: 4, undeclared: 1, never_seen: 1, short: 1, in_order: 2 });
  t.match(all.services[0]?.issuers, [
    { issuer: ISSUER, hidden_alert_id: /^al-/, instances_live: 1 },
  ]);
  await rig.start();
  const waited = await view<InventoryView>(rig, 'inventory:state=waiting');
  t.ok(waited.services.length > 0);
  t.match(waited.rotations, [{ new_kid: 'new', open: true }]);
  for (const [filter, names] of [
    ['q=ORD', ['orders']],
    ['state=never_seen', ['absent']],
    ['state=undeclared&q=shadow', ['shadow']],
    [`issuer=${encodeURIComponent(ISSUER)}&q=short`, ['short']],
    ['issuer=elsewhere', []],
  ] as const) {
    const found = await view<InventoryView>(rig, `inventory:${filter}`);
    t.same(
      found.services.map(({ name }) => name),
      names,
      filter,
    );
    t.equal(found.counts.all, 5, 'counts are of all');
  }
});

t.test('lists are bounded, and say what they leave out', async (t) => {
  const names = Array.from({ length: 320 }, (_, n) => `service-${n}`);
  const rig = await rigOf(
    t,
    names.map((name) => service(name, { instances: 1 })),
  );
  const all = await view<InventoryView>(rig, 'inventory');
  t.equal(all.services.length, 300);
  t.match(all, { matching: 320, more: 20, counts: { all: 320, never_seen: 320 } });
  t.match(await view(rig, 'inventory:q=service-319'), { matching: 1, more: 0 });

  await rig.sight(...Array.from({ length: 210 }, (_, n) => ({ ...OLD_KEY, kid: `kid-${n}` })));
  const issuer = await view<IssuerDetailView>(rig, `issuer:${ISSUER}`);
  t.equal(issuer.keys.length, 200);
  t.equal(issuer.more_keys, 11);
  t.equal(issuer.vantages[0]?.document?.keys.length, 50);
  t.equal(issuer.vantages[0]?.document?.more_keys, 160);
});

t.test('alerts are together with those they are told with, filtered and counted', async (t) => {
  const rig = await rigOf(t);
  await rig.report(id('orders'), [OLD_KEY]);
  for (let n = 0; n < 8; n += 1) await rig.report(id(`shadow-${n}`), [OLD_KEY]);
  const seen = await viewOnce<AlertsView>(rig, 'alerts', ({ counts }) => counts.firing >= 8);
  t.match(seen.firing, [
    {
      name: 'HiddenDependent',
      severity: 'warning',
      shuts_gates: false,
      more: 0,
      runbook_url: '/runbooks/HiddenDependent',
    },
  ]);
  t.equal(seen.firing[0]?.alerts.length, 8);
  t.match(seen, { watchdog: { firing: true }, names: ['HiddenDependent'], issuers: [ISSUER] });
  const overview = await view<OverviewView>(rig, 'overview');
  t.match(overview.alerts, { firing: 8, critical: 0, more: 0 });
  t.equal(overview.alerts.groups[0]?.alerts.length, 3);
  t.equal(overview.alerts.groups[0]?.more, 5);
  for (const [filter, matching] of [
    ['q=SHADOW-3', 1],
    ['state=firing', 8],
    ['state=resolved', 0],
    ['severity=warning&name=HiddenDependent', 8],
    ['severity=critical', 0],
    ['issuer=elsewhere', 0],
  ] as const) {
    t.equal((await view<AlertsView>(rig, `alerts:${filter}`)).matching, matching, filter);
  }
});

t.test('one alert: what it shuts, who took it on, what silences it, and its trail', async (t) => {
  const rig = await rigOf(t);
  const rotation = await rig.start();
  await rig.sight({ ...OLD_KEY, thumbprint: 'r'.repeat(43) });
  const seen = await viewOnce<AlertsView>(
    rig,
    'alerts:name=KidReused',
    ({ matching }) => matching > 0,
  );
  const alertId = seen.firing[0]?.alerts[0]?.id ?? '';
  const name = `alert:${alertId}`;
  t.match(await view(rig, name), {
    alert: { id: alertId, name: 'KidReused', shuts_gates: true, acknowledged: null },
    shuts: [{ id: rotation }],
    advises: [],
    silence: null,
    inhibitor: null,
    has_issuer: true,
    has_verifier: false,
  });
  const body = { by: 'ana', reason: 'on it' };
  await rig.call('POST', `/v1/alerts/${alertId}/acknowledge`, { body });
  await rig.call('POST', '/v1/silences', { body: { ...body, name: 'KidReused', valid_for_s: 60 } });
  const after = await view<AlertDetailView>(rig, name);
  t.match(after, {
    alert: { acknowledged: { by: 'ana' } },
    silence: { by: 'ana', reason: 'on it' },
    shuts: [{ id: rotation }],
  });
  t.match(await view(rig, 'alerts'), { silences: [{ by: 'ana', silencing: 1 }], more_silences: 0 });

  const trail = await rig.call('GET', `/v1/audit?alert=${alertId}&order=newest`);
  t.match(trail.json.entries, [
    { actor: 'ana', action: 'acknowledge', kind: 'act' },
    { actor: 'keyturn', action: 'alert_firing' },
  ]);
  t.match((await rig.call('GET', '/v1/audit?alert=al-0-0')).json, { entries: [], next: null });
  t.equal((await rig.call('GET', `/v1/audit?alert=${'x'.repeat(65)}`)).status, 400);
});

t.test('one issuer: what its address shows, and every key it had', async (t) => {
  const rig = await rigOf(t);
  await rig.report(id('orders'), [OLD_KEY], [counted('old', { ok: 1 })]);
  const read = await view<IssuerDetailView>(rig, `issuer:${ISSUER}`);
  t.match(read, {
    glance: { standing: 'readable' },
    max_token_lifetime_s: 600,
    vantages: [
      {
        url: VANTAGE,
        error: null,
        counts_until_at: /Z$/,
        document: { keys: [OLD_KEY], untracked_keys: 0, bytes: 1_000, max_age_s: null },
      },
    ],
    differences: [],
    keys: [{ kid: 'old', served: true, reused: false, last_accepted_at: /Z$/ }],
  });
  t.ok(Math.abs(read.vantages[0]?.document?.clock_behind_ms ?? Infinity) < 1_000);
  await rig.engine.sighting({
    issuer: ISSUER,
    vantage: VANTAGE,
    result: { ok: false, error: 'timeout', message: 'no answer within 10 s' },
  });
  t.match(await view(rig, `issuer:${ISSUER}`), {
    glance: { standing: 'failing', failing: [{ url: VANTAGE, message: 'no answer within 10 s' }] },
    vantages: [{ document: null, error: 'timeout', consecutive_failures: 1, readable_at: /Z$/ }],
    keys: [{ kid: 'old', served: false }],
  });
  t.match(await view(rig, 'issuers'), {
    issuers: [{ issuer: ISSUER, standing: 'failing' }],
    more: 0,
  });
});
