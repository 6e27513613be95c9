import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

const DIRECTORY = path.join(import.meta.dirname, '../../dist/dashboard');

/** One file of the dashboard, in memory. */
export interface DashboardFile {
  readonly body: Buffer;
  readonly gzipped: Buffer;
  readonly type: string;
}

/** The dashboard as it was built. */
export interface Dashboard {
  /** The page every view of it starts with. */
  readonly page: string;
  /** Tells one build from another. */
  readonly build: string;
  readonly files: ReadonlyMap<string, DashboardFile>;
}

const ManifestSchema = z.object({
  script: z.string(),
  style: z.string(),
  files: z.array(z.string().regex(/^[\w.-]+$/)).max(200),
});

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * Reads the built dashboard; null when it was never built here. One that cannot be read is told of
 * and is none, too: gates are answered without pictures.
 */
export function readDashboard(
  unreadable: (error: unknown) => void,
  directory: string = DIRECTORY,
): Dashboard | null {
  try {
    const text = readFileSync(path.join(directory, 'manifest.json'), 'utf8');
    const manifest = ManifestSchema.parse(JSON.parse(text));
    const files = manifest.files.map((name) => [name, readFile(directory, name)] as const);
    return {
      page: pageOf(manifest),
      build: manifest.script,
      files: new Map(files),
    };
  } catch (error) {
    if (existsSync(path.join(directory, 'manifest.json'))) unreadable(error);
    return null;
  }
}

function readFile(directory: string, name: string): DashboardFile {
  const file = path.join(directory, name);
  return {
    body: readFileSync(file),
    gzipped: readFileSync(`${file}.gz`),
    type: TYPES[path.extname(name)] ?? 'application/octet-stream',
  };
}

function pageOf({ script, style }: { readonly script: string; readonly style: string }): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>Keyturn</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="/assets/${style}">
<script type="module" src="/assets/${script}" data-build="${script}"></script></head>
<body><div id="app"></div>
<noscript><p>This page needs scripts. <a href="/status">The status page</a> says the same without.</p></noscript>
</body></html>
`;
}
