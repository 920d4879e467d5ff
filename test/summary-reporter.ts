/** The last line of a test run, in the one form that every CI reads: `N passed, N failed, N skipped`. */
import type { Reporter, TestModule } from 'vitest/node'

/** Milliseconds that the workers have to end once the last test is told. */
const TO_END = 30_000

export const summaryReporter: Reporter = {
  onTestRunEnd(modules: ReadonlyArray<TestModule>, errors: ReadonlyArray<unknown>) {
    const count = { passed: 0, failed: errors.length, skipped: 0 }
    for (const module of modules) {
      const tests = [...module.children.allTests()]
      for (const test of tests) {
        const { state } = test.result()
        if (state === 'passed' || state === 'failed' || state === 'skipped') count[state]++
      }
      // a file that cannot even be loaded has no test that could fail
      if (tests.length === 0 && module.state() === 'failed') count.failed++
    }
    // after the default reporter's own lines
    process.once('exit', () => console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`))
    // a process that a failed test left behind keeps its worker's output open, and vitest waits for that without end
    setTimeout(() => {
      console.error(`A worker has not ended ${TO_END / 1000} s after the last test: a test left a process running.`)
      process.exit(1)
    }, TO_END).unref()
  },
}
