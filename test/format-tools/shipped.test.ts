/** `balanced-call test` without a name: every shipped definition has cases, and all of them hold with every rule of the kit. */
import { expect, test } from 'vitest'
import { runSubject } from '../../src/format-tools/cases/run.ts'
import { findSubjects } from '../../src/format-tools/cases/find-cases.ts'

test.each(findSubjects(undefined, 'none.yaml').map((subject) => [subject.name, subject] as const))(
  '%s',
  (_, subject) => {
    const { broken, results } = runSubject(subject)
    expect(broken).toBeUndefined()
    expect(results.length).toBeGreaterThan(0)
    const failed = results.filter(({ faults }) => faults.length > 0)
    expect(failed.map(({ case: { name }, faults }) => [name, faults])).toEqual([])
  },
)
