// Loaded before everything else, in plain JavaScript, so that an old runtime says what is wrong instead of failing on a .ts file.
const major = Number(process.versions.node.split('.')[0])
if (major < 24) {
  console.error(
    `balanced-call needs Node 24 or newer, and this is ${process.version}.\n` +
      'The project brings its own runtime as the npm package "node": run "npm ci" with install scripts allowed\n' +
      '("npm install-scripts approve node" where they must be approved), then "npm start" again; or install Node 24 or newer.',
  )
  process.exit(1)
}
