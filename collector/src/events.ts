import { formatDuration } from '@keyturn/shared/settings.ts';
import type { Logger } from 'pino';
import type { EngineEvents } from './engine.ts';
import type { Sighting } from './core/sighting.ts';
import type { HistoryEvents } from './history/recorder.ts';
import type { NotifyEvents } from './notify/notify-port.ts';
import type { IngestEvents } from './ingest/fleet-service.ts';
import type { EventCounts } from './telemetry/event-counts.ts';

/** Every event the collector tells of, one helper each: logged, and counted where a number says more. Reported text arrives bounded and is logged as JSON. */
export type CollectorEvents = EngineEvents &
  IngestEvents &
  HistoryEvents &
  NotifyEvents & {
    /** A setting works and is not as it should be. */
    advice(sentence: string): void;
    started(addresses: {
      readonly http: string;
      readonly grpc: string;
      readonly data: string;
    }): void;
    tokenCreated(file: string): void;
    receiptKeyCreated(kid: string): void;
    holdDown(ms: number): void;
    /** One fetch of a JWKS ended. */
    sighted(sighting: Sighting): void;
    stopped(): void;
  };

export function collectorEvents(log: Logger, counts: EventCounts): CollectorEvents {
  return {
    started: (addresses) => log.info(addresses, 'collector started'),
    tokenCreated: (file) => log.info({ file }, 'operator token generated'),
    receiptKeyCreated: (kid) => log.info({ kid }, 'key for receipts generated'),
    holdDown: (ms) =>
      log.info(`gates say unknown for ${formatDuration(ms)}, until the fleet was heard`),
    stopped: () => log.info('collector stopped'),
    advice: (sentence) => log.warn(sentence),
    deliveryFailing: (receiver, message) =>
      log.warn({ receiver, message }, 'a receiver does not take what it is sent'),
    deliveryRecovered: (receiver) => log.info({ receiver }, 'a receiver takes what it is sent'),
    noticeGivenUp: (receiver, notice, message) =>
      log.error({ receiver, notice, message }, 'a receiver will not be told'),
    sighted: (sighting) => counts.fetched(sighting),
    historyFailing: (what, message) =>
      log.warn({ what, message }, 'history is not kept; gates and alerts do without it'),
    storeFailing: (message) =>
      log.error({ message }, 'the store refuses writes; gates say unknown'),
    storeRecovered: () => log.info('the store takes writes again'),
    committed(writes, durationMs, refused) {
      counts.committed(durationMs / 1_000, refused ? 'store' : undefined);
      if (!refused) log.trace({ writes, durationMs }, 'committed');
    },
    sessionStarted(peer) {
      counts.sessionStarted();
      log.debug({ peer }, 'agent connected');
    },
    sessionEnded(peer, reason) {
      counts.sessionEnded();
      log.debug({ peer, reason }, 'agent disconnected');
    },
    messageRefused(peer, field, message) {
      counts.messageRefused();
      log.warn({ peer, field, message }, 'message refused');
    },
    reportsTaken(acks) {
      counts.reports(acks);
      const count = acks.length;
      const rejected = acks.filter((ack) => ack.result === 'rejected').length;
      if (rejected > 0) log.warn({ count, rejected }, 'reports rejected');
      else log.trace({ count }, 'reports taken');
    },
    probesAnswered(peer, count, problems) {
      counts.probes(count, problems.length);
      // Late ones are part of life; a peer that answers what nobody asked is worth a look.
      const [first] = problems;
      if (first === undefined) log.debug({ peer, count }, 'probes answered');
      else log.warn({ peer, count, problems: problems.length, first }, 'probe results not counted');
    },
    failed: (peer, error) => log.error({ peer, err: error }, 'could not deal with a message'),
  };
}
