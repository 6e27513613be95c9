// A process with an agent that counts made-up verifications and keeps a journal of the truth, which
// outlives kill -9: what it is about to count, and what the collector acked. Settings in argv as JSON.

import { openSync, writeSync } from 'node:fs';
import type { Outcome } from '@keyturn/shared/model/outcome.ts';
import type { Report } from '@keyturn/shared/model/report.ts';
import { systemClock } from '@keyturn/shared/clock.ts';
import { assembleAgent } from '../../agent/src/agent.ts';
import { checkOptions } from '../../agent/src/agent-options.ts';
import { createAgentEvents } from '../../agent/src/events.ts';
import type { Dialer } from '../../agent/src/uplink/connection.ts';
import { grpcDialer } from '../../agent/src/uplink/grpc.ts';
import { createUplink } from '../../agent/src/uplink/uplink.ts';
import { seededRandom } from '../harness/seeded-random.ts';
import type { JournalLine, Totals } from './journal.ts';
import { totalsOf } from './journal.ts';

export interface ReportingAgentSettings {
  readonly collector: string;
  readonly service: string;
  readonly instance: string;
  readonly issuer: string;
  /** Public JWKs the verifier holds, for good: it never fetches. */
  readonly jwks: readonly { readonly kid: string }[];
  readonly journal: string;
  /** Time between two bursts of counting. */
  readonly everyMs: number;
  readonly seed: number;
}

const settings = JSON.parse(process.argv[2] ?? '{}') as ReportingAgentSettings;
const journal = openSync(settings.journal, 'a');
const write = (line: JournalLine): void => {
  writeSync(journal, `${JSON.stringify(line)}\n`);
};

/** The gRPC dialer, with what was sent and acked noted on the way. */
function noting(dial: Dialer): Dialer {
  return (mode, events) => {
    const sent = new Map<string, Totals>();
    const id = (stamp: { epoch: number; seq: number }) => `${stamp.epoch} ${stamp.seq}`;
    const connection = dial(mode, {
      ...events,
      acks(acks) {
        for (const { epoch, seq, result } of acks) {
          const totals = sent.get(id({ epoch, seq }));
          if (totals !== undefined) write({ kind: 'acked', epoch, seq, result, totals });
        }
        events.acks(acks);
      },
    });
    return {
      ...connection,
      reports(reports: readonly Report[]) {
        for (const report of reports) sent.set(id(report), totalsOf(report.counts));
        connection.reports(reports);
      },
    };
  };
}

const random = seededRandom(settings.seed);
const options = checkOptions({
  service: settings.service,
  instance: settings.instance,
  issuer: settings.issuer,
  collector: settings.collector,
  onEvent: (event) => {
    write({ kind: 'event', event });
  },
});
const events = createAgentEvents(options.onEvent);
// Every wait is the shortest there is, so that many restarts fit into a test.
const quick = () => 0;
const uplink = createUplink({
  dial: noting(grpcDialer(options.collector, undefined)),
  collector: options.collector,
  agentVersion: '0.0.0-test',
  clock: systemClock,
  random: quick,
  events,
});
const agent = assembleAgent(options, uplink, events, systemClock, quick);
const verifier = agent.verifier({ cache: 'jwks', profile: 'npm-jose' });
verifier.setKeys(settings.issuer, { jwks: settings.jwks });

const KIDS: readonly (string | null)[] = [...settings.jwks.map(({ kid }) => kid), 'stranger', null];
const OUTCOMES: readonly Outcome[] = ['ok', 'ok', 'ok', 'expired', 'bad_signature', 'claims'];

function pick<T>(list: readonly T[], otherwise: T): T {
  return list[Math.floor(random() * list.length)] ?? otherwise;
}

function burst(): void {
  const nowS = Math.floor(Date.now() / 1_000);
  for (let times = 1 + Math.floor(random() * 8); times > 0; times -= 1) {
    const kid = pick(KIDS, null);
    const outcome = pick<Outcome>(OUTCOMES, 'ok');
    write({ kind: 'counting', kid, outcome });
    verifier.count(
      settings.issuer,
      kid,
      outcome,
      outcome === 'ok' ? { iat: nowS, exp: nowS + 60 } : undefined,
    );
  }
  verifier.setKeys(settings.issuer, { jwks: settings.jwks });
}

const timer = settings.everyMs > 0 ? setInterval(burst, settings.everyMs) : undefined;
setInterval(() => undefined, 60_000);
process.send?.('counting');

process.once('SIGTERM', () => {
  clearInterval(timer);
  void agent.close('the test is over').then(() => {
    write({ kind: 'closed' });
    process.exit(0);
  });
});
