// Loaded before everything else, in plain JavaScript, so that an old runtime says what is wrong instead of failing on a .ts file.
const major = Number(process.versions.node.split('.')[0])
if (major < 24) {
  console.error(
    `balanced-call needs Node 24 or newer, and this is ${process.version}: install a newer one, or in a clone run ` +
      '"npm ci" with the install script of the package "node" allowed, and then "npm start".',
  )
  process.exit(1)
}
// What was compiled, and what types were taken out of, is kept for the next start. From before the first file with types: with all of
// them kept, the tool that takes types out need not even be loaded, which is 16 MB.
process.getBuiltinModule('node:module').enableCompileCache()
