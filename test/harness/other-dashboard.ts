import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  buildDashboard,
  DASHBOARD_DIRECTORY,
  type DashboardManifest,
} from '../../collector/tools/dashboard/build.ts';
import { REPOSITORY } from './programs.ts';
import type { Teardown } from './teardown.ts';
import { tempDirectory } from './temp-directory.ts';

/**
 * A copy of the collector that serves another build of the dashboard, with the same text under another
 * name, or none. Gives its entry file.
 */
export async function collectorWith(
  dashboard: 'another build' | 'no build',
  teardown: Teardown,
): Promise<string> {
  const directory = join(await tempDirectory(teardown), 'collector');
  for (const part of ['src', 'bin', 'package.json']) {
    await cp(join(REPOSITORY, 'collector', part), join(directory, part), { recursive: true });
  }
  await symlink(join(REPOSITORY, 'collector/node_modules'), join(directory, 'node_modules'));
  if (dashboard === 'another build') await renamedBuild(join(directory, 'dist/dashboard'));
  return join(directory, 'bin/keyturn-collector.js');
}

async function renamedBuild(to: string): Promise<void> {
  await buildDashboard();
  await mkdir(to, { recursive: true });
  await cp(DASHBOARD_DIRECTORY, to, { recursive: true });
  const file = join(to, 'manifest.json');
  const manifest = JSON.parse(await readFile(file, 'utf8')) as DashboardManifest;
  const script = `newer-${manifest.script}`;
  for (const end of ['', '.gz']) {
    await cp(join(to, manifest.script + end), join(to, script + end));
  }
  const files = [...manifest.files, script];
  await writeFile(file, JSON.stringify({ ...manifest, script, files }));
}
