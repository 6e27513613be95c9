// Preloaded before the TypeScript entry points: an older Node would stop at the file ending, without
// saying what to do about it. Plain JavaScript, so that such a Node can read it.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

// Since 22.18 Node runs TypeScript without a flag.
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `keyturn needs Node 22.18 or newer to run from source, this is ${process.version} (${process.execPath}).\n` +
      'Run it through the package manager, which brings Node 24: npx --yes pnpm@12.21.0 <script>\n',
  );
  process.exit(2);
}
