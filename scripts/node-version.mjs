// Loaded before everything else, in plain JavaScript, so that an old runtime says what is wrong instead of failing on a .ts file.
const major = Number(process.versions.node.split('.')[0])
if (major < 24) {
  console.error(
    `balanced-call needs Node 24 or newer, and this is ${process.version}: install a newer one, or in a clone run ` +
      '"npm ci" with the install script of the package "node" allowed, and then "npm start".',
  )
  process.exit(1)
}
