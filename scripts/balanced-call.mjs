#!/usr/bin/env node
// The package's command: an old runtime is told so before it meets a file that it cannot read.
import './node-version.mjs'

await import('../dist/main.js')
