/** Hides secrets in a line that is about to be shown. */
import type { Document, Node } from 'yaml'
import type { Source } from './source.ts'
import { yamlLibrary } from './yaml-library.ts'

/** What stands for a secret. */
export const MASK = '•••'

/** Keys of a provider whose values are no secret; anything else there (a misspelt `keys:` too) is hidden. */
const PLAIN: Record<string, ReadonlySet<string>> = {
  providers: new Set([
    'format',
    'base_url',
    'keyless',
    'weight',
    'limits',
    'models',
    'cache_per_key',
    'assumes_output',
    'failures_count',
    'prices',
  ]),
  clients: new Set(['models', 'limits', 'weight', 'groups', 'expires', 'max_wait', 'tags']),
  state: new Set(['prefix', 'timeout', 'on_loss', 'replicas']),
  database: new Set(['schema']),
  server: new Set([
    'timeouts',
    'retries',
    'refused_wait',
    'heartbeat',
    'max_body',
    'shutdown',
    'host',
    'port',
    'data',
    'ui',
    'workers',
    'request_log',
    'cors',
    'hosts',
  ]),
}
/** Beside a key, in the same map. */
const PLAIN_OF_KEY = new Set(['weight', 'account', 'limits'])
const PLAIN_ROOT = new Set(['models', 'formats', 'scheduler', 'groups'])

/** A definition's own keys, so that a format's file is not hidden whole. */
const PLAIN_DEFINITION = new Set([
  'extends',
  'request',
  'native',
  'auth',
  'response',
  'stream',
  'finish_reasons',
  'usage',
  'error',
  'signals',
])

type Range = [start: number, end: number]

/** The line (from 1) with secrets masked, and where the column (from 1) went. */
export function maskedLine(
  source: Source,
  line: number,
  column: number,
  guess: boolean,
): { text: string; column: number } {
  const from = source.lines.lineStarts[line - 1] ?? 0
  const newline = source.text.indexOf('\n', from)
  const text = source.text.slice(from, newline < 0 ? undefined : newline).replace(/\r$/, '')
  const ranges = [
    ...rangesOf(source.document)
      .filter(([a, b]) => b > from && a < from + text.length)
      .map(([a, b]): Range => [a - from, b - from]),
    ...patternRanges(text, guess),
  ]
  let shown = ''
  let moved = column
  let at = 0
  for (const [start, end] of ranges.sort((a, b) => a[0] - b[0])) {
    const a = Math.max(at, start)
    const b = Math.min(text.length, end)
    if (b <= a) continue
    shown += text.slice(at, a) + MASK
    if (column - 1 >= b) moved -= b - a - MASK.length
    else if (column - 1 > a) moved -= column - 1 - a
    at = b
  }
  return { text: shown + text.slice(at), column: moved }
}

/** Credentials inside a URL, and with `guess` whatever is long and mixes letters with digits. */
function patternRanges(line: string, guess: boolean): Range[] {
  const patterns = [
    /(?<=:\/\/)[^\s/@"']{1,200}(?=@)/g,
    /(?<=[?&](?:key|api[-_]?key|token|access_token)=)[^\s&"']+/gi,
    /(?<=\b(?:Bearer|Basic) )[^\s"'$]{8,}/gi,
  ]
  const ranges = patterns.flatMap((pattern) => [...line.matchAll(pattern)].map(rangeOf))
  if (!guess) return ranges
  const words = [...line.matchAll(/(?<![$\w{.+/=-])[\w.+/=-]{16,}/g)]
  return [...ranges, ...words.filter(([word]) => /\d/.test(word) && /[a-z]/i.test(word)).map(rangeOf)]
}

function rangeOf(match: RegExpExecArray): Range {
  return [match.index, match.index + match[0].length]
}

const RANGES = new WeakMap<Document, Range[]>()

function rangesOf(document: Document): Range[] {
  const ranges = RANGES.get(document) ?? secretRanges(document)
  RANGES.set(document, ranges)
  return ranges
}

function secretRanges(document: Document): Range[] {
  const ranges: Range[] = []
  forEachEntry(document, document.contents, (section, value) => {
    if (section === 'providers' || section === 'clients') {
      forEachEntry(document, value, (_name, entry) => hideEntries(document, entry, PLAIN[section], ranges))
    } else if (section === 'server' || section === 'database') hideEntries(document, value, PLAIN[section], ranges)
    else if (!PLAIN_ROOT.has(section) && !PLAIN_DEFINITION.has(section)) hide(document, value, ranges)
  })
  return ranges
}

function hideEntries(
  document: Document,
  node: Node | null,
  plain: ReadonlySet<string> | undefined,
  ranges: Range[],
): void {
  forEachEntry(document, node, (key, value) => {
    if (!plain?.has(key)) hide(document, value, ranges)
  })
}

function hide(document: Document, node: Node | null, ranges: Range[]): void {
  const { isAlias, isScalar, visit } = yamlLibrary()
  const target = isAlias(node) ? node.resolve(document) : node
  if (!target) return
  visit(target, {
    Pair: (_position, { key }) => (isScalar(key) && PLAIN_OF_KEY.has(String(key.value)) ? visit.SKIP : undefined),
    Scalar: (position, scalar) => {
      if (position === 'key' || !scalar.range || typeof scalar.value === 'boolean') return
      // The name of a variable is what the reader needs to see.
      if (!/^\$\{\w+\}$/.test(String(scalar.value))) ranges.push([scalar.range[0], scalar.range[1]])
    },
  })
}

function forEachEntry(document: Document, node: Node | null, look: (key: string, value: Node | null) => void): void {
  const { isAlias, isMap, isScalar } = yamlLibrary()
  const map = isAlias(node) ? node.resolve(document) : node
  if (!isMap(map)) return
  for (const { key, value } of map.items) if (isScalar(key)) look(String(key.value), value as Node | null)
}
