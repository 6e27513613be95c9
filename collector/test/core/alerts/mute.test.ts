import t from 'tap';
import type { AlertRecord, SilenceRecord } from '../../../src/core/alerts/alert.ts';
import { muteOf } from '../../../src/core/alerts/mute.ts';
import { alertRecord } from '../../notify/notices.ts';
import { worldOf } from './alert-world.ts';
import { alertIdentity } from '../../../src/core/alerts/alert.ts';

const SILENT: AlertRecord = alertRecord({
  id: 'al-v',
  name: 'VerifierSilent',
  labels: { issuer: 'https://a.example', service: 'orders', instance: 'orders-1' },
});

function fleetSilent(over: Partial<AlertRecord> = {}): AlertRecord {
  return alertRecord({ id: 'al-f', name: 'FleetSilent', labels: {}, ...over });
}

const INHIBITORS: readonly (readonly [what: string, other: AlertRecord, inhibits: boolean])[] = [
  ['everywhere', fleetSilent(), true],
  ['unseen, it fires', fleetSilent({ status: 'no_data' }), true],
  ['at the same issuer', fleetSilent({ labels: { issuer: 'https://a.example' } }), true],
  ['at another issuer', fleetSilent({ labels: { issuer: 'https://b.example' } }), false],
  ['pending', fleetSilent({ status: 'pending', firedAtMs: null }), false],
  ['over', fleetSilent({ status: 'resolved' }), false],
  ['of another kind', alertRecord({ id: 'al-k' }), false],
];

for (const [what, other, inhibits] of INHIBITORS) {
  t.test(`inhibited: ${what}`, async (t) => {
    const { state, at } = worldOf();
    state.alerts.set(alertIdentity(other.name, other.labels), other);
    const mute = muteOf(state, SILENT, at(0));
    t.match(mute, inhibits ? { kind: 'inhibited', by: { id: other.id } } : undefined);
    t.equal(muteOf(state, other, at(0)), undefined, 'nothing inhibits itself');
  });
}

const SILENCES: readonly (readonly [
  what: string,
  over: Partial<SilenceRecord>,
  silences: boolean,
])[] = [
  ['of all', {}, true],
  ['of its name', { name: 'VerifierSilent' }, true],
  ['of another name', { name: 'KidReused' }, false],
  ['of its service', { labels: { service: 'orders' } }, true],
  ['of another service', { labels: { service: 'carts' } }, false],
  ['of a label it lacks', { labels: { kid: 'k' } }, false],
  ['of one that ended', { expiresAtMs: 0 }, false],
];

for (const [what, over, silences] of SILENCES) {
  t.test(`silenced: ${what}`, async (t) => {
    const { state, at } = worldOf();
    const silence: SilenceRecord = {
      id: 's1',
      name: null,
      labels: {},
      by: 'ana',
      reason: 'being moved',
      atMs: 0,
      expiresAtMs: at(60).atMs,
      ...over,
    };
    state.silences.set(silence.id, silence);
    t.match(muteOf(state, SILENT, at(0)), silences ? { kind: 'silenced' } : undefined);
    t.equal(muteOf(state, SILENT, at(60)), undefined, 'not after its end');
  });
}
