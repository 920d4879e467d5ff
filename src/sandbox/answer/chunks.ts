/** An answer as the data of its stream's events, in order. */
import type { Answer, Choice } from './answer.ts'
import { envelope, logprobs, usageObject } from './completion.ts'
import type { SandboxRequest } from '../request.ts'
import { wordsOf } from './tokens.ts'

export interface Event {
  /** Without `data: ` and line ends. */
  data: string
  /** Does it say something (then the pace applies to it)? */
  content: boolean
}

const ARGUMENT_LENGTH = 12

export function chunks(answer: Answer, request: SandboxRequest): Event[] {
  const head = envelope(answer, 'chat.completion.chunk')
  const usage = request.includeUsage ? { usage: null } : {}
  const events: Event[] = []
  const put = (index: number, delta: unknown, finish: string | null = null, probabilities: unknown = null): void => {
    const choice = { index, delta, logprobs: probabilities, finish_reason: finish }
    const content = finish === null && !(typeof delta === 'object' && delta !== null && 'role' in delta)
    events.push({ data: JSON.stringify({ ...head, choices: [choice], ...usage }), content })
  }
  for (const [index, choice] of answer.choices.entries()) {
    const first = choice.text === null ? { content: null } : { content: '' }
    put(index, { role: 'assistant', ...first, refusal: null })
    for (const word of wordsOf(choice.reasoning)) put(index, { reasoning_content: word })
    for (const word of wordsOf(choice.text ?? '')) {
      put(index, { content: word }, null, request.logprobs === null ? null : logprobs(word, request.logprobs))
    }
    for (const word of wordsOf(choice.refusal ?? '')) put(index, { refusal: word })
    for (const delta of callDeltas(choice, request.legacy)) put(index, delta)
    put(index, {}, choice.finish)
  }
  if (request.includeUsage) {
    events.push({ data: JSON.stringify({ ...head, choices: [], usage: usageObject(answer) }), content: false })
  }
  return events
}

/** A call's id and name once, then its arguments in pieces. */
function callDeltas(choice: Choice, legacy: boolean): unknown[] {
  const deltas: unknown[] = []
  for (const [index, { id, name, arguments: given, custom }] of choice.calls.entries()) {
    const pieces = given.match(new RegExp(`[^]{1,${ARGUMENT_LENGTH}}`, 'gu')) ?? []
    if (legacy) {
      deltas.push({ function_call: { name, arguments: '' } })
      for (const piece of pieces) deltas.push({ function_call: { arguments: piece } })
    } else if (custom) {
      deltas.push({ tool_calls: [{ index, id, type: 'custom', custom: { name, input: '' } }] })
      for (const piece of pieces) deltas.push({ tool_calls: [{ index, custom: { input: piece } }] })
    } else {
      deltas.push({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] })
      for (const piece of pieces) deltas.push({ tool_calls: [{ index, function: { arguments: piece } }] })
    }
  }
  return deltas
}
