import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';

const repository = new URL('../../', import.meta.url).pathname;

const SPECIFIER = /(\bfrom\s*|\bimport\s*\(?\s*)(['"])([^'"]+)\2/g;

/**
 * Declarations of the library, twice: `.d.mts` for import and `.d.cts` for require, each importing its
 * own kind. Of the private package only the files in use are taken along, under `shared/`.
 */
export async function emitTypes(scratch: string, out: string): Promise<void> {
  await promisify(execFile)(process.execPath, [
    join(repository, 'node_modules/typescript/bin/tsc'),
    '-p',
    join(repository, 'agent/tools/tsconfig.types.json'),
    '--outDir',
    scratch,
  ]);
  const todo = ['agent/src/index'];
  const done = new Set(todo);
  for (let module = todo.pop(); module !== undefined; module = todo.pop()) {
    const text = await readFile(join(scratch, `${module}.d.ts`), 'utf8');
    for (const ending of ['mjs', 'cjs'] as const) {
      const path = join(out, `${placeOf(module)}.d.${ending === 'mjs' ? 'mts' : 'cts'}`);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, rewrite(text, module, ending));
    }
    for (const [, , , specifier = ''] of text.matchAll(SPECIFIER)) {
      const target = moduleOf(specifier, module);
      if (target === undefined || done.has(target)) continue;
      done.add(target);
      todo.push(target);
    }
  }
}

function rewrite(text: string, module: string, ending: string): string {
  return text.replaceAll(SPECIFIER, (whole, before: string, quote: string, specifier: string) => {
    const target = moduleOf(specifier, module);
    if (target === undefined) return whole;
    const path = relative(dirname(placeOf(module)), placeOf(target));
    return `${before}${quote}${path.startsWith('.') ? path : `./${path}`}.${ending}${quote}`;
  });
}

/** `agent/src/…` or `shared/src/…` of a specifier in `module`; undefined for other packages. */
function moduleOf(specifier: string, module: string): string | undefined {
  const bare = specifier.replace(/\.ts$/, '');
  if (bare.startsWith('@keyturn/shared/')) return bare.replace('@keyturn/shared/', 'shared/src/');
  return bare.startsWith('.') ? join(dirname(module), bare) : undefined;
}

function placeOf(module: string): string {
  return module.replace(/^agent\/src\//, '').replace(/^shared\/src\//, 'shared/');
}
