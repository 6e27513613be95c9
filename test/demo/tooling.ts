import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { VerifierView } from '@keyturn/collector/api/schemas/fleet.ts';
import type { AlertView } from '@keyturn/collector/api/schemas/alert.ts';
import type { VerdictView } from '@keyturn/collector/api/schemas/verdict.ts';
import { KeyturnError } from '@keyturn/shared/errors.ts';
import type { Gate } from '@keyturn/shared/model/verdict.ts';
import { WATCH_PARENT } from '../harness/child.ts';
import type { Environment, Fleet } from './fleet.ts';

const CLI = fileURLToPath(new URL('../../collector/src/cli/main.ts', import.meta.url));

/** The command line or the HTTP interface did not do what rotation tooling relies on. */
export class ToolingError extends KeyturnError {
  constructor(message: string) {
    super('TOOLING_FAILED', message);
  }
}

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
}

/** What rotation tooling has: the command line and plain HTTP, nothing of the inside. */
export interface Tooling {
  /** Runs `keyturn ARGS`; lines of standard error are handed out as they come. */
  keyturn(args: readonly string[], onProgress?: (line: string) => void): Promise<CommandResult>;
  /** `GET /v1/rotations/{id}/gates/{gate}`; with a revision, waits until it differs. */
  verdict(rotationId: string, gate: Gate, revision?: number): Promise<VerdictView>;
  /** Address of a gate. */
  gateUrl(rotationId: string, gate: Gate): string;
  /** Alerts of refused tokens from `GET /v1/alerts`: those that fire now, or that ever fired. */
  failureAlerts(when: 'now' | 'ever'): Promise<readonly AlertView[]>;
  /** When the verifier of a service last fetched its keys; null: it has not said. */
  fetchedAt(service: string): Promise<string | null>;
  /** Id of the one open rotation, from `GET /v1/rotations`. */
  openRotation(): Promise<string>;
  /** `POST /v1/rotations/{id}/gates/{gate}/check`, as a pipeline would. */
  check(rotationId: string, gate: Gate): Promise<{ status: number; retryAfter: string | null }>;
}

/** @param signal ends commands and requests that are under way. */
export function tooling(fleet: Fleet, env: Environment, signal: AbortSignal): Tooling {
  const cliEnv = {
    ...env,
    KEYTURN_COLLECTOR: fleet.collectorUrl,
    KEYTURN_OPERATOR_TOKEN_FILE: fleet.operatorTokenFile,
  };
  const gateUrl = (rotationId: string, gate: Gate): string =>
    `${fleet.collectorUrl}/v1/rotations/${encodeURIComponent(rotationId)}/gates/${gate}`;

  return {
    gateUrl,
    async keyturn(args, onProgress) {
      const child = spawn(process.execPath, ['--import', WATCH_PARENT, CLI, ...args], {
        cwd: fleet.directory,
        env: cliEnv,
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        detached: true,
        signal,
      });
      const stdout = linesOf(child.stdout);
      const stderr = linesOf(child.stderr, onProgress);
      const [exitCode] = (await once(child, 'close')) as [number | null];
      return { exitCode: exitCode ?? -1, stdout, stderr };
    },
    async failureAlerts(when) {
      const query = when === 'now' ? '?firing=true' : '';
      const response = await fetch(`${fleet.collectorUrl}/v1/alerts${query}`, { signal });
      const { alerts } = (await response.json()) as { alerts: readonly AlertView[] };
      return alerts.filter(({ name, fired_at: firedAt }) => FAILURES.has(name) && firedAt !== null);
    },
    async fetchedAt(service) {
      const response = await fetch(`${fleet.collectorUrl}/v1/verifiers?service=${service}`, {
        signal,
      });
      const { verifiers } = (await response.json()) as { verifiers: readonly VerifierView[] };
      return verifiers[0]?.key_sets[0]?.data_at ?? null;
    },
    async openRotation() {
      const response = await fetch(`${fleet.collectorUrl}/v1/rotations`, { signal });
      const { rotations } = (await response.json()) as { rotations: { id: string }[] };
      const [rotation] = rotations;
      if (rotation === undefined) throw new ToolingError('no rotation is open');
      return rotation.id;
    },
    async verdict(rotationId, gate, revision) {
      const query = revision === undefined ? '' : `?index=${revision}&wait=5s`;
      const response = await fetch(`${gateUrl(rotationId, gate)}${query}`, { signal });
      if (!response.ok) {
        throw new ToolingError(`GET gate ${gate} answered ${response.status}, expected 200`);
      }
      return (await response.json()) as VerdictView;
    },
    async check(rotationId, gate) {
      const url = `${gateUrl(rotationId, gate)}/check`;
      const response = await fetch(url, { method: 'POST', signal });
      await response.arrayBuffer();
      return { status: response.status, retryAfter: response.headers.get('retry-after') };
    },
  };
}

/** Alerts that say that tokens are refused. */
const FAILURES: ReadonlySet<string> = new Set(['VerificationFailures', 'NewKeyFailing']);

const LINES_MAX = 5_000;

function linesOf(stream: Readable | null, onLine?: (line: string) => void): readonly string[] {
  const lines: string[] = [];
  if (stream === null) return lines;
  createInterface({ input: stream }).on('line', (line) => {
    if (lines.length < LINES_MAX) lines.push(line);
    onLine?.(line);
  });
  return lines;
}
