/** What the sandbox says to a request: the same request, the same answer. */
import type { Behaviour } from '../types.ts'
import { jsonFromSchema } from './json-from-schema.ts'
import { namedFields } from './named-fields.ts'
import { ownWords } from './own-words.ts'
import { prose, sentences } from './prose.ts'
import { promptTokens } from './prompt-tokens.ts'
import { hashOf, randomOf } from './random.ts'
import type { Json, ReadMessage, SandboxRequest } from '../request.ts'
import { countTokens, tokensOf } from './tokens.ts'
import { callsFor } from './tool-calls.ts'
import type { MadeCall } from './tool-calls.ts'

export interface Choice {
  reasoning: string
  /** Null where it calls tools or declines. */
  text: string | null
  refusal: string | null
  calls: MadeCall[]
  finish: 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'function_call'
}

export interface Answer {
  id: string
  model: string
  /** Seconds since 1970. */
  created: number
  choices: Choice[]
  usage: { prompt: number; cached: number; completion: number; reasoning: number }
}

/** `cached`: how many tokens of the prompt were found in a cache. */
export function answer(request: SandboxRequest, behaviour: Behaviour, now: number, cached = 0): Answer {
  const choices = Array.from({ length: request.n }, (_, index) => choiceOf(request, behaviour, index))
  const reasoning = choices.reduce((sum, choice) => sum + countTokens(choice.reasoning), 0)
  return {
    id: `chatcmpl-${hashOf(request.model + request.seed).slice(0, 24)}`,
    model: request.model,
    created: Math.floor(now / 1000),
    choices,
    usage: { prompt: promptTokens(request), cached, completion: reasoning + choices.reduce(spoken, 0), reasoning },
  }
}

const spoken = (sum: number, choice: Choice): number =>
  sum +
  countTokens(choice.text ?? choice.refusal ?? '') +
  choice.calls.reduce((some, call) => some + countTokens(call.name) + countTokens(call.arguments), 0)

function choiceOf(request: SandboxRequest, behaviour: Behaviour, index: number): Choice {
  const random = randomOf(`${request.seed}${index}`)
  const reasoning = behaviour.think
    ? `I was asked about ${JSON.stringify(topic(request))}. ${sentences(random, 1, 2)}`
    : ''
  const choice: Choice = { reasoning, text: null, refusal: null, calls: [], finish: 'stop' }
  if (behaviour.fault === 'empty') return { ...choice, reasoning: '', text: '' }
  if (behaviour.fault === 'refuse') return { ...choice, refusal: "I'm sorry, but I can't help with that." }
  choice.calls = callsFor(request, index)
  if (choice.calls.length > 0) return { ...choice, finish: request.legacy ? 'function_call' : 'tool_calls' }
  choice.text = behaviour.say ?? textOf(request, behaviour, index)
  const stopped = cutAtStop(choice.text, request.stop)
  const limited = cutAtLimit({ ...choice, text: stopped }, request.maxTokens)
  return behaviour.fault === 'filter' ? { ...limited, finish: 'content_filter' } : limited
}

function textOf(request: SandboxRequest, behaviour: Behaviour, index: number): string {
  const random = randomOf(`${request.seed}${index}text`)
  if (request.schema) return JSON.stringify(jsonFromSchema(asked(request.schema, request.messages), random))
  if (behaviour.words !== undefined) return prose(random, behaviour.words)
  const last = request.messages.findLast((message) => message.role === 'user')
  const wanted = /^\s*(?:say|repeat|echo)\b[^:]{0,30}:\s*([\s\S]+)$/i.exec(last?.text ?? '')?.[1]
  if (wanted !== undefined && request.messages.at(-1) === last) return wanted
  const results = toolResults(request.messages)
  if (results.length > 0) return `${results.join(' ')} ${sentences(random, 1, 1)}`
  const seen = request.messages.at(-1)?.media ?? []
  const looked = seen.length > 0 ? ` I was given ${seen.map(spokenKind).join(' and ')}.` : ''
  return `This is the sandbox: you said ${JSON.stringify(topic(request))}.${looked} ${sentences(random, 2, 4)}`
}

/** A schema that says nothing of its fields leaves them to the prompt. */
function asked(schema: Json, messages: ReadMessage[]): Json {
  if (Object.keys(schema).some((key) => key !== 'type')) return schema
  return namedFields(messages.map(({ text }) => text)) ?? schema
}

/** The results at the end of the conversation, each with the name of the tool that gave it. */
function toolResults(messages: ReadMessage[]): string[] {
  const first = messages.findLastIndex((message) => message.role !== 'tool' && message.role !== 'function') + 1
  const calls = messages.flatMap((message) => message.calls)
  return messages.slice(first).map((message) => {
    const name = calls.find((call) => call.id === message.callId)?.name ?? message.name ?? 'The tool'
    return `${name} says: ${clipped(message.text, 300)}.`
  })
}

function topic(request: SandboxRequest): string {
  const text = request.messages.findLast((message) => message.role === 'user')?.text ?? ''
  return clipped((ownWords(text) || text).replaceAll(/\s+/g, ' ').trim(), 80)
}

/** A file that an agent read, said back word for word, would take minutes. @param most characters */
function clipped(text: string, most: number): string {
  const characters = text.length > most ? [...text] : []
  return characters.length > most ? `${characters.slice(0, most - 1).join('')}…` : text
}

const spokenKind = (kind: string): string =>
  `a ${kind.replace(/^input_|_url$/g, '').replaceAll('_', ' ')}`.replace(/^a (?=[aio])/, 'an ')

function cutAtStop(text: string, stops: string[]): string {
  const found = stops.map((stop) => text.indexOf(stop)).filter((at) => at >= 0)
  return found.length > 0 ? text.slice(0, Math.min(...found)) : text
}

/** Thoughts count against the limit too, and come first. */
function cutAtLimit(choice: Choice, limit: number): Choice {
  const thoughts = tokensOf(choice.reasoning)
  const words = tokensOf(choice.text ?? '')
  if (thoughts.length + words.length <= limit) return choice
  const left = Math.max(0, limit - thoughts.length)
  const reasoning = thoughts.slice(0, limit).join('')
  return { ...choice, reasoning, text: words.slice(0, left).join(''), finish: 'length' }
}
