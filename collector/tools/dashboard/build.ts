import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { build, stop } from 'esbuild';

const SOURCE = path.join(import.meta.dirname, '../../src/dashboard');

/** Where the collector looks for the dashboard. */
export const DASHBOARD_DIRECTORY: string = path.join(import.meta.dirname, '../../dist/dashboard');

/** What was built: which files the page starts with, and all there are. */
export interface DashboardManifest {
  /** Name of the module the page starts with. */
  readonly script: string;
  readonly style: string;
  /** Every file by name; each has a neighbour with `.gz` added. */
  readonly files: readonly string[];
}

const ENTRIES = { app: 'app.tsx', style: 'style/app.css' } as const;

/**
 * Bundles the dashboard for browsers into `directory`: files named by their content, each with a
 * gzipped copy, and last the manifest, so that who reads it meanwhile sees one whole build.
 *
 * @throws BuildFailure of esbuild when a source is wrong.
 */
export async function buildDashboard(
  directory: string = DASHBOARD_DIRECTORY,
): Promise<DashboardManifest> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: SOURCE,
    entryPoints: Object.entries(ENTRIES).map(([out, input]) => ({ in: input, out })),
    outdir: directory,
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    assetNames: '[name]-[hash]',
    publicPath: '/assets',
    bundle: true,
    splitting: true,
    format: 'esm',
    target: ['es2023', 'chrome120', 'firefox121'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    loader: { '.svg': 'file' },
    minify: true,
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
  await stop();
  const manifest = manifestOf(metafile.outputs, outputFiles);
  await mkdir(directory, { recursive: true });
  for (const file of outputFiles) {
    await writeWhole(file.path, file.contents);
    await writeWhole(`${file.path}.gz`, gzipSync(file.contents, { level: 9 }));
  }
  await writeWhole(path.join(directory, 'manifest.json'), JSON.stringify(manifest));
  await removeOthers(directory, manifest);
  return manifest;
}

function manifestOf(
  outputs: Readonly<Record<string, { readonly entryPoint?: string }>>,
  files: readonly { readonly path: string }[],
): DashboardManifest {
  const nameOf = (entry: string): string => {
    const found = Object.entries(outputs).find(([, { entryPoint }]) => entryPoint === entry);
    if (found === undefined) throw new Error(`expected an output for ${entry}, got none`);
    return path.basename(found[0]);
  };
  return {
    script: nameOf(ENTRIES.app),
    style: nameOf(ENTRIES.style),
    files: files.map((file) => path.basename(file.path)).sort(),
  };
}

/** Builds may run side by side; a reader never sees half a file. */
async function writeWhole(file: string, content: string | Uint8Array): Promise<void> {
  const partial = `${file}.${process.pid}`;
  await writeFile(partial, content);
  await rename(partial, file);
}

async function removeOthers(directory: string, manifest: DashboardManifest): Promise<void> {
  const kept = new Set([
    'manifest.json',
    ...manifest.files.flatMap((name) => [name, `${name}.gz`]),
  ]);
  for (const name of await readdir(directory)) {
    // What another build is writing at this moment ends in its process number.
    if (!kept.has(name) && !/\.\d+$/.test(name))
      await rm(path.join(directory, name), { force: true });
  }
}
