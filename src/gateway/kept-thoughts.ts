/** Thoughts that stood before tool calls, kept by the call's id: vendors want them back, and many clients drop them. */
import { pipeAnswer, type AnswerSource, type AnswerSink } from '../chat/answer-source.ts'
import type { Delta } from '../chat/delta.ts'
import type { ChatRequest, Message } from '../chat/request.ts'

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
  const kept = new Map<string, string>()
  let size = 0

  function forget(name: string): void {
    size -= kept.get(name)?.length ?? 0
    kept.delete(name)
  }

  function keep(name: string, text: string): void {
    forget(name)
    kept.set(name, text)
    size += text.length
    for (const oldest of kept.keys()) {
      if (size <= most) break
      forget(oldest)
    }
  }

  const nameOf = (client: string | undefined, id: string): string => `${client ?? ''}|${id}`

  function restored(message: Message, client: string | undefined): Message {
    if (!message.tool_calls || message.reasoning) return message
    for (const { id } of message.tool_calls) {
      const text = kept.get(nameOf(client, id))
      if (text !== undefined) return { ...message, reasoning: [{ text }] }
    }
    return message
  }

  return {
    restore: (messages, client) => (kept.size === 0 ? messages : messages.map((each) => restored(each, client))),
    watch(answer, { tools }, client) {
      if (!tools || tools.length === 0) return answer
      const heard = { text: '', ids: new Set<string>() }
      const end = (): void => {
        if (heard.text === '' || heard.text.length > MOST_OF_ONE) return
        for (const id of heard.ids) keep(nameOf(client, id), heard.text)
      }
      const listened: AnswerSource = {
        [Symbol.asyncIterator]: () => iterate(answer, heard, end),
        pushTo: (into) => pipeAnswer(answer, listening(into, heard, end)),
      }
      return listened
    },
  }
}

interface Heard {
  text: string
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
    takeText: (literal) => into.takeText(literal),
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
  const thought = [said.reasoning_content, said.reasoning].find((each) => typeof each === 'string' && each !== '')
  if (typeof thought === 'string') heard.text += thought
  if (!Array.isArray(said.tool_calls)) return
  for (const call of said.tool_calls as ({ id?: unknown } | null)[])
    if (typeof call?.id === 'string') heard.ids.add(call.id)
}
