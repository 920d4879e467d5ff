/**
 * A large file's plain data, read by a parser that keeps no positions: 40,000 providers take it an eighth of the time. It
 * is taken at its word only for what both parsers surely read alike; whoever wants a place in the file, or has anything
 * unusual in it, is answered by the other one.
 */
import { createRequire } from 'node:module'
import type * as JsYaml from 'js-yaml'

/** The same as `plainValue` makes of it; undefined where that is not sure, and where anything is wrong. */
export function quickValue(text: string): { value: unknown } | undefined {
  if (UNUSUAL.test(text)) return undefined
  const { yaml, schema } = (parser ??= loadParser())
  try {
    const events = yaml.parseEvents(text, { maxDepth: DEEPEST })
    if (!events.every((event) => isUsual(yaml, event, text))) return undefined
    const documents = yaml.constructFromEvents(events, { source: text, schema })
    return documents.length === 1 ? { value: documents[0] } : undefined
  } catch {
    // the other parser says what is wrong, and where
    return undefined
  }
}

/** A sound file of ours has some eight levels; the bound of the other parser counts them in its own way. */
const DEEPEST = 50

/** What is a line end, an indent or a character at all is where parsers differ; few files have `? ` or `: ` before a key or value. */
const UNUSUAL = /\r(?!\n)|[^\n\r -~\xa0-\u2027\u202a-\ufefe\uff00-\uffff]|^(?:%|---|\.\.\.|[ -]*[?:](?:\s|$))/m

/** No mark of a document, anchor, tag or alias, and no text of several lines. */
function isUsual({ EVENT_ID, SCALAR_STYLE }: typeof JsYaml, event: JsYaml.Event, text: string): boolean {
  if (event.type === EVENT_ID.POP) return true
  if (event.type === EVENT_ID.DOCUMENT) return !event.explicitStart && !event.explicitEnd
  if (event.type === EVENT_ID.ALIAS || event.anchorStart >= 0 || event.tagStart >= 0) return false
  if (event.type !== EVENT_ID.SCALAR) return true
  const { valueStart, valueEnd, style } = event
  if (style === SCALAR_STYLE.LITERAL_BLOCK || style === SCALAR_STYLE.FOLDED_BLOCK) return false
  // within the value alone: a file of one line has no end to look for, and each of its values would look through all of it
  return !text.slice(valueStart, valueEnd).includes('\n')
}

interface QuickParser {
  yaml: typeof JsYaml
  schema: JsYaml.Schema
}

let parser: QuickParser | undefined

/** When first needed: loading it costs a start 14 ms of the processor. */
function loadParser(): QuickParser {
  const yaml = createRequire(import.meta.url)('js-yaml') as typeof JsYaml
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
