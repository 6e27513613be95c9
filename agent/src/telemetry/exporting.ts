import { KeyturnError } from '@keyturn/shared/errors.ts';
import type { Signals } from '@keyturn/shared/telemetry/signals.ts';
import type { OpenTelemetryLike } from './open-telemetry.ts';

/** What is exported by, for as long as the sidecar runs. */
export interface Exporting {
  readonly api: OpenTelemetryLike;
  /** Exports what is left, for a moment. */
  stop(): Promise<void>;
}

/** OpenTelemetry's SDK is wanted and not there. */
export class ExportingError extends KeyturnError {
  constructor() {
    super(
      'TELEMETRY_UNAVAILABLE',
      'OTEL_* asks for an export, which needs packages that are not installed: npm install @opentelemetry/api @opentelemetry/sdk-node',
    );
  }
}

const FLUSH_MS = 3_000;

/**
 * Starts the SDK, which reads `OTEL_*` itself.
 *
 * @param service what the program is called, whatever `OTEL_*` says; undefined: what that says.
 * @throws ExportingError
 */
export async function startExporting(
  signals: Signals,
  service: string | undefined,
): Promise<Exporting> {
  const [api, { NodeSDK }] = await loaded();
  const sdk = new NodeSDK({
    ...(service === undefined ? {} : { serviceName: service }),
    logRecordProcessors: [],
    ...(signals.metrics ? {} : { metricReaders: [] }),
    ...(signals.traces ? {} : { spanProcessors: [] }),
  });
  sdk.start();
  return {
    api,
    async stop() {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, FLUSH_MS);
      });
      await Promise.race([sdk.shutdown().catch(() => undefined), late]);
      clearTimeout(timer);
    },
  };
}

async function loaded() {
  try {
    return await Promise.all([import('@opentelemetry/api'), import('@opentelemetry/sdk-node')]);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND')
      throw new ExportingError();
    throw error;
  }
}
