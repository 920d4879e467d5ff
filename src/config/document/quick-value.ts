/**
 * A file's plain data, read by a parser that keeps no positions: ours takes it a third of the time, 40,000 providers an eighth. It
 * is taken at its word only for what both parsers surely read alike; whoever wants a place in the file, or has anything
 * unusual in it, is answered by the other one.
 */
import type * as JsYaml from 'js-yaml'
import { onDemand } from '../../runtime/modules.ts'

/** The same as `plainValue` makes of it; undefined where that is not sure, and where anything is wrong. */
export function quickValue(text: string): { value: unknown } | undefined {
  if (UNUSUAL.test(text)) return undefined
  const { yaml, schema } = (parser ??= loadParser())
  try {
    const events = yaml.parseEvents(text, { maxDepth: DEEPEST })
    const { isSure, hasAliases } = look(yaml, events, text)
    if (!isSure) return undefined
    const documents = yaml.constructFromEvents(events, { source: text, schema, maxAliases: MOST_ALIASES })
    if (documents.length !== 1) return undefined
    return { value: hasAliases ? unshared(documents[0]) : documents[0] }
  } catch {
    // the other parser says what is wrong, and where
    return undefined
  }
}

/** A sound file of ours has some eight levels; the bound of the other parser counts them in its own way. */
const DEEPEST = 50

/** What is a line end, an indent or a character at all is where parsers differ; few files have `? ` or `: ` before a key or value. */
const UNUSUAL = /\r(?!\n)|[^\n\r -~\xa0-\u2027\u202a-\ufefe\uff00-\uffff]|^(?:%|---|\.\.\.|[ -]*[?:](?:\s|$))/m

/** What they repeat is copied: more of it is left to who counts it well. */
const MOST_ALIASES = 1000
const MOST_COPIED = 100_000

interface Looked {
  isSure: boolean
  hasAliases: boolean
}

/** No mark of a document or tag, and no text of several lines; anchors and aliases as they are commonly used, of values. */
function look(yaml: typeof JsYaml, events: readonly JsYaml.Event[], text: string): Looked {
  const { EVENT_ID } = yaml
  /** How many keys and values each open map has by now; of a list it does not matter. */
  const open: { isMap: boolean; parts: number }[] = []
  const anchors = new Set<string>()
  const looked = { isSure: false, hasAliases: false }
  for (const event of events) {
    if (event.type === EVENT_ID.POP) {
      open.pop()
      continue
    }
    if (!isUsual(yaml, event, text)) return looked
    const parent = open.at(-1)
    const isKey = parent?.isMap === true && parent.parts % 2 === 0
    if (parent) parent.parts++
    if (event.type === EVENT_ID.DOCUMENT || event.type === EVENT_ID.MAPPING || event.type === EVENT_ID.SEQUENCE)
      open.push({ isMap: event.type === EVENT_ID.MAPPING, parts: 0 })
    if (event.type === EVENT_ID.DOCUMENT || event.anchorStart < 0) continue
    const name = text.slice(event.anchorStart, event.anchorEnd)
    if (isKey || !/^\w+$/.test(name) || !follows(BEHIND_NAME, text, event.anchorEnd)) return looked
    if (event.type === EVENT_ID.ALIAS) looked.hasAliases = true
    // the second of a name counts from where it begins, or from where it ends
    else if (anchors.has(name)) return looked
    else anchors.add(name)
  }
  return { ...looked, isSure: true }
}

function isUsual({ EVENT_ID, SCALAR_STYLE }: typeof JsYaml, event: JsYaml.Event, text: string): boolean {
  if (event.type === EVENT_ID.POP || event.type === EVENT_ID.ALIAS) return true
  if (event.type === EVENT_ID.DOCUMENT) return !event.explicitStart && !event.explicitEnd
  if (event.tagStart >= 0) return false
  if (event.type !== EVENT_ID.SCALAR) return true
  const { valueStart, valueEnd, style } = event
  const isQuoted = style === SCALAR_STYLE.SINGLE_QUOTED || style === SCALAR_STYLE.DOUBLE_QUOTED
  if (isQuoted && !follows(BEHIND_QUOTES, text, valueEnd + 1)) return false
  if (style === SCALAR_STYLE.LITERAL_BLOCK || style === SCALAR_STYLE.FOLDED_BLOCK) return false
  // within the value alone: a file of one line has no end to look for, and each of its values would look through all of it
  return !text.slice(valueStart, valueEnd).includes('\n')
}

/** The one parser wants an end where the other reads on. */
const BEHIND_QUOTES = /[ \t]*(?:[,:\]}\r\n]|[ \t]#|$)/y
const BEHIND_NAME = /(?! *[?:]\s)[\s,\]}]|$/y

function follows(pattern: RegExp, text: string, at: number): boolean {
  pattern.lastIndex = at
  return pattern.test(text)
}

/** Each alias a value of its own. Throws where that is endless, or much. */
function unshared(root: unknown): unknown {
  let values = 0
  const copied = (value: unknown, depth: number): unknown => {
    if (++values > MOST_COPIED || depth > DEEPEST) throw new RangeError('too much')
    if (Array.isArray(value)) return value.map((each) => copied(each, depth + 1))
    if (typeof value !== 'object' || value === null) return value
    const map: Record<string, unknown> = {}
    for (const key in value) map[key] = copied((value as Record<string, unknown>)[key], depth + 1)
    return map
  }
  return copied(root, 0)
}

interface QuickParser {
  yaml: typeof JsYaml
  schema: JsYaml.Schema
}

let parser: QuickParser | undefined

const library = onDemand<typeof JsYaml>('js-yaml', import.meta.url)

/** When first needed: loading it costs a start 14 ms of the processor. */
function loadParser(): QuickParser {
  const yaml = library()
  const map = yaml.defineMappingTag<Record<string, unknown>>('tag:yaml.org,2002:map', {
    create: () => ({}),
    has: (carrier, key) => Object.hasOwn(carrier, nameOf(key) ?? ''),
    addPair(carrier, key, value) {
      const name = nameOf(key)
      if (name === undefined || name === '__proto__') return 'unusual'
      carrier[name] = value
      return ''
    },
    keys: (carrier) => Object.keys(carrier),
    get: (carrier, key) => carrier[String(key)],
    identify: () => false,
  })
  // a number beyond what a double holds is infinity to the other parser, and a text to this one
  const float: typeof yaml.floatCoreTag = {
    ...yaml.floatCoreTag,
    resolve(source, isExplicit, tagName) {
      const value = yaml.floatCoreTag.resolve(source, isExplicit, tagName)
      if (value === yaml.NOT_RESOLVED && NUMBER.test(source)) throw new RangeError('too large')
      return value
    },
  }
  return { yaml, schema: yaml.CORE_SCHEMA.withTags(map, float) }
}

function nameOf(key: unknown): string | undefined {
  return typeof key === 'object' && key !== null ? undefined : String(key ?? '')
}

const NUMBER = /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/
