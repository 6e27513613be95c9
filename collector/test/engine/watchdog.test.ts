import { type ManualClock, manualClock } from '@keyturn/shared/manual-clock.ts';
import t from 'tap';
import { alertIdentity, isFiring } from '../../src/core/alerts/alert.ts';
import type { AlertName } from '../../src/core/alerts/catalogue.ts';
import { createEngine, type RunningEngine } from '../../src/engine.ts';
import { emptyMemoryContents, openMemoryStore } from '../../src/store/memory.ts';
import { StoreError } from '../../src/store/store-error.ts';
import type { Meta, Store } from '../../src/store/store.ts';
import { policyOf, serviceOf } from '../support/policies.ts';

/** An engine on a store that can refuse writes, or give back something else than was written. */
class Rig {
  readonly clock: ManualClock = manualClock();
  readonly contents = emptyMemoryContents();
  /** What a broken disk does. */
  refuses = false;
  reads: (meta: Meta | null) => Meta | null = (meta) => meta;
  engine: RunningEngine = this.start();

  start(): RunningEngine {
    const { contents } = this;
    const beforeCommit = (): void => {
      if (this.refuses) throw new StoreError('STORE_FULL', 'no space left');
    };
    const memory = openMemoryStore({ contents, beforeCommit });
    const store: Store = { ...memory, lastMeta: () => this.reads(memory.lastMeta()) };
    return createEngine({
      policy: policyOf([serviceOf('orders', { instances: null })]),
      store,
      clock: this.clock,
      events: {
        storeFailing: () => undefined,
        storeRecovered: () => undefined,
        committed: () => undefined,
      },
    });
  }

  /** The alert's status; `none` without one. */
  status(name: AlertName): string {
    return this.engine.state().alerts.get(alertIdentity(name, {}))?.status ?? 'none';
  }

  fires(name: AlertName): boolean {
    const alert = this.engine.state().alerts.get(alertIdentity(name, {}));
    return alert !== undefined && isFiring(alert);
  }
}

t.test('it fires from the first write that was read back, and goes on', async (t) => {
  const rig = new Rig();
  t.equal(rig.status('Watchdog'), 'none');
  rig.clock.advance(1_000);
  t.equal(rig.status('Watchdog'), 'firing');
  rig.clock.advance(600_000);
  t.equal(rig.status('Watchdog'), 'firing');
  t.equal(rig.status('StoreFailing'), 'none');
  rig.engine.close();
});

const FAULTS: readonly (readonly [name: string, breakIt: (rig: Rig) => void, said: RegExp])[] = [
  ['writes are refused', (rig) => void (rig.refuses = true), /refuses writes/],
  [
    'an older record comes back',
    (rig) => {
      const old = rig.contents.meta;
      rig.reads = () => old;
    },
    /does not give back/,
  ],
  ['nothing comes back', (rig) => void (rig.reads = () => null), /does not give back/],
  [
    'reading fails',
    (rig) => {
      rig.reads = () => {
        throw new StoreError('STORE_DAMAGED', 'disk image is malformed');
      };
    },
    /does not give back/,
  ],
];

for (const [name, breakIt, said] of FAULTS) {
  t.test(`${name}: Watchdog ends and StoreFailing fires, until a proof succeeds`, async (t) => {
    const rig = new Rig();
    rig.clock.advance(1_000);
    breakIt(rig);
    rig.clock.advance(11_000);
    t.notOk(rig.fires('Watchdog'), 'it does not go on without a proof');
    t.equal(rig.status('StoreFailing'), 'firing');
    const alert = rig.engine.state().alerts.get(alertIdentity('StoreFailing', {}));
    t.match(alert?.summary ?? '', said);
    rig.refuses = false;
    rig.reads = (meta) => meta;
    rig.clock.advance(2_000);
    t.equal(rig.status('Watchdog'), 'firing');
    rig.clock.advance(60_000);
    t.equal(rig.status('StoreFailing'), 'resolved');
    rig.engine.close();
  });
}

t.test('a restart on a store that is broken leaves no Watchdog behind', async (t) => {
  const rig = new Rig();
  rig.clock.advance(12_000);
  rig.engine.close();
  rig.reads = () => null;
  rig.engine = rig.start();
  t.equal(rig.status('Watchdog'), 'firing', 'as it was stored');
  rig.clock.advance(1_000);
  t.notOk(rig.fires('Watchdog'));
  rig.engine.close();
});

t.test('a restart on a store that works keeps it without a gap', async (t) => {
  const rig = new Rig();
  rig.clock.advance(12_000);
  const before = rig.engine.state().alerts.get(alertIdentity('Watchdog', {}));
  rig.engine.close();
  rig.engine = rig.start();
  rig.clock.advance(1_000);
  const after = rig.engine.state().alerts.get(alertIdentity('Watchdog', {}));
  t.equal(after?.id, before?.id);
  t.equal(after?.transition, before?.transition);
  rig.engine.close();
});
