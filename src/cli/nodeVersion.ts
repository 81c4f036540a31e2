// Imported first: what follows needs a Node that this one may not be, and should say so instead of failing oddly.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 13)) {
  process.stderr.write(
    `task-relay: needs Node 22.13 or newer, and this is ${process.versions.node}. Install a newer Node.\n`,
  );
  process.exit(3);
}

export {};
