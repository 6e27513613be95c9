import t from 'tap';
import type { Act } from '../../../src/core/acts.ts';
import type { AlertLabels } from '../../../src/core/alerts/alert.ts';
import { muteOf } from '../../../src/core/alerts/mute.ts';
import { judgeAll } from '../../support/alerting.ts';
import { ISSUER, policyOf } from '../../support/policies.ts';
import { World } from '../../support/world.ts';

const OTHER = 'https://other.test';
const SILENCE: Act = {
  type: 'silence',
  id: 's1',
  by: 'ana',
  name: 'VerificationFailures',
  labels: { service: 'orders' },
  everything: false,
  reason: 'known',
  validForMs: 3_600_000,
};

interface Row {
  readonly name: string;
  /** Labels of `VerificationFailures`, which inhibits `NewKeyFailing`. */
  readonly by: AlertLabels;
  readonly severity?: 'warning';
  readonly isSilenced?: true;
  readonly alert: AlertLabels;
  readonly isMuted: boolean;
}

const ROWS: readonly Row[] = [
  { name: 'the same issuer', by: { issuer: ISSUER }, alert: { issuer: ISSUER }, isMuted: true },
  { name: 'another issuer', by: { issuer: OTHER }, alert: { issuer: ISSUER }, isMuted: false },
  {
    name: 'a part of it is told with the whole',
    by: { issuer: ISSUER },
    alert: { issuer: ISSUER, service: 'orders' },
    isMuted: true,
  },
  {
    name: 'a service explains what fails everywhere',
    by: { issuer: ISSUER, service: 'orders' },
    alert: { issuer: ISSUER },
    isMuted: true,
  },
  {
    name: 'a service explains nothing of another',
    by: { issuer: ISSUER, service: 'orders' },
    alert: { issuer: ISSUER, service: 'ledger' },
    isMuted: false,
  },
  {
    name: 'what can wait keeps back no page',
    by: { issuer: ISSUER, service: 'orders', instance: 'i1', cache: 'jwks' },
    severity: 'warning',
    alert: { issuer: ISSUER },
    isMuted: false,
  },
  {
    name: 'what is silenced keeps back nothing',
    by: { issuer: ISSUER, service: 'orders' },
    isSilenced: true,
    alert: { issuer: ISSUER },
    isMuted: false,
  },
];

for (const { name, by, severity, isSilenced, alert, isMuted } of ROWS) {
  t.test(name, async (t) => {
    const world = new World(policyOf([]));
    world.pass(60_000);
    if (isSilenced) t.ok(world.act(SILENCE).ok);
    const said = { status: 'present', summary: 'it fails' } as const;
    judgeAll(
      world,
      ['VerificationFailures', 'NewKeyFailing'],
      [
        { ...said, name: 'VerificationFailures', labels: by, ...(severity ? { severity } : {}) },
        { ...said, name: 'NewKeyFailing', labels: alert },
      ],
    );
    const found = [...world.state.alerts.values()].find((one) => one.name === 'NewKeyFailing');
    if (found === undefined) throw new Error('there is no alert');
    t.equal(muteOf(world.state, found, world.now())?.kind === 'inhibited', isMuted);
  });
}
