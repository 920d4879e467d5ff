/** What a vendor says of its limits: the definition's `signals` over `{ status, headers, body }` become Signals. */
import type { LimitScope, Metric, LimitSignal } from '../../scheduler/types.ts'
import { compileCases, onlyKeys, type Cases } from '../../definition/cases.ts'
import type { Watch } from '../../definition/context.ts'
import { DefinitionError, type Path } from '../../definition/error.ts'
import { didYouMean } from '../../definition/near-miss.ts'
import { isMap, Scope } from '../../definition/scope.ts'
import { templateContext } from '../../definition/template.ts'
import type { UpstreamAnswer } from '../types.ts'
import { readDuration } from './reset-time.ts'
import { TEMPLATE_FUNCTIONS } from '../template-functions/index.ts'

export type SignalReader = (answer: UpstreamAnswer, body: unknown, now: number) => LimitSignal[]

const RULE = new Set(['when', 'then', 'cases'])
const WORDS = new Set([
  'metric',
  'per',
  'limit',
  'remaining',
  'used',
  'requested',
  'reset',
  'reset_means',
  'class',
  'scope',
])
const PERIODS: Record<string, number> = {
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
  month: 2_592_000_000,
}
const METRICS = new Set<Metric>(['requests', 'tokens', 'input', 'output', 'uncached', 'concurrency', 'usd', 'neurons'])
const RESET_MEANS = new Set<NonNullable<LimitSignal['resetMeans']>>(['full', 'next', 'window'])
const CLASSES = new Set<NonNullable<LimitSignal['class']>>([
  'minute',
  'day',
  'month',
  'money',
  'dead',
  'too-large',
  'shared',
])
const SCOPES = new Set<LimitScope>(['key', 'key-model', 'account', 'account-model', 'provider', 'model', 'client'])
/** Keys of a signal that hold one of a few words. */
const KNOWN: Record<string, [what: string, words: ReadonlySet<string>]> = {
  metric: ['metric', METRICS],
  per: ['period', new Set(Object.keys(PERIODS))],
  reset_means: ['meaning of a reset', RESET_MEANS],
  class: ['class', CLASSES],
  scope: ['scope', SCOPES],
}

export function compileSignals(nodes: unknown, watch?: Watch): SignalReader {
  if (nodes === undefined) return () => []
  if (!Array.isArray(nodes)) throw new DefinitionError('signals are a list of { when, then }', ['signals'])
  const scope = Scope.of({})
  const context = templateContext(scope, TEMPLATE_FUNCTIONS, watch)
  const rules = nodes.map((node: unknown, i) => {
    const path = ['signals', i]
    if (!isMap(node)) throw new DefinitionError('a signal is { when, then }', path)
    checkThen(node['then'], [...path, 'then'])
    return { cases: compileCases(node, context, path, RULE), ...needsOf(node) }
  })
  const frame = scope.frame()
  return (answer, body, now) => {
    const signals: LimitSignal[] = []
    let said: unknown
    for (let i = 0; i < rules.length; i++) {
      const rule = rules[i] as Rule
      if (rule.status !== undefined && rule.status !== answer.status) continue
      if (rule.header !== undefined && answer.headers[rule.header] === undefined) continue
      said ??= { status: answer.status, headers: answer.headers, body }
      const found = rule.cases.choose(said, frame)?.(frame)
      const list = Array.isArray(found) ? (found as unknown[]) : [found]
      for (const each of list) if (isMap(each)) signals.push(toSignal(each, now))
    }
    return signals
  }
}

interface Rule extends Needs {
  cases: Cases
}

/** What must be so for any case of a rule: nearly every answer is told from the rare ones by it. */
interface Needs {
  status: number | undefined
  /** A header that is there. */
  header: string | undefined
}

function needsOf(node: Record<string, unknown>): Needs {
  const cases = Array.isArray(node['cases']) ? (node['cases'] as unknown[]) : [node]
  const all = cases.map((each) => needsOfCase(isMap(each) ? each['when'] : undefined))
  const [first] = all
  return {
    status: all.every(({ status }) => status === first?.status) ? first?.status : undefined,
    header: all.every(({ header }) => header === first?.header) ? first?.header : undefined,
  }
}

function needsOfCase(when: unknown): Needs {
  if (!isMap(when)) return { status: undefined, header: undefined }
  const { status, headers } = when
  const header = isMap(headers) ? Object.keys(headers).find((name) => isRequired(headers[name])) : undefined
  return { status: typeof status === 'number' ? status : undefined, header }
}

/** Any text but a hole that need not be filled. */
function isRequired(pattern: unknown): boolean {
  return typeof pattern === 'string' && !(pattern.startsWith('$') && pattern.endsWith('?'))
}

function checkThen(node: unknown, path: Path): void {
  if (!isMap(node) || Object.keys(node).some((key) => key.startsWith('$'))) return
  onlyKeys(node, WORDS, path)
  for (const [key, [what, words]] of Object.entries(KNOWN)) {
    const word = node[key]
    if (typeof word !== 'string' || word.startsWith('$') || words.has(word)) continue
    throw new DefinitionError(`unknown ${what} "${word}"${didYouMean(word, words)}`, [...path, key])
  }
}

function toSignal(found: Record<string, unknown>, now: number): LimitSignal {
  const signal: LimitSignal = { metric: isOneOf(METRICS, found['metric']) ? found['metric'] : 'requests' }
  const { per } = found
  if (typeof per === 'string' && Object.hasOwn(PERIODS, per)) signal.period = PERIODS[per]
  for (const name of ['limit', 'remaining', 'used', 'requested'] as const) {
    const value = amount(found[name])
    if (value !== undefined) signal[name] = value
  }
  const reset = readDuration(found['reset'], now)
  if (reset !== undefined) signal.reset = reset
  if (isOneOf(RESET_MEANS, found['reset_means'])) signal.resetMeans = found['reset_means']
  if (isOneOf(CLASSES, found['class'])) signal.class = found['class']
  if (isOneOf(SCOPES, found['scope'])) signal.scope = found['scope']
  return signal
}

/** A word of a vendor's own may stand where a definition binds one. */
function isOneOf<Word extends string>(words: ReadonlySet<Word>, value: unknown): value is Word {
  return typeof value === 'string' && (words as ReadonlySet<string>).has(value)
}

/** Some vendors write -1 for "not known", and thousands with commas. */
function amount(value: unknown): number | undefined {
  const number =
    typeof value === 'number'
      ? value
      : typeof value === 'string'
        ? Number(value.replaceAll(',', '').trim() || Number.NaN)
        : Number.NaN
  return Number.isFinite(number) && number >= 0 ? number : undefined
}
