// Builds what is published: the library for both module systems with its types, and the sidecar.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { emitTypes } from './declarations.ts';

const agent = new URL('../', import.meta.url).pathname;
const dist = join(agent, 'dist');

/** The private package becomes part of this one; everything else is a dependency of it. */
function isExternal(id: string): boolean {
  return !id.startsWith('.') && !id.startsWith('/') && !id.startsWith('@keyturn/shared/');
}

async function bundle(entry: string, formats: readonly ('esm' | 'cjs')[]): Promise<void> {
  const build = await rolldown({
    input: join(agent, 'src', `${entry}.ts`),
    external: isExternal,
    platform: 'node',
    tsconfig: false,
    // Of the shared package only what is used: its modules do nothing by being loaded.
    treeshake: {
      moduleSideEffects: (id, external) => external || !id.includes('/shared/src/'),
      manualPureFunctions: ['makeGenericClientConstructor'],
    },
  });
  for (const format of formats) {
    const ending = format === 'esm' ? 'mjs' : 'cjs';
    await build.write({
      dir: dist,
      format,
      entryFileNames: `${entry}.${ending}`,
      chunkFileNames: `${entry}-[name].${ending}`,
    });
  }
  await build.close();
}

await rm(dist, { recursive: true, force: true });
await bundle('index', ['esm', 'cjs']);
await bundle('main', ['esm']);
const scratch = await mkdtemp(join(tmpdir(), 'keyturn-types-'));
try {
  await emitTypes(scratch, join(dist, 'types'));
} finally {
  await rm(scratch, { recursive: true, force: true });
}
