import { type ManualClock, manualClock } from '@keyturn/shared/manual-clock.ts';
import { setImmediate } from 'node:timers/promises';
import type { AlertRecord } from '../../src/core/alerts/alert.ts';
import { alertIdentity } from '../../src/core/alerts/alert.ts';
import type { NoticeRecord } from '../../src/core/alerts/notice.ts';
import type { State } from '../../src/core/state.ts';
import { type Input, step } from '../../src/core/step.ts';
import type { NotifyPort } from '../../src/notify/notify-port.ts';
import { post, type PostRequest, type PostResult } from '../../src/notify/post.ts';
import { policyOf, START_MS } from '../support/policies.ts';
import { World } from '../support/world.ts';
import { SENDER } from './notices.ts';

export const TAKEN: PostResult = { ok: true, status: 200, text: '' };

export function failure(
  over: Partial<Extract<PostResult, { readonly ok: false }>> = {},
): PostResult {
  return {
    ok: false,
    permanent: false,
    status: 503,
    message: 'status 503',
    retryAfterMs: null,
    ...over,
  };
}

/** The real core behind the face that senders see, a clock that stands still, and receivers as told. */
export interface LaneEngine {
  readonly port: NotifyPort;
  readonly state: State;
  readonly clock: ManualClock;
  readonly events: string[];
  /** Inputs the engine was given, as `type id`. */
  readonly inputs: string[];
  /** What was sent, with the time since the start in ms. */
  readonly sent: { readonly atMs: number; readonly request: PostRequest }[];
  /** Answers in order, then `TAKEN`. */
  readonly answers: (PostResult | Promise<PostResult>)[];
  add(...notices: readonly NoticeRecord[]): void;
  alert(alert: AlertRecord): void;
  /** The store refuses writes: what is submitted is rejected. */
  rejects: boolean;
  /** Lets time pass in steps, and everything that follows happen. */
  pass(ms: number): Promise<void>;
}

export function laneEngine(
  names: { readonly receivers?: readonly string[]; readonly alertmanagers?: readonly string[] },
  over: Partial<NotifyPort> = {},
): LaneEngine {
  const { receivers = [], alertmanagers = [] } = names;
  const alerts = {
    onAlert: 'close',
    calmForMs: 300_000,
    stalledAfterMs: 1e9,
    receivers,
    alertmanagers,
  } as const;
  const { state } = new World(policyOf([], { alerts }));
  const clock = manualClock(START_MS);
  const listeners = new Set<() => void>();
  const made: LaneEngine = {
    state,
    clock,
    events: [],
    inputs: [],
    sent: [],
    answers: [],
    rejects: false,
    add(...notices) {
      for (const notice of notices) state.notices.set(notice.id, notice);
      for (const listener of listeners) listener();
    },
    alert(alert) {
      state.alerts.set(alertIdentity(alert.name, alert.labels), alert);
      for (const listener of listeners) listener();
    },
    async pass(ms) {
      await settled();
      for (let passed = 0; passed < ms; passed += 100) {
        clock.advance(Math.min(100, ms - passed));
        await settled();
      }
    },
    port: {
      clock,
      sender: SENDER,
      random: () => 0.5,
      post: ((request) => {
        made.sent.push({ atMs: clock.monotonicMs(), request });
        return Promise.resolve(made.answers.shift() ?? TAKEN);
      }) satisfies typeof post,
      events: {
        deliveryFailing: (receiver, message) => made.events.push(`failing ${receiver} ${message}`),
        deliveryRecovered: (receiver) => made.events.push(`recovered ${receiver}`),
        noticeGivenUp: (receiver, notice) => made.events.push(`given up ${receiver} ${notice}`),
      },
      engine: {
        state: () => state,
        nowMs: () => clock.wallMs(),
        onNews(listener) {
          listeners.add(listener);
          return () => listeners.delete(listener);
        },
        noticeDelivered: (id) => submit({ type: 'notice_delivered', id }),
        noticeFailed: (id, error, retryInMs) =>
          submit({ type: 'notice_failed', id, error, retryInMs }),
        noticeGivenUp: (id, error) => submit({ type: 'notice_given_up', id, error }),
        delivery: (receiver, error) => submit({ type: 'delivery', receiver, error }),
      },
      ...over,
    },
  };
  async function submit(input: Input): Promise<void> {
    await Promise.resolve();
    const id = 'id' in input ? input.id : 'receiver' in input ? input.receiver : '';
    made.inputs.push(`${input.type} ${id}`);
    if (made.rejects) throw new Error('the store refuses writes');
    const atMs = clock.wallMs();
    step(state, input, { atMs, earliestMs: atMs });
  }
  return made;
}

async function settled(): Promise<void> {
  await setImmediate();
  await setImmediate();
}
