/** What a request will cost, before it is sent: a guess that the scheduler corrects by what each answer says. */
import { madeOf, once } from '../runtime/recurring.ts'
import type { ChatRequest, Message, Part, Tool } from '../chat/request.ts'
import type { InputEstimate, Needs } from '../scheduler/types.ts'
import { USUAL_RULES, type TokenRules } from '../upstream/format/token-rules.ts'
import { measurePart, mediaTokens, type Medium } from './media-tokens.ts'

/** UTF-8 bytes for a token of mixed English and code; the scheduler learns each model's own ratio. */
const BYTES_PER_TOKEN = 3.6
/** The same for an answer's own text. */
export const CHARACTERS_PER_TOKEN = 4
/** UTF-16 units for a token of what is neither Latin nor Chinese, Japanese or Korean: Cyrillic, Arabic, Hindi, emoji. */
const OTHER_PER_TOKEN = 2
/** Tokens that each message costs beside its text. */
const MESSAGE_TOKENS = 4
/** No text has fewer tokens than this share of its estimate: a line of one repeated sign comes near. */
export const LEAST_TEXT = 0.15

/** A request's size, as far as it is the same for all vendors. */
export interface Measure {
  /** Tokens of the text that all count alike. */
  text: number
  /** Chinese, Japanese and Korean characters. */
  cjk: number
  media: Medium[]
}

/** Tokens by the usual rules. */
export function estimateInput(request: ChatRequest): number {
  return tokensOf(measure(request)).input
}

export function measure(request: ChatRequest): Measure {
  const found: Measure = { text: 3, cjk: 0, media: [] }
  for (const message of request.messages) {
    // one that comes again is measured once, by itself
    if (madeOf(message)) add(found, once(message, measureAlone))
    else measureMessage(found, message)
  }
  if (request.tools) add(found, once(request.tools, measureTools))
  return found
}

function add(found: Measure, { text, cjk, media }: Measure): void {
  found.text += text
  found.cjk += cjk
  if (media.length > 0) found.media.push(...media)
}

function measureAlone(message: Message): Measure {
  const found: Measure = { text: 0, cjk: 0, media: [] }
  measureMessage(found, message)
  return found
}

function measureTools(tools: readonly Tool[]): Measure {
  const found: Measure = { text: 0, cjk: 0, media: [] }
  for (const { name, description = '', parameters = {} } of tools) {
    found.text += name.length / BYTES_PER_TOKEN
    measureText(found, description)
    measureText(found, JSON.stringify(parameters))
  }
  return found
}

/** Do vendors count it by different rules? */
export function differs({ cjk, media }: Measure): boolean {
  return cjk > 0 || media.length > 0
}

export function tokensOf({ text, cjk, media }: Measure, rules: TokenRules = USUAL_RULES): InputEstimate {
  let input = text + cjk * rules.cjk
  let least = input * LEAST_TEXT
  for (const medium of media) {
    const tokens = mediaTokens(medium, rules)
    input += tokens.usual
    least += tokens.least
  }
  return { input: Math.ceil(input), least: Math.ceil(least) }
}

function measureMessage(found: Measure, message: Message): void {
  found.text += MESSAGE_TOKENS
  for (const part of message.content) measureAny(found, part)
  for (const call of message.tool_calls ?? []) {
    found.text += call.name.length / BYTES_PER_TOKEN
    measureText(found, JSON.stringify(call.arguments))
  }
}

function measureAny(found: Measure, part: Part): void {
  if (part.type === 'text') return measureText(found, part.text)
  const medium = measurePart(part)
  if (medium.kind === 'text') found.text += medium.bytes / BYTES_PER_TOKEN
  else found.media.push(medium)
}

/** Longer texts that are not ASCII are looked at in pieces of `PIECE`, spread over them. */
const SHORT = 2048
const PIECES = 16
const PIECE = 128
/** A text with fewer bytes beyond ASCII than one in so many units is not looked through: at worst the estimate is 3 % too low. */
const FEW = 50

function measureText(found: Measure, text: string): void {
  const { length } = text
  const beyond = Buffer.byteLength(text) - length
  if (beyond * FEW <= length) {
    found.text += (length - beyond) / BYTES_PER_TOKEN + beyond / OTHER_PER_TOKEN
    return
  }
  const seen: Seen = { units: 0, cjk: 0, other: 0 }
  if (length <= SHORT) look(seen, text, 0, length)
  else for (let piece = 0; piece < PIECES; piece++) look(seen, text, ...pieceOf(length, piece))
  const { units, cjk, other } = seen
  const all = length / units
  found.cjk += cjk * all
  found.text += ((units - cjk - other) / BYTES_PER_TOKEN + other / OTHER_PER_TOKEN) * all
}

interface Seen {
  units: number
  cjk: number
  /** Neither Latin nor Chinese, Japanese or Korean. */
  other: number
}

function look(seen: Seen, text: string, from: number, to: number): void {
  let cjk = 0
  let other = 0
  for (let at = from; at < to; at++) {
    const unit = text.charCodeAt(at)
    if (unit < 0x300) continue
    if (isCjk(unit)) cjk++
    else other++
  }
  seen.units += to - from
  seen.cjk += cjk
  seen.other += other
}

function pieceOf(length: number, piece: number): [from: number, to: number] {
  const from = Math.floor((piece * (length - PIECE)) / (PIECES - 1))
  return [from, from + PIECE]
}

/** A UTF-16 unit of ideographs, kana, hangul, their punctuation or full-width signs, the rarer ideographs' pairs aside. */
function isCjk(unit: number): boolean {
  return (
    (unit >= 0x2e80 && unit <= 0x9fff) ||
    (unit >= 0xac00 && unit <= 0xd7af) ||
    (unit >= 0xf900 && unit <= 0xfaff) ||
    (unit >= 0xff00 && unit <= 0xffef)
  )
}

/** What a model must be able to do to serve this request at all. */
export function needsOf(request: ChatRequest): Needs {
  return {
    tools: request.tools !== undefined && request.tools.length > 0 && request.tool_choice !== 'none',
    vision: hasImage(request.messages),
    json_schema: request.response_format?.type === 'json_schema',
  }
}

function hasImage(messages: readonly Message[]): boolean {
  for (const { role, content } of messages) {
    // those that a model made are left out where the next one takes none
    if (role === 'assistant') continue
    for (const { type } of content) if (type === 'image') return true
  }
  return false
}
