/** What a client has seen of an answer that may break and go on elsewhere: its text is kept, its tool calls are held back. */
import type { Delta } from '../../chat/delta.ts'
import { createOverlapTrimmer, type OverlapTrimmer } from './overlap-trimmer.ts'

export interface SentOutput {
  /** What of one network read is shown now. */
  trim(deltas: readonly Delta[]): Delta[]
  /** The upstream's own end: what was held back. */
  end(): Delta[]
  /** The stream broke: text that was held back is shown, a tool call is forgotten, and what comes next continues. */
  broke(): Delta[]
  /** The text that the client has seen. */
  text(): string
  /** Nothing was shown that a continuation could not follow. */
  canGoOn(): boolean
}

/** Reads that are held back for a tool call; a longer one is shown as it comes, and can then not be redone. */
const MOST_HELD = 20_000

export function createSentOutput(): SentOutput {
  const shown: string[] = []
  let held: Delta[] = []
  let isHolding = false
  let trimmer: OverlapTrimmer | undefined
  let hasThought = false
  let canGoOn = true

  function show(delta: Delta, out: Delta[]): void {
    const said = contentOf(delta)
    if (said.choice > 0 || said.other) canGoOn = false
    if (said.finish) {
      closeTrimmer(out)
      out.push(...held)
      held = []
      isHolding = false
    } else if (said.tool || isHolding) {
      closeTrimmer(out)
      isHolding = true
      held.push(delta)
      if (held.length <= MOST_HELD) return
      canGoOn = false
      out.push(...held)
      held = []
      return
    }
    const visible = trimmer === undefined ? said.text : trimmer.push(said.text)
    if (visible !== '') shown.push(visible)
    if (trimmer === undefined) {
      hasThought ||= said.reasoning
      out.push(delta)
    } else out.push(...continued(delta, said, visible, hasThought || shown.length > 0))
  }

  function closeTrimmer(out: Delta[], how: 'end' | 'broke' = 'end'): void {
    const rest = trimmer?.[how]() ?? ''
    if (rest === '') return
    shown.push(rest)
    out.push({ text: rest })
  }

  return {
    trim(deltas) {
      const out: Delta[] = []
      for (const delta of deltas) show(delta, out)
      return out
    },
    end() {
      const out: Delta[] = []
      closeTrimmer(out)
      out.push(...held)
      held = []
      return out
    },
    broke() {
      const out: Delta[] = []
      closeTrimmer(out, 'broke')
      held = []
      isHolding = false
      trimmer = createOverlapTrimmer(shown.join(''))
      return out
    },
    text: () => shown.join(''),
    canGoOn: () => canGoOn,
  }
}

interface Content {
  choice: number
  text: string
  reasoning: boolean
  tool: boolean
  finish: boolean
  /** Anything else that a client shows. */
  other: boolean
}

/** Fields of a delta that a client shows, and that no continuation can follow. */
const SHOWN = ['refusal', 'annotations', 'images', 'audio', 'server_tools', 'other'] as const

function contentOf(delta: Delta): Content {
  const content: Content = {
    choice: delta.choice ?? 0,
    text: delta.text ?? '',
    reasoning: Boolean(delta.reasoning),
    tool: delta.tool_call !== undefined,
    finish: delta.finish_reason !== undefined,
    other: SHOWN.some((field) => Boolean(delta[field])),
  }
  const choices = delta.chunk?.['choices']
  if (!Array.isArray(choices)) return content
  for (const choice of choices as (WireChoice | null)[]) {
    const said = choice?.delta
    if (typeof choice?.index === 'number') content.choice = Math.max(content.choice, choice.index)
    if (choice?.finish_reason) content.finish = true
    if (typeof said?.content === 'string') content.text += said.content
    else if (said?.content) content.other = true
    if (said?.reasoning_content || said?.reasoning) content.reasoning = true
    if (said?.tool_calls || said?.function_call) content.tool = true
    if (said?.refusal || said?.audio || said?.images) content.other = true
  }
  return content
}

interface WireChoice {
  index?: unknown
  finish_reason?: unknown
  delta?: Record<string, unknown>
}

/** Of a continuation, what the client has not had: neither another id, nor thoughts anew, nor text that it knows. */
function continued(delta: Delta, said: Content, visible: string, hasBegun: boolean): Delta[] {
  const { id: _id, model: _model, text: _text, chunk, ...rest } = delta
  const kept: Delta = rest
  if (hasBegun) {
    delete kept.reasoning
    delete kept.reasoning_state
  }
  if (visible !== '') kept.text = visible
  if (chunk !== undefined && (said.finish || said.tool || chunk['usage'])) kept.chunk = withoutText(chunk)
  return Object.keys(kept).length > 0 ? [kept] : []
}

function withoutText(chunk: Record<string, unknown>): Record<string, unknown> {
  const choices = Array.isArray(chunk['choices']) ? (chunk['choices'] as (WireChoice | null)[]) : []
  return {
    choices: choices.map((choice) => {
      const {
        content: _content,
        reasoning_content: _one,
        reasoning: _other,
        role: _role,
        ...delta
      } = choice?.delta ?? {}
      return { ...choice, delta }
    }),
  }
}
