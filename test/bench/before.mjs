// Loaded before a measured program: as `npm start` has it, what was compiled before is kept, and then comes what tells the costs. One
// after the other: modules that Node is told to import are loaded all at once.
import { flushCompileCache } from 'node:module'
import '../../scripts/node-version.mjs'

await import('./cpu-report.ts')

// most are ended in a way that leaves nothing behind
setTimeout(flushCompileCache, 1000).unref()
