import { diag, DiagLogLevel } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { messageOf } from '@keyturn/shared/errors.ts';
import type { Signals } from '@keyturn/shared/telemetry/signals.ts';
import type { Logger } from 'pino';
import { SERIES_MAX } from './prometheus-reader.ts';
import type { ServiceName } from './prometheus-text.ts';

/** For what is left to be exported at the end, milliseconds. */
const FLUSH_MS = 3_000;

/**
 * Starts OpenTelemetry's SDK for the signals wanted; it reads the rest of `OTEL_*` itself and becomes
 * what the API hands out. Gives how to stop it: what is left is exported, for a moment.
 */
export function startExporting(
  signals: Signals,
  service: ServiceName,
  log: Logger,
): () => Promise<void> {
  diag.setLogger(
    {
      error: (message, ...more) => log.warn({ more }, message),
      warn: (message, ...more) => log.warn({ more }, message),
      info: (message) => log.debug(message),
      debug: (message) => log.trace(message),
      verbose: (message) => log.trace(message),
    },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  const sdk = new NodeSDK({
    resource: resourceFromAttributes({
      'service.name': service.name,
      'service.version': service.version,
    }),
    logRecordProcessors: [],
    views: [{ instrumentName: '*', aggregationCardinalityLimit: SERIES_MAX }],
    ...(signals.metrics ? {} : { metricReaders: [] }),
    ...(signals.traces ? {} : { spanProcessors: [] }),
  });
  sdk.start();
  return async () => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, FLUSH_MS);
    });
    // An endpoint that is away must not make the end of the collector a failure.
    const shut = sdk.shutdown().catch((error: unknown) => {
      log.warn(`not everything was exported: ${messageOf(error)}`);
    });
    await Promise.race([shut, late]);
    clearTimeout(timer);
  };
}
