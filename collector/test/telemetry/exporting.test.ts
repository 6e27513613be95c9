import { trace } from '@opentelemetry/api';
import { createLog } from '@keyturn/shared/log.ts';
import t from 'tap';
import { startExporting } from '../../src/telemetry/exporting.ts';
import { closedAddress } from '../issuer/origin.ts';

t.test('what cannot be exported at the end keeps nobody from stopping', async (t) => {
  process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = await closedAddress();
  // Over gRPC a refused connection is an error at once; over HTTP it is tried again meanwhile.
  process.env['OTEL_EXPORTER_OTLP_PROTOCOL'] = 'grpc';
  const signals = { metrics: true, traces: true };
  const service = { name: 'keyturn-collector', version: '0' };
  const stop = startExporting(signals, service, createLog('test', 'silent'));
  trace.getTracer('test').startSpan('left over').end();
  await t.resolves(stop());
});
