import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { REPOSITORY } from '../harness/programs.ts';
import { blocksOf } from './markdown.ts';
import type { Block } from './markdown.ts';

/** Every document by its path in the repository. */
export async function readDocuments(): Promise<ReadonlyMap<string, string>> {
  const files = await found(['*.md', 'docs/**/*.md', '{agent,collector,shared,test}/*.md']);
  return new Map(
    await Promise.all(
      files.map(async (file) => [file, await readFile(join(REPOSITORY, file), 'utf8')] as const),
    ),
  );
}

/** Every fenced block of every document, in order. */
export function blocksIn(documents: ReadonlyMap<string, string>): readonly Block[] {
  return [...documents].flatMap(([file, text]) => blocksOf(file, text));
}

/** Files of the repository that match, without what is installed or built. */
export async function found(patterns: readonly string[]): Promise<readonly string[]> {
  const files: string[] = [];
  const exclude = (path: string): boolean => /node_modules|dist/.test(path);
  for await (const file of glob(patterns, { cwd: REPOSITORY, exclude })) files.push(file);
  return files.sort();
}
