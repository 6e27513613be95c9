import t, { type Test } from 'tap';
import type { AlertView } from '../../../src/api/schemas/alert.ts';
import type { BlastRadiusView } from '../../../src/api/schemas/emergency.ts';
import type { RotationDetailView } from '../../../src/api/schemas/rotation.ts';
import { UNWAIVABLE as CORE_UNWAIVABLE } from '../../../src/core/gates/verdict.ts';
import { type ActForm, missing, type Values } from '../../../src/dashboard/acts/act-form.ts';
import {
  acknowledgeForm,
  endSilenceForm,
  silenceForm,
} from '../../../src/dashboard/acts/alert-forms.ts';
import { abortForm, destroyForm, taintForm } from '../../../src/dashboard/acts/ending-forms.ts';
import { removeForm } from '../../../src/dashboard/acts/remove-form.ts';
import { startForm } from '../../../src/dashboard/acts/start-form.ts';
import { type GatedStep, stepForm } from '../../../src/dashboard/acts/step-form.ts';
import {
  attestForm,
  rehearseForm,
  UNWAIVABLE,
  waiveForm,
} from '../../../src/dashboard/acts/word-forms.ts';
import { id, type Rig, service, startRig } from '../../api/rig.ts';
import { NEW, OLD } from '../../support/policies.ts';

const WHY: Values = { reason: 'because' };

/** A rotation old → new that `orders` knows and `legacy` is vouched for; nothing was declared. */
async function rotating(t: Test) {
  const rig = await startRig({
    services: [service('orders'), service('legacy', { evidence: 'attested' })],
  });
  t.teardown(() => rig.close());
  rig.settleIn();
  await rig.sight(OLD);
  await rig.report(id('orders'), [OLD]);
  const rotationId = await rig.start();
  await rig.sight(OLD, NEW);
  await rig.report(id('orders'), [OLD, NEW]);
  const detail = async (): Promise<RotationDetailView> =>
    (await rig.call('GET', `/v1/rotations/${rotationId}`)).json as RotationDetailView;
  return { rig, detail, rotationId };
}

/** Sends a form as the dashboard does. */
async function send(rig: Rig, { request }: ActForm) {
  const { method, path, fields } = request;
  if (method === 'POST') return rig.call('POST', path, { body: { ...fields, by: 'bea' } });
  const query = new URLSearchParams({ by: 'bea' });
  for (const [name, value] of Object.entries(fields)) query.set(name, String(value));
  return rig.call('DELETE', `${path}?${query.toString()}`);
}

function texts({ consequences }: ActForm): string {
  return consequences.map(({ text, items = [] }) => [text, ...items].join(' / ')).join('\n');
}

t.test('the collector takes what the forms of a rotation send', async (t) => {
  const { rig, detail } = await rotating(t);
  const taken = async (form: ActForm, status: number): Promise<void> => {
    const answer = await send(rig, form);
    t.equal(answer.status, status, `${form.label}: ${answer.text.slice(0, 200)}`);
    t.type(form.said(answer.json), 'string');
  };
  await taken(rehearseForm(await detail()), 201);
  await taken(attestForm(await detail(), { ...WHY, service: 'legacy' }, Date.now()), 201);
  const steps: readonly GatedStep[] = ['publish', 'activate', 'rollback', 'activate', 'retire'];
  for (const step of steps) await taken(stepForm(await detail(), step, WHY), 200);
  await taken(waiveForm(await detail(), WHY, Date.now()), 201);
  await taken(destroyForm(await detail(), WHY), 200);
  const path = `/v1/rotations/${(await detail()).rotation.id}/blast-radius`;
  const radius = (await rig.call('GET', path)).json as BlastRadiusView;
  await taken(taintForm(await detail(), WHY, radius, '', Date.parse(radius.as_of)), 200);
  const verdict = (await detail()).gates.find(({ gate }) => gate === 'purge');
  t.equal(verdict?.status, 'closed');
  await taken(stepForm(await detail(), 'complete', WHY), 200);
});

t.test('an abort against what is known says what, and is sent as an override', async (t) => {
  const { rig, detail } = await rotating(t);
  const plain = abortForm(await detail(), WHY);
  t.same(plain.request.fields, { step: 'abort', reason: 'because' });
  t.equal(plain.typed, null);
  t.match(texts(plain), /old and new stay in the JWKS/);
  await send(rig, stepForm(await detail(), 'activate', WHY));
  const against = abortForm(await detail(), WHY);
  t.match(texts(against), /signer was switched to new\. Go back first/);
  t.equal(against.typed, 'new');
  t.same(against.request.fields, { step: 'abort', override_reason: 'because' });
  t.equal((await send(rig, against)).status, 200);
});

t.test('an open gate asks for a reason, a closed one for an override and the kid', async (t) => {
  const { rig, detail } = await rotating(t);
  const closed = stepForm(await detail(), 'activate', WHY);
  t.match(texts(closed), /Gate activate is CLOSED\. This would override 1 check: .*attested/);
  t.match(texts(closed), /1 dependent could break: \/ legacy/);
  t.same(closed.request.fields, { step: 'activate', override_reason: 'because' });
  t.equal(missing(closed, WHY), 'The kid has to be typed exactly.');
  t.equal(missing(closed, { ...WHY, typed: 'new' }), null);
  await send(rig, attestForm(await detail(), { ...WHY, service: 'legacy' }, Date.now()));
  const open = stepForm(await detail(), 'activate', WHY);
  t.match(texts(open), /Gate activate is open/);
  t.same(open.request.fields, { step: 'activate', reason: 'because' });
  t.equal(missing(open, WHY), null);
  t.equal(missing(open, { reason: '  ' }), 'Reason is missing.');
  t.not(open.basis, closed.basis);
});

t.test('an act on what is not known is blocked', async (t) => {
  const { detail } = await rotating(t);
  const now = await detail();
  const without = { ...now, gates: now.gates.filter(({ gate }) => gate !== 'activate') };
  t.match(stepForm(without, 'activate', WHY).blocked, /says nothing of this gate/);
  t.equal(taintForm(now, WHY, null, 'Loading…', 0).blocked, 'Loading…');
  t.equal(silenceForm(ALERT, WHY, null, 'Loading…', 0).blocked, 'Loading…');
  t.equal(startForm(null, WHY, 'Loading…').blocked, 'Loading…');
  t.match(
    acknowledgeForm({ ...ALERT, firing: false, status: 'resolved' }, WHY).blocked,
    /resolved/,
  );
  t.match(removeForm({ ...GONE, states: ['reporting'] }, WHY).blocked, /stop it first/);
});

t.test('what was seen too long ago taints nothing', async (t) => {
  const { rig, detail, rotationId } = await rotating(t);
  const answer = await rig.call('GET', `/v1/rotations/${rotationId}/blast-radius`);
  const radius = answer.json as BlastRadiusView;
  const at = Date.parse(radius.as_of);
  t.equal(taintForm(await detail(), WHY, radius, '', at + 60_000).blocked, null);
  t.match(taintForm(await detail(), WHY, radius, '', at + 15 * 60_000).blocked, /Look again/);
});

const ALERT: AlertView = {
  id: 'al-1',
  name: 'VerifierSilent',
  title: 'Verifiers that reported before are not heard of',
  labels: { issuer: 'https://issuer.test', service: 'orders' },
  group: 'g',
  severity: 'warning',
  status: 'firing',
  firing: true,
  since_at: '2026-11-27T10:00:00.000Z',
  fired_at: '2026-11-27T10:00:00.000Z',
  resolved_at: null,
  summary: '1 verifier of orders is silent',
  details: [],
  acknowledged: null,
  silenced_by: null,
  inhibited_by: null,
  shuts_gates: false,
  advises_rollback: false,
  runbook_url: '/runbooks/VerifierSilent',
};

const GONE = {
  service: 'orders',
  instance: 'orders-1',
  cache: 'main',
  states: ['silent'],
  reported_at: null,
} as const satisfies Parameters<typeof removeForm>[0];

t.test('a silence covers what it says, and is taken and ended', async (t) => {
  const { rig } = await rotating(t);
  const other = {
    ...ALERT,
    id: 'al-2',
    summary: 'of billing',
    labels: { ...ALERT.labels, service: 'billing' },
  };
  const alone = silenceForm(ALERT, WHY, [ALERT, other], '', 0);
  t.match(texts(alone), /1 firing alert covered now: \/ 1 verifier of orders is silent$/);
  const wide = silenceForm(ALERT, { ...WHY, scope: 'issuer' }, [ALERT, other], '', 0);
  t.match(texts(wide), /2 firing alerts covered now: .*of billing/);
  t.match(texts(wide), /gates that are shut stay shut/);
  const made = await send(rig, wide);
  t.equal(made.status, 201, made.text);
  t.match(made.json.silence, { name: 'VerifierSilent', labels: { issuer: 'https://issuer.test' } });
  const ended = await send(rig, endSilenceForm(made.json.silence.id, WHY, made.json.silence, ''));
  t.equal(ended.status, 200, ended.text);
});

t.test('a verifier that is gone, one cache or all', async (t) => {
  const { rig } = await rotating(t);
  rig.pass(120_000);
  const removed = await send(rig, removeForm(GONE, { ...WHY, scope: 'instance' }));
  t.equal(removed.status, 200, removed.text);
  const again = await send(rig, removeForm(GONE, WHY));
  t.equal(again.status, 404);
});

t.test('a rotation is started with what was filled in and nothing else', async (t) => {
  const rig = await startRig();
  t.teardown(() => rig.close());
  await rig.sight(OLD);
  const status = (await rig.call('GET', '/v1/status')).json;
  const form = startForm(status, { alg: ' RS256', new_kid: 'new ' }, '');
  t.match(texts(form), /The issuer publishes now: \/ old/);
  t.same(Object.keys(form.request.fields), ['issuer', 'alg', 'new_kid']);
  const answer = await send(rig, form);
  t.equal(answer.status, 201, answer.text);
  t.equal(form.leadsTo?.(answer.json), `/rotations/${answer.json.rotation.id}`);
  const open = (await rig.call('GET', '/v1/status')).json;
  t.match(texts(startForm(open, {}, '')), /Open at this issuer[^]*old → new, RS256/);
});

t.test('what no waiver can set aside is not offered', (t) => {
  t.same(new Set(UNWAIVABLE), CORE_UNWAIVABLE);
  t.end();
});
