/** A vendor's whole answer, or its stream, by example → the rules that read it. */
import { isMap } from '../../definition/scope.ts'
import type { FramedEvent } from '../../upstream/types.ts'
import { FRAMINGS } from '../../upstream/response/framing/index.ts'
import { callRule, finishAt, finishTable, headRule, textRule, textWays, usageAt } from './findings.ts'
import { at } from './leaves.ts'
import { ruleAt, type Rule } from './rule.ts'

export interface AnswerDraft {
  rules: Rule[]
  finish_reasons: Record<string, string>
  usage?: Record<string, unknown>
  notes: string[]
}

export interface StreamDraft extends AnswerDraft {
  framing: string
  done?: string
  transforms?: string[]
}

export function draftAnswer(answer: unknown): AnswerDraft {
  const notes: string[] = []
  const [way] = textWays(answer)
  const call = callRule(answer)
  if (!way && !call) notes.push('no text was found in the sample answer: write the rule that emits { text: … }')
  const finish = finishAt(answer)
  if (!finish) notes.push('no finish reason was found in the sample answer; a whole answer without one ends with stop')
  const usage = usageAt(answer)
  if (!usage) notes.push('no token counts were found in the sample answer')
  const rules = [
    headRule(answer),
    way && textRule(answer, way),
    call,
    finish && ruleAt(finish.way, '$reason', { finish_reason: '$reason' }),
    usage && ruleAt(usage.way, '$usage:map', { usage: '$usage' }),
  ].filter((rule) => rule !== undefined)
  return {
    rules,
    finish_reasons: finish ? finishTable([finish.word]) : {},
    usage: usage?.counts,
    notes,
  }
}

interface Event {
  name?: string
  value: unknown
}

/** Throws an Error where the text is no stream that a framing can cut. */
export function draftStream(text: string): StreamDraft {
  const { framing, framed } = frame(text)
  const texts = framed.flatMap((event) => event.text ?? [])
  const done = texts.find((each) => /^\[?DONE\]?$/i.test(each.trim()))?.trim()
  const events = framed.flatMap(parsed)
  const named = events.some(({ name }) => name !== undefined && name !== 'message')
  const notes: string[] = []
  const found = wordsOf(events)
  if (!found) notes.push('no text was found in the sample stream: write the rule that emits { text: … }')
  const finish = last(events, finishAt)
  if (!finish)
    notes.push('no finish reason was found in the sample stream: a client gets an error for an end without one')
  const usage = last(events, usageAt)
  const head = first(events, headRule)
  const call = first(events, callRule)
  const end = done === undefined && named ? events.at(-1) : undefined
  const of = (event: Event, rule: Rule): Rule => (named ? { event: event.name, ...rule } : rule)
  const rules: Rule[] = [
    ...(head ? [of(head.event, head.found)] : []),
    ...(found ? [of(found.event, textRule(found.event.value, found.way))] : []),
    ...(call ? [of(call.event, call.found)] : []),
    ...(finish ? [of(finish.event, ruleAt(finish.found.way, '$reason', { finish_reason: '$reason' }))] : []),
    ...(usage ? [of(usage.event, ruleAt(usage.found.way, '$usage:map', { usage: '$usage' }))] : []),
    ...(end && isOwn(events, end) ? [{ event: end.name, when: '$_', emit: { done: true } }] : []),
  ]
  return {
    framing,
    ...(done !== undefined && { done }),
    ...(found?.cumulative && { transforms: ['prefix-difference'] }),
    rules,
    finish_reasons: finish ? finishTable([finish.found.word]) : {},
    usage: usage?.found.counts,
    notes,
  }
}

function frame(text: string): { framing: string; framed: FramedEvent[] } {
  const start = text.trimStart()
  const framing = /^(data|event|id|retry):|^:/m.test(text) ? 'sse' : start.startsWith('[') ? 'json-array' : 'ndjson'
  const framer = FRAMINGS[framing]()
  const framed = [...framer.push(Buffer.from(text, 'utf8')), ...framer.end()]
  if (framed.length === 0) throw new Error('the sample stream has no event')
  return { framing, framed }
}

function parsed({ name, text, value }: FramedEvent): Event[] {
  if (value !== undefined) return [{ name, value }]
  try {
    return [{ name, value: JSON.parse(text ?? '') as unknown }]
  } catch {
    return []
  }
}

/** The place where the events together say most. */
function wordsOf(events: Event[]): { event: Event; way: (string | number)[]; cumulative: boolean } | undefined {
  const said = new Map<string, { event: Event; way: (string | number)[]; texts: string[]; rank: number }>()
  for (const event of events) {
    textWays(event.value).forEach((way, rank) => {
      const key = JSON.stringify([event.name, way])
      const known = said.get(key) ?? { event, way, texts: [], rank }
      known.texts.push(String(at(event.value, way)))
      said.set(key, known)
    })
  }
  const length = ({ texts }: { texts: string[] }): number => texts.reduce((sum, each) => sum + each.length, 0)
  const [best] = [...said.values()].sort(
    (a, b) => a.rank - b.rank || b.texts.length - a.texts.length || length(b) - length(a),
  )
  if (!best) return undefined
  const { event, way, texts } = best
  const cumulative = texts.length > 2 && texts.every((each, i) => i === 0 || each.startsWith(texts[i - 1] ?? ''))
  return { event, way, cumulative }
}

type Finder<T> = (value: unknown) => T | undefined

function first<T>(events: Event[], find: Finder<T>): { event: Event; found: T } | undefined {
  for (const event of events) {
    const found = find(event.value)
    if (found !== undefined) return { event, found }
  }
  return undefined
}

function last<T>(events: Event[], find: Finder<T>): { event: Event; found: T } | undefined {
  return first(events.toReversed(), find)
}

/** An event of a name that comes once, at the end. */
function isOwn(events: Event[], end: Event): boolean {
  return events.filter(({ name }) => name === end.name).length === 1
}

export function isOpenAI(answer: unknown): boolean {
  const [choice] = isMap(answer) && Array.isArray(answer['choices']) ? (answer['choices'] as unknown[]) : []
  return isMap(choice) && (isMap(choice['message']) || isMap(choice['delta']))
}

export function isOpenAIStream(text: string): boolean {
  return frame(text)
    .framed.flatMap(parsed)
    .some(({ value }) => isOpenAI(value))
}
