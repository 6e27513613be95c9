import { manualClock } from '@keyturn/shared/manual-clock.ts';
import type { KeyRef } from '@keyturn/shared/model/ids.ts';
import type { ProbeOrders } from '@keyturn/shared/model/probe.ts';
import { Canaries } from '../../src/canary/canaries.ts';
import { ProbeDispatcher } from '../../src/canary/dispatcher.ts';
import { PublishedKeys } from '../../src/canary/published-keys.ts';
import { createEngine } from '../../src/engine.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import { reportOf, sightingOf } from '../support/messages.ts';
import { ISSUER, issuerOf, policyOf, profileOf, serviceOf, VANTAGE } from '../support/policies.ts';
import { CANARY } from '../support/probing.ts';
import { type CanaryKey, canaryKey } from './keys.ts';

export const OLD = await canaryKey('old', 'ES256');
export const NEW = await canaryKey('new', 'ES256');

/** What one agent was sent. */
export interface Line {
  readonly instance: string;
  readonly sent: ProbeOrders[];
  leave(): void;
}

/** The real engine, canaries and dispatcher, with time that moves when told. */
export async function probingCollector(how: { readonly perSecond?: number } = {}) {
  const clock = manualClock();
  const canary = { ...CANARY, apartMs: 10_000, perSecond: how.perSecond ?? 1_000 };
  const store = openMemoryStore();
  const engine = createEngine({
    policy: policyOf([serviceOf('orders', { instances: null, profile: profileOf() })], {
      issuers: new Map([[ISSUER, issuerOf({ canary, watchIntervalMs: 3_600_000 })]]),
      heartbeatMs: 600_000,
    }),
    store,
    clock,
    events: { storeFailing() {}, storeRecovered() {}, committed() {} },
    tickMs: 1_000,
  });
  const keys = new PublishedKeys();
  const canaries = new Canaries(engine, keys, clock);
  const dispatcher = new ProbeDispatcher(engine, canaries, clock);

  /** Lets time pass until what was asked is answered. */
  async function done<T>(asked: Promise<T>): Promise<T> {
    const over = asked.then(
      () => true,
      () => true,
    );
    for (let turn = 0; turn < 2_000; turn += 1) {
      const ended = await Promise.race([over, new Promise<false>((go) => setImmediate(go, false))]);
      if (ended) break;
      clock.advance(1);
    }
    return asked;
  }
  const sight = async (refs: readonly KeyRef[]) => {
    await done(engine.sighting(sightingOf(refs, clock.wallMs(), VANTAGE)));
  };
  keys.note(ISSUER, VANTAGE, Buffer.from(JSON.stringify({ keys: [OLD.jwk, NEW.jwk] })));
  await sight([OLD.ref]);
  await sight([OLD.ref]);
  const started = await done(
    engine.act({
      type: 'start',
      id: 'r-1',
      by: 'tester',
      issuer: ISSUER,
      alg: 'ES256',
      oldKid: null,
      newKid: 'new',
      newThumbprint: null,
    }),
  );
  if (!started.ok) throw new Error(started.refusal.message);
  clock.advance(engine.settings().holdDownRemainingMs + 1);

  return {
    clock,
    engine,
    canaries,
    store,
    done,
    sight,
    async publish() {
      await sight([OLD.ref, NEW.ref]);
      await sight([OLD.ref, NEW.ref]);
      clock.advance(1);
    },
    /** Lets time pass, and everything that follows from it happen. */
    async pass(ms: number) {
      for (let left = ms; left > 0; left -= 250) {
        clock.advance(Math.min(250, left));
        await done(Promise.resolve());
        clock.advance(3);
        await done(Promise.resolve());
      }
    },
    async join(instance: string): Promise<Line> {
      const verifier = { service: 'orders', instance, cache: 'jwks' };
      const session = `stream ${instance}`;
      const welcome = await done(
        engine.hello(session, {
          bootId: instance.padEnd(32, '0'),
          agentVersion: 'test',
          wallUnixMs: 0,
          verifiers: [
            {
              handle: 7,
              id: verifier,
              profile: '',
              source: 'in_process',
              issuers: [ISSUER],
              cacheKind: 'any',
            },
          ],
        }),
      );
      const at = { epoch: welcome.assignments[0]?.epoch ?? 0, seq: 1 };
      const report = reportOf(at, { keys: [OLD.ref] }, 'in_process');
      await done(engine.report(session, [{ verifier, report }]));
      const sent: ProbeOrders[] = [];
      const send = (orders: ProbeOrders) => void sent.push(orders);
      const leave = dispatcher.enlist({ session, handle: 7, verifier, send });
      return { instance, sent, leave };
    },
    handOver: async (part: { readonly lifetimeS?: number; readonly next?: string } = {}) => {
      const current = await token(OLD, clock.wallMs(), part.lifetimeS);
      const next = part.next ?? (await token(NEW, clock.wallMs(), part.lifetimeS));
      return done(canaries.handOver({ rotationId: 'r-1', next, current, by: 'pipeline' }));
    },
    close() {
      dispatcher.close();
      canaries.close();
      engine.close();
    },
  };
}

function token(key: CanaryKey, nowMs: number, lifetimeS = 600): Promise<string> {
  const iat = Math.floor(nowMs / 1_000);
  return key.sign({ iss: ISSUER, aud: CANARY.audience, iat, exp: iat + lifetimeS });
}
