import t from 'tap';
import { evidenceWitness } from '../../src/evidence-witness.ts';
import { policySha256 } from '../../src/policy-digest.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import { startRig, OLD_KEY, service } from '../api/rig.ts';
import { policyOf, serviceOf } from '../support/policies.ts';

t.test('evidence, its act and the entry that vouches for it are in one commit', async (t) => {
  const commits: string[][] = [];
  const store = openMemoryStore({
    beforeCommit: (writes) => {
      commits.push(
        writes.map((write) =>
          write.kind === 'audit' ? `audit ${write.record.action}` : write.kind,
        ),
      );
    },
  });
  const rig = await startRig({ store });
  t.teardown(() => rig.close());
  await rig.sight(OLD_KEY);
  const rotation = await rig.start();
  commits.length = 0;
  await rig.call('POST', `/v1/rotations/${rotation}/steps`, { body: { step: 'abort', by: 'ana' } });
  const commit = commits.find((writes) => writes.includes('evidence'));
  t.ok(commit?.includes('rotation'));
  t.ok(commit?.includes('audit declare_abort'));
  t.ok(commit?.includes('audit evidence_taken'));
  const stored = store.evidence(rotation, store.load().evidence.at(-1)?.number ?? 0);
  if (stored === undefined) throw new Error('no evidence');
  t.equal(evidenceWitness(stored.record).detail['sha256'], stored.sha256);
  t.equal(stored.record.policySha256, policySha256(rig.engine.state().policy));
  t.equal(store.verifyAudit(), null);
});

t.test('an act whose commit fails leaves evidence of nothing', async (t) => {
  let failing = false;
  const store = openMemoryStore({
    beforeCommit: () => {
      if (failing) throw new Error('no space left');
    },
  });
  const rig = await startRig({ store, services: [service('orders')] });
  t.teardown(() => rig.close());
  await rig.sight(OLD_KEY);
  const rotation = await rig.start();
  const before = store.load().evidence.length;
  failing = true;
  const answer = await rig.call('POST', `/v1/rotations/${rotation}/steps`, {
    body: { step: 'abort', by: 'ana' },
  });
  t.not(answer.status, 200);
  t.equal(store.load().evidence.length, before);
  failing = false;
});

t.test('the digest of the settings changes with them, and with nothing else', (t) => {
  const policy = policyOf([serviceOf('a'), serviceOf('b')]);
  const turned = { ...policy, services: new Map([...policy.services].toReversed()) };
  t.equal(policySha256(turned), policySha256(policy), 'order says nothing');
  t.not(policySha256({ ...policy, retireSafetyMs: 1 }), policySha256(policy));
  const [issuer] = policy.issuers.values();
  if (issuer === undefined) throw new Error('no issuer');
  const skewed = new Map([[issuer.issuer, { ...issuer, skewMs: issuer.skewMs + 1 }]]);
  t.not(policySha256({ ...policy, issuers: skewed }), policySha256(policy));
  t.not(policySha256(policyOf([serviceOf('a')])), policySha256(policy));
  t.equal(policySha256({ ...policy, profiles: new Map() }), policySha256(policy));
  t.end();
});
