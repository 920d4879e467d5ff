/** Runs the cases of definitions and says how each came out, and which branches of the definition none of them reaches. */
import { ConfigError } from '../../config/problem.ts'
import { readCases, type PlacedCase } from './case.ts'
import { checkCase } from './check-case.ts'
import { watchFormat, type Branch } from './coverage.ts'
import type { Subject } from './find-cases.ts'

export interface CaseResult {
  case: PlacedCase
  faults: string[]
}

export interface SubjectResult {
  subject: Subject
  results: CaseResult[]
  branches: Branch[]
  /** What is wrong with the definition, or with its cases, so that none could run. */
  broken?: string
}

/** @param further files of cases */
export function runSubject(subject: Subject, further: string[] = []): SubjectResult {
  try {
    const { format, branches } = watchFormat(subject.file)
    const cases = [...subject.cases, ...further].flatMap((file) => readCases(file))
    const results = cases.map((each) => ({ case: each, faults: checkCase(each, format) }))
    return { subject, results, branches: branches() }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return { subject, results: [], branches: [], broken: error.message }
  }
}

export function holds(result: SubjectResult): boolean {
  return result.broken === undefined && failures(result).length === 0
}

export function failures({ results }: SubjectResult): CaseResult[] {
  return results.filter(({ faults }) => faults.length > 0)
}
