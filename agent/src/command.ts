import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import { formatAddress } from '@keyturn/shared/address.ts';
import { KeyturnError, messageOf } from '@keyturn/shared/errors.ts';
import { createLog } from '@keyturn/shared/log.ts';
import { firstLines } from '@keyturn/shared/settings/check.ts';
import { plainText } from '@keyturn/shared/shown.ts';
import { readConfig, type AgentConfig } from './config.ts';
import { CONFIG_FILE_NAME, ENVIRONMENT, type Environment } from './config/environment.ts';
import { readConfigFiles, type ConfigFiles } from './config/files.ts';
import { type Signals, signalsOf } from '@keyturn/shared/telemetry/signals.ts';
import { urlsOf } from './proxy/proxy.ts';
import { startSidecar, type Sidecar } from './sidecar.ts';
import { serviceName } from './telemetry/service-name.ts';
import { AGENT_VERSION } from './version.ts';

const DEFAULT_CONFIG = 'agent.yaml';

const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

const HELP = `keyturn-agent: reports for the JWT verifiers of this machine to a Keyturn collector

  keyturn-agent [--config FILE]   run until SIGTERM or SIGINT
  keyturn-agent --check           check the settings, print the verifiers' URLs, exit
  keyturn-agent --version
  keyturn-agent --help

Settings come from FILE (default: $${CONFIG_FILE_NAME}, else ${DEFAULT_CONFIG} in this
directory). The environment overrules the file:
${[...ENVIRONMENT].map(([name, path]) => `  ${name.padEnd(34)} ${path.join('.')}`).join('\n')}

OTEL_* exports the agent's own metrics and traces.

Exit: 0 stopped on request, 1 failed, 2 settings or usage wrong.
`;

export interface CommandInput {
  readonly args: readonly string[];
  readonly env: Environment;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** Runs `keyturn-agent`; gives its exit code. */
export async function runCommand(input: CommandInput): Promise<number> {
  const options = readArgs(input.args);
  if (typeof options === 'string') {
    input.err(`keyturn-agent: ${options}\nTry keyturn-agent --help\n`);
    return EXIT.usage;
  }
  if (options.help) {
    input.out(HELP);
    return EXIT.ok;
  }
  if (options.version) {
    input.out(`${AGENT_VERSION}\n`);
    return EXIT.ok;
  }
  const loaded = await load(options.config ?? input.env[CONFIG_FILE_NAME], input.env);
  if ('problems' in loaded) {
    const { problems } = loaded;
    const heading = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
    const lines = firstLines(problems).map((line) => `  ${line}\n`);
    input.err(`keyturn-agent: ${heading} in the settings\n${lines.join('')}`);
    return EXIT.usage;
  }
  if (options.check) {
    input.out(`${loaded.file}: no problems\n${expectedUrls(loaded.config)}`);
    return EXIT.ok;
  }
  return run(loaded, input);
}

function readArgs(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        config: { type: 'string', short: 'c' },
        check: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
        version: { type: 'boolean', default: false },
      },
    });
    return values;
  } catch (error) {
    return plainText(messageOf(error), 300);
  }
}

interface Loaded {
  readonly file: string;
  readonly config: AgentConfig;
  readonly files: ConfigFiles;
  readonly signals: Signals;
}

async function load(
  named: string | undefined,
  env: Environment,
): Promise<Loaded | { readonly problems: readonly string[] }> {
  const file = named ?? DEFAULT_CONFIG;
  if (named === undefined && !existsSync(file)) {
    return {
      problems: [
        `there is no ${file} here: name the settings file with --config FILE or ${CONFIG_FILE_NAME}`,
      ],
    };
  }
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    return {
      problems: [`${plainText(file, 300)}: cannot be read: ${plainText(messageOf(error), 300)}`],
    };
  }
  const read = readConfig({ file, text, env, hostname: hostname() });
  if (!read.ok) return { problems: read.problems };
  const opened = await readConfigFiles(read.config);
  if (!opened.ok) return { problems: opened.problems };
  const { signals, problems } = signalsOf(env, false);
  if (problems.length > 0) {
    return { problems: problems.map(({ variable, message }) => `${variable}: ${message}`) };
  }
  return { file, config: read.config, files: opened.files, signals };
}

/** Nothing of the SDK is loaded unless a signal is wanted. */
async function exportingOf({ metrics, traces }: Signals, env: Environment) {
  if (!metrics && !traces) return undefined;
  const { startExporting } = await import('./telemetry/exporting.ts');
  return startExporting({ metrics, traces }, serviceName(env));
}

async function run(loaded: Loaded, input: CommandInput): Promise<number> {
  const log = createLog('keyturn-agent', loaded.config.logLevel);
  // Before the start: whoever asks to stop while ports are being opened is heard.
  const asked = stopAsked();
  // The uplink never keeps a process alive, so without this one would end before its goodbye.
  const awake = setInterval(() => undefined, 60_000);
  try {
    const exporting = await exportingOf(loaded.signals, input.env);
    const openTelemetry = exporting === undefined ? {} : { openTelemetry: exporting.api };
    const sidecar = await startSidecar({ ...loaded, hostname: hostname(), log, ...openTelemetry });
    try {
      input.out(banner(sidecar, loaded.config));
      const signal = await asked;
      log.info({ signal }, 'stopping');
    } finally {
      await sidecar.close();
      await exporting?.stop();
    }
  } catch (error) {
    if (!(error instanceof KeyturnError)) throw error;
    input.err(`keyturn-agent: ${error.message}\n`);
    return EXIT.failed;
  } finally {
    clearInterval(awake);
  }
  return EXIT.ok;
}

// After the first signal the handlers are gone, so a second one ends the process at once.
function stopAsked(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const stop = (signal: NodeJS.Signals) => {
      process.off('SIGTERM', stop);
      process.off('SIGINT', stop);
      resolve(signal);
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
  });
}

function banner({ proxy, push }: Sidecar, config: AgentConfig): string {
  const lines = [
    `keyturn-agent ${AGENT_VERSION}, reporting to ${formatAddress(config.collector.address)}`,
  ];
  for (const { verifier, issuer, url } of proxy?.urls ?? []) {
    lines.push(`  ${verifier}: keys of ${issuer} at ${url}`);
  }
  if (proxy?.caFile != null) lines.push(`  verifiers on https must trust ${proxy.caFile}`);
  if (push !== null)
    lines.push(`  push API at ${[push.origin, push.socket].filter(Boolean).join(' and ')}`);
  return `${lines.join('\n')}\n`;
}

function expectedUrls(config: AgentConfig): string {
  const urls = urlsOf(config, `http://${formatAddress(config.proxy.listen)}`);
  return urls
    .map(({ verifier, issuer, url }) => `  ${verifier}: keys of ${issuer} at ${url}\n`)
    .join('');
}
