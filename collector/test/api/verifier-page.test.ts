import fc from 'fast-check';
import t from 'tap';
import { verifierPage } from '../../src/api/views/verifier-page.ts';
import { emptyFleet, enrol } from '../../src/core/fleet.ts';
import { id, startRig } from './rig.ts';

t.test('pages put together are the whole list, in order, each once', async (t) => {
  const rig = await startRig();
  t.teardown(() => rig.close());
  const state = rig.engine.state();
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.stringMatching(/^[a-z0-9]{1,4}$/), { maxLength: 60 }),
      fc.integer({ min: 1, max: 20 }),
      (names, limit) => {
        const fleet = emptyFleet(state.policy, 0);
        for (const name of names) {
          enrol(fleet, state.policy, recordOf(name), 'reporting', 0);
        }
        const listed: string[] = [];
        let after: string | undefined;
        do {
          const page = verifierPage(
            { ...state, fleet },
            { service: undefined, state: undefined, rotationId: undefined, after, limit },
          );
          if (page.verifiers.length > limit) return false;
          listed.push(...page.verifiers.map((verifier) => verifier.record.id.instance));
          after = page.next ?? undefined;
        } while (after !== undefined);
        const wanted = names.map((name) => `s/${name}/main`).sort();
        return JSON.stringify(listed.map((name) => `s/${name}/main`)) === JSON.stringify(wanted);
      },
    ),
  );
});

function recordOf(instance: string) {
  return {
    id: id('s', instance),
    bootId: '',
    epoch: 1,
    seq: 1,
    profile: '',
    source: 'in_process' as const,
    issuers: [],
    cacheKind: 'any' as const,
    firstSeenAtMs: 0,
    receivedAtMs: 0,
    observedAtMs: 0,
    keySets: [],
    otherBoots: [],
    counts: [],
    carried: [],
    departedAtMs: null,
    duplicateAtMs: null,
    probes: [],
  };
}
