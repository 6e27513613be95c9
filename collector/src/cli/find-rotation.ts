import { z } from 'zod';
import { RotationSchema } from '../api/schemas/rotation.ts';
import { UsageError } from './cli-errors.ts';
import type { Client } from './client.ts';

export const RotationsAnswer = z.object({ rotations: z.array(RotationSchema), more: z.int() });

/**
 * The rotation named, or the one that is open: one that somebody started, before any that was only
 * observed. Throws UsageError when that is not clear.
 */
export async function findRotation(client: Client, named: string | undefined): Promise<string> {
  if (named !== undefined) return named;
  const { rotations } = await client.send({
    method: 'GET',
    path: '/v1/rotations',
    query: { state: 'open' },
    answer: RotationsAnswer,
  });
  const declared = rotations.filter((rotation) => rotation.origin === 'declared');
  const eligible = declared.length > 0 ? declared : rotations;
  const [only, ...others] = eligible;
  if (only === undefined) {
    throw new UsageError(
      'no rotation is open; start one with `keyturn rotation start`, or name an ended one with --rotation',
    );
  }
  if (others.length > 0) {
    const ids = eligible.slice(0, 10).map((rotation) => rotation.id);
    throw new UsageError(
      `${eligible.length} rotations are open: name one with --rotation (${ids.join(', ')})`,
    );
  }
  return only.id;
}

export function rotationPath(id: string, rest = ''): string {
  return `/v1/rotations/${encodeURIComponent(id)}${rest}`;
}

/** The rotation named as an argument or by --rotation, or the one that is open. */
export async function namedRotation(
  client: Client,
  argument: string | undefined,
  option: string | undefined,
): Promise<string> {
  if (argument !== undefined && option !== undefined && argument !== option) {
    throw new UsageError(`two rotations are named: ${argument} and ${option}`);
  }
  return findRotation(client, argument ?? option);
}
