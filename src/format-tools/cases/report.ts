/** What a run of cases came to, as text for people. */
import { relative } from 'node:path'
import { failures, type CaseResult, type SubjectResult } from './run.ts'
import { table } from '../catalogue/table.ts'

/** @param verbose names each case, and the branches that no case reaches */
export function reportText(results: SubjectResult[], verbose: boolean): string {
  const rows = results.map((each) => [each.subject.name, ...counts(each)])
  const parts = [
    ...(verbose ? results.map(listed) : []),
    table(['format', 'cases', 'failed', 'branches reached'], rows),
    ...results.flatMap((each) => each.broken ?? []),
    ...results.flatMap((each) => failures(each).map(failure)),
    verdict(results),
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}

/** What a run of one definition's cases came to, for programs. */
export function reportFacts(result: SubjectResult): object {
  const { subject, results, branches, broken } = result
  return {
    format: subject.name,
    file: relative('', subject.file),
    ok: broken === undefined && failures(result).length === 0,
    ...(broken !== undefined && { broken }),
    cases: results.map(({ case: each, faults }) => ({
      name: each.name,
      file: relative('', each.file),
      line: each.line,
      ok: faults.length === 0,
      ...(faults.length > 0 && { faults }),
    })),
    branches: { all: branches.length, reached: branches.filter(({ taken }) => taken > 0).length },
  }
}

function counts(result: SubjectResult): string[] {
  const { results, branches, broken } = result
  if (broken !== undefined) return ['broken', '', '']
  if (results.length === 0) return ['none', '', '']
  const taken = branches.filter((branch) => branch.taken > 0).length
  return [String(results.length), String(failures(result).length), `${taken} of ${branches.length}`]
}

function listed({ subject, results, branches }: SubjectResult): string {
  const cases = results.map(({ case: each, faults }) => `  ${faults.length === 0 ? 'ok  ' : 'FAIL'}  ${each.name}`)
  const unreached = branches
    .filter(({ taken }) => taken === 0)
    .map(({ line, text }) => `  ${relative('', subject.file)}:${line}  ${text}`)
  const missing = unreached.length === 0 ? [] : ['  no case reaches:', ...unreached]
  return [subject.name, ...cases, ...missing].join('\n')
}

/** Faults of one case that are shown; the first few tell what is wrong. */
const MOST_FAULTS = 12

function failure({ case: each, faults }: CaseResult): string {
  const shown = faults.slice(0, MOST_FAULTS).map((fault) => `    ${fault}`)
  if (faults.length > MOST_FAULTS) shown.push(`    and ${faults.length - MOST_FAULTS} more`)
  return [`${relative('', each.file)}:${each.line}  ${each.name}`, ...shown].join('\n')
}

function verdict(results: SubjectResult[]): string {
  const cases = results.reduce((sum, each) => sum + each.results.length, 0)
  const failed = results.reduce((sum, each) => sum + failures(each).length, 0)
  const broken = results.filter((each) => each.broken !== undefined).length
  if (broken > 0) return `${broken} ${broken === 1 ? 'definition is' : 'definitions are'} broken`
  if (cases === 0) return 'no cases: put them beside the definition, as NAME.cases.yaml or in a folder NAME.cases'
  return failed === 0 ? `all ${cases} cases hold` : `${failed} of ${cases} cases fail`
}
