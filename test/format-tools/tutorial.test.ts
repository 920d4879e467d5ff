/** The tutorial is true: after each of its ten steps the definition is sound and all cases so far hold. */
import { expect, test } from 'vitest'
import { parseCases } from '../../src/format-tools/cases/case.ts'
import { checkCase } from '../../src/format-tools/cases/check-case.ts'
import { formatFaults } from '../../src/config/schema.ts'
import { compileFormat } from '../../src/upstream/format/format.ts'
import type { FormatDefinition } from '../../src/upstream/format/format-definition.ts'
import { tutorialSteps } from './tutorial.ts'

const steps = tutorialSteps()

test('the tutorial has ten steps', () => {
  expect(steps.map(({ title }) => Number.parseInt(title, 10))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
})

test.each(steps)('all cases so far hold after step $title', ({ definition, cases }) => {
  expect(formatFaults(definition)).toEqual([])
  const format = compileFormat('heron', definition as object as FormatDefinition)
  const all = parseCases('heron.cases.yaml', cases)
  for (const each of all) expect([each.name, ...checkCase(each, format)]).toEqual([each.name])
  expect(all.length).toBeGreaterThan(1)
})
