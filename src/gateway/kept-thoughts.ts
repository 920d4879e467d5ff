/** Thoughts that stood before tool calls, kept by the call's id: vendors want them back, and many clients drop them. */
import { pipeAnswer, type AnswerSource, type AnswerSink } from '../chat/answer-source.ts'
import type { Delta } from '../chat/delta.ts'
import type { ChatRequest, Message, Reasoning } from '../chat/request.ts'

export interface KeptThoughts {
  /** Gives calls of the history that came without thoughts those that were told with them, to the client that heard them. */
  restore(messages: Message[], client: string | undefined): Message[]
  /** The same answer; what it thinks before its calls is kept once it has ended. */
  watch(
    answer: AsyncIterable<Delta[]>,
    request: Pick<ChatRequest, 'tools'>,
    client: string | undefined,
  ): AsyncIterable<Delta[]>
}

/** Characters of all thoughts together, and of one: what was told longest ago is forgotten. */
const MOST = 16 * 1024 * 1024
const MOST_OF_ONE = 512 * 1024

export function createKeptThoughts(most: number = MOST): KeptThoughts {
  const kept = new Map<string, Thought>()
  let size = 0

  function forget(name: string): void {
    size -= kept.get(name)?.text.length ?? 0
    kept.delete(name)
  }

  function keep(name: string, thought: Thought): void {
    forget(name)
    kept.set(name, thought)
    size += thought.text.length
    for (const oldest of kept.keys()) {
      if (size <= most) break
      forget(oldest)
    }
  }

  const nameOf = (client: string | undefined, id: string): string => `${client ?? ''}|${id}`

  function restored(message: Message, client: string | undefined, shared: ReadonlySet<string>): Message {
    if (!message.tool_calls || message.reasoning) return message
    for (const { id } of message.tool_calls) {
      if (shared.has(id)) continue
      const thought = kept.get(nameOf(client, id))
      if (thought !== undefined) return { ...message, reasoning: [thought] }
    }
    return message
  }

  return {
    restore(messages, client) {
      if (kept.size === 0) return messages
      const shared = sharedIds(messages)
      return messages.map((each) => restored(each, client, shared))
    },
    watch(answer, { tools }, client) {
      if (!tools || tools.length === 0) return answer
      const heard: Heard = { text: '', ids: new Set<string>() }
      const end = (): void => {
        const { text, as, ids } = heard
        if (text === '' || text.length > MOST_OF_ONE) return
        for (const id of ids) keep(nameOf(client, id), { text, ...(as && { told_as: as }) })
      }
      const listened: AnswerSource = {
        [Symbol.asyncIterator]: () => iterate(answer, heard, end),
        pushTo: (into) => pipeAnswer(answer, listening(into, heard, end)),
      }
      return listened
    },
  }
}

/** Of servers that give all their calls one id: nobody knows which call a thought led to. */
function sharedIds(messages: readonly Message[]): ReadonlySet<string> {
  const seen = new Set<string>()
  const shared = new Set<string>()
  for (const { tool_calls: calls = [] } of messages)
    for (const { id } of calls) {
      if (seen.has(id)) shared.add(id)
      seen.add(id)
    }
  return shared
}

type Thought = Reasoning & { text: string }

interface Heard {
  text: string
  /** Where the upstream speaks OpenAI's wire: the field that it told them in. */
  as?: Reasoning['told_as']
  ids: Set<string>
}

async function* iterate(answer: AsyncIterable<Delta[]>, heard: Heard, end: () => void): AsyncGenerator<Delta[]> {
  for await (const deltas of answer) {
    hear(deltas, heard)
    yield deltas
  }
  end()
}

function listening(into: AnswerSink, heard: Heard, end: () => void): AnswerSink {
  return {
    take(deltas) {
      hear(deltas, heard)
      return into.take(deltas)
    },
    takeText: (literal, event) => into.takeText(literal, event),
    end() {
      end()
      into.end()
    },
    fail: (cause) => into.fail(cause),
  }
}

function hear(deltas: readonly Delta[], heard: Heard): void {
  for (const { choice, reasoning, tool_call: call, chunk } of deltas) {
    if ((choice ?? 0) === 0) {
      heard.text += reasoning ?? ''
      if (call?.id !== undefined) heard.ids.add(call.id)
    }
    const choices = chunk?.['choices']
    if (Array.isArray(choices)) hearChoice(choices[0] as WireChoice | null | undefined, heard)
  }
}

/** A choice in OpenAI's wire form, as far as thoughts and calls go: whatever else an upstream may have put there. */
interface WireChoice {
  index?: unknown
  delta?: WireMessage | null
  message?: WireMessage | null
}

interface WireMessage {
  reasoning_content?: unknown
  reasoning?: unknown
  tool_calls?: unknown
}

function hearChoice(choice: WireChoice | null | undefined, heard: Heard): void {
  const said = choice?.delta ?? choice?.message
  if (!said || (choice?.index ?? 0) !== 0) return
  for (const field of ['reasoning_content', 'reasoning'] as const) {
    const thought = said[field]
    if (typeof thought !== 'string' || thought === '') continue
    heard.text += thought
    heard.as = field
    break
  }
  if (!Array.isArray(said.tool_calls)) return
  for (const call of said.tool_calls as ({ id?: unknown } | null)[])
    if (typeof call?.id === 'string') heard.ids.add(call.id)
}
