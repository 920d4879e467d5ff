/** Files whose length would be the end of the run if they began last; vitest alone knows sizes only, before its first run. */
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const SLOW = [
  'sim/goals',
  'recorded-exchanges',
  'inbound-exchanges',
  'workers/reload',
  'sim/held-out-goals',
  'workers/endings',
  'split-answers',
  'fuzz/hostile-answers',
  'format-tools/planted',
  'cli/first-contact',
  'agents/run',
  'config/hostile-files',
]

export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return sorted.toSorted((a, b) => placeOf(a.moduleId) - placeOf(b.moduleId))
  }
}

function placeOf(file: string): number {
  const place = SLOW.findIndex((name) => file.includes(`/${name}.test.ts`))
  return place < 0 ? SLOW.length : place
}
