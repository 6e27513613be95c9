import { existsSync } from 'node:fs';
import { KeyturnError, messageOf } from '@keyturn/shared/errors.ts';
import { createLog } from '@keyturn/shared/log.ts';
import { Command } from 'commander';
import { type Collector, startCollector, VERSION } from './collector.ts';
import { loadConfig, LOG_LEVELS } from './config/config.ts';
import { profiles } from './config/profiles.ts';
import { readSignals } from './config/signals.ts';
import { replaceReceiptKey } from './receipt/receipt-keys.ts';

/** Settings read when no --config is given and it is there. */
const DEFAULT_CONFIG = 'collector.yaml';

const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

const command = new Command('keyturn-collector')
  .description(
    "Aggregates agents' reports and answers whether a key rotation may take its next step.",
  )
  .version(VERSION)
  .option(
    '-c, --config <FILE>',
    `settings file (default: ${DEFAULT_CONFIG} if it exists, else defaults)`,
  )
  .option('--check', 'check the settings and exit')
  .option(
    '--new-receipt-key',
    'make a new key for receipts, used from the next start on, and exit; old receipts stay valid',
  )
  .addHelpText(
    'after',
    `
Environment: KEYTURN_LISTEN_HTTP, KEYTURN_LISTEN_GRPC, KEYTURN_DATA, KEYTURN_OPERATOR_TOKEN,
KEYTURN_OPERATOR_TOKEN_FILE, KEYTURN_LOG_LEVEL (${LOG_LEVELS.join(', ')}), and OTEL_* to export
metrics and traces (docs/metrics.md).
Exit: 0 stopped on request, 1 failed, 2 settings or usage wrong.`,
  )
  .exitOverride((error) => {
    process.exit(error.exitCode === 0 ? EXIT.ok : EXIT.usage);
  })
  .parse();

const options: { config?: string; check?: boolean; newReceiptKey?: boolean } = command.opts();
const file = options.config ?? (existsSync(DEFAULT_CONFIG) ? DEFAULT_CONFIG : null);

try {
  const config = loadConfig({ file, env: process.env, cwd: process.cwd(), profiles: profiles() });
  const signals = readSignals(process.env);
  if (options.check === true) {
    for (const advice of config.advice) process.stdout.write(`advice: ${advice}\n`);
    process.stdout.write(`${file ?? 'defaults'}: no problems\n`);
  } else if (options.newReceiptKey === true) {
    const { current } = replaceReceiptKey(config.dataDirectory, Date.now());
    process.stdout.write(
      `key ${current.kid} signs receipts from the next start of the collector on\n`,
    );
  } else {
    const log = createLog('keyturn-collector', config.logLevel);
    const collector = await startCollector({ config, log, signals });
    process.stdout.write(banner(collector));
    stopOnSignals(() => collector.close());
  }
} catch (error) {
  if (!(error instanceof KeyturnError)) throw error;
  process.stderr.write(`keyturn-collector: ${messageOf(error)}\n`);
  process.exitCode = error.code === 'CONFIG' ? EXIT.usage : EXIT.failed;
}

function banner(collector: Collector): string {
  return [
    `dashboard    ${collector.url}`,
    `agents       ${collector.grpc}`,
    `token        ${collector.operatorTokenFile ?? 'as given'}`,
    '',
  ].join('\n');
}

function stopOnSignals(close: () => Promise<void>): void {
  let stopping = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      // A second signal means now.
      if (stopping) process.exit(EXIT.failed);
      stopping = true;
      close().then(
        () => process.exit(EXIT.ok),
        (error: unknown) => {
          process.stderr.write(`keyturn-collector: ${messageOf(error)}\n`);
          process.exit(EXIT.failed);
        },
      );
    });
  }
}
