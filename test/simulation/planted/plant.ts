// Loaded before everything else (`--import`), with the id of a bug in PLANTED_BUG: patches the sources
// as they are loaded. Nothing of it is part of what is shipped.

import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Replacement } from './bug.ts';
import { PLANTED } from './bugs.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');

const id = process.env['PLANTED_BUG'];
const bug = PLANTED.find((planted) => planted.id === id);
if (bug === undefined) throw new Error(`PLANTED_BUG: no bug ${id ?? ''}`);

const byUrl = new Map<string, Replacement[]>();
for (const replacement of bug.replacements) {
  const path = join(ROOT, replacement.file);
  const source = readFileSync(path, 'utf8');
  // Said at once, whether or not the file is ever loaded.
  const times = source.split(replacement.text).length - 1;
  if (times !== 1) {
    throw new Error(
      `${bug.id}: expected the text once in ${replacement.file}, found it ${times} times`,
    );
  }
  const url = pathToFileURL(path).href;
  byUrl.set(url, [...(byUrl.get(url) ?? []), replacement]);
}

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    const replacements = byUrl.get(url);
    if (replacements === undefined) return loaded;
    const { source: loadedSource } = loaded;
    let source =
      typeof loadedSource === 'string'
        ? loadedSource
        : Buffer.from((loadedSource ?? '') as Uint8Array).toString('utf8');
    for (const { file, text, by } of replacements) {
      if (!source.includes(text)) throw new Error(`${file} was not loaded as it is written`);
      source = source.replace(text, () => by);
    }
    return { ...loaded, source };
  },
});
