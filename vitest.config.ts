import { defineConfig } from 'vitest/config'
import { SlowFirst } from './test/slow-first.ts'
import { summaryReporter } from './test/summary-reporter.ts'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/fuzz/seed.ts'],
    // for what hangs: on a machine that does other work as well the slowest takes several times its time
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // a wait for an event ends with the event; this is for one that never comes
    expect: { poll: { timeout: 20_000, interval: 10 } },
    maxWorkers: 2,
    // a worker runs file after file: modules are read and compiled once, which halves the time of all of them
    isolate: false,
    sequence: { sequencer: SlowFirst },
    reporters: ['default', summaryReporter],
  },
})
