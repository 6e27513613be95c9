import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';

const SHARED = join(import.meta.dirname, '..');
const GENERATED = join('src', 'wire', 'gen');
const DESCRIPTORS = join(GENERATED, 'descriptors.ts');

main(process.argv.slice(2));

function main(args: readonly string[]): void {
  const check = args.includes('--check');
  const unknown = args.filter((arg) => arg !== '--check');
  if (unknown.length > 0) {
    console.error(`generate: unknown argument ${unknown.join(' ')}; only --check is known`);
    process.exitCode = 2;
    return;
  }
  if (check) checkGenerated();
  else generateInto(SHARED);
}

/** Fails, naming the files, when the tree's generated code is not what the protocol gives. */
function checkGenerated(): void {
  const directory = mkdtempSync(join(tmpdir(), 'keyturn-generate-'));
  try {
    generateInto(directory);
    const stale = differences(join(SHARED, GENERATED), join(directory, GENERATED));
    if (stale.length === 0) return;
    console.error(`generated code differs from shared/proto: ${stale.join(', ')}`);
    console.error('run: pnpm generate');
    process.exitCode = 1;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function generateInto(directory: string): void {
  buf(['generate', '--output', directory]);
  const image = join(mkdtempSync(join(tmpdir(), 'keyturn-descriptors-')), 'image.binpb');
  try {
    buf(['build', 'proto', '--exclude-source-info', '--output', image]);
    mkdirSync(join(directory, GENERATED), { recursive: true });
    writeFileSync(join(directory, DESCRIPTORS), descriptorModule(readFileSync(image)));
  } finally {
    rmSync(join(image, '..'), { recursive: true, force: true });
  }
}

function buf(args: readonly string[]): void {
  const path = [join(SHARED, 'node_modules', '.bin'), process.env['PATH'] ?? ''].join(delimiter);
  const { status, error } = spawnSync('buf', args, {
    cwd: SHARED,
    env: { ...process.env, PATH: path },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`buf ${args[0]} ended with status ${String(status)}`);
}

/** The files of a FileDescriptorSet, each encoded on its own as server reflection sends them. */
function descriptorModule(image: Uint8Array): string {
  const reader = new BinaryReader(image);
  const files: string[] = [];
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 1 && type === WireType.LengthDelimited) {
      files.push(Buffer.from(reader.bytes()).toString('base64'));
    } else {
      reader.skip(type, field);
    }
  }
  return [
    '// Made from shared/proto by shared/tools/generate.ts. DO NOT EDIT.',
    '',
    '/** FileDescriptorProto of each file of the protocol, base64. */',
    'export const FILE_DESCRIPTORS: readonly string[] = [',
    ...files.map((file) => `  '${file}',`),
    '];',
    '',
  ].join('\n');
}

/** Relative paths that are on one side only or differ. */
function differences(left: string, right: string): readonly string[] {
  const names = new Set([...filesIn(left), ...filesIn(right)]);
  return [...names].filter((name) => read(join(left, name)) !== read(join(right, name))).toSorted();
}

function filesIn(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1));
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
