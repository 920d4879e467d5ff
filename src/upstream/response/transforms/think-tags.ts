/** Thoughts that a server leaves in the text, as `<think>…</think>` at its beginning, become reasoning. */
import type { Delta } from '../../../chat/delta.ts'
import { isMap } from '../../../definition/scope.ts'
import { isChoice } from '../delta-fields.ts'
import type { StreamTransformFactory } from './stream-transform.ts'

interface Said {
  reasoning?: string
  text?: string
}

interface Splitter {
  push(text: string): Said
  /** What was held back because it might have become a tag. */
  end(): Said
  /** All that was told as a thought that nothing has closed yet. */
  unclosed(): string
  /** The thought is over, or there was none: all that follows is text. */
  isPast(): boolean
}

const OPEN = '<think>'
const CLOSE = '</think>'
/** A tag that is only spoken of stands within a line. */
const CLOSES_A_LINE = /\n<\/think>|<\/think>\s*(?:\n|$)/

/**
 * Option `opened`: the model's template writes the opening tag itself, so that only the closing one is sent. An answer that
 * ends well without one was not thought but said, by a model that can do without thinking.
 */
export const thinkTags: StreamTransformFactory = (options) => () => {
  const splitters = new Map<number, Splitter>()
  /** Choices that ended of themselves, with nothing but text. */
  const whole = new Set<number>()
  const at = (choice: number): Splitter => {
    const known = splitters.get(choice) ?? createSplitter(options['opened'] === true)
    splitters.set(choice, known)
    return known
  }
  return {
    passes: () => splitters.get(0)?.isPast() === true,
    push: (deltas) =>
      deltas.map((delta) => {
        if (delta.chunk) return { ...delta, chunk: splitChunk(delta.chunk, at, whole) }
        if (delta.finish_reason === 'stop') whole.add(delta.choice ?? 0)
        return delta.text === undefined ? delta : splitText(delta, at(delta.choice ?? 0))
      }),
    end: () =>
      [...splitters].flatMap(([choice, splitter]): Delta[] => {
        const said = splitter.end()
        const answer = splitter.unclosed()
        if (answer !== '' && whole.has(choice)) said.text = answer
        return Object.keys(said).length === 0 ? [] : [{ choice, ...said }]
      }),
  }
}

function splitText({ text, ...rest }: Delta, splitter: Splitter): Delta {
  return { ...rest, ...splitter.push(text ?? '') }
}

function splitChunk(
  chunk: Record<string, unknown>,
  at: (choice: number) => Splitter,
  whole: Set<number>,
): Record<string, unknown> {
  if (!Array.isArray(chunk['choices'])) return chunk
  const choices = chunk['choices'].map((choice: unknown, position) => {
    if (!isMap(choice)) return choice
    const key = isMap(choice['delta']) ? 'delta' : 'message'
    const index = isChoice(choice['index']) ? choice['index'] : position
    if (choice['finish_reason'] === 'stop') whole.add(index)
    const said = choice[key]
    if (!isMap(said) || typeof said['content'] !== 'string') return choice
    const isWhole = key === 'message' && choice['finish_reason'] === 'stop'
    // nothing of it is told yet: there is no need to tell it twice
    if (isWhole && !said['content'].includes(CLOSE) && !said['content'].trimStart().startsWith(OPEN)) return choice
    const splitter = at(index)
    const { text, reasoning } = splitter.push(said['content'])
    const thought = reasoning === undefined ? {} : { reasoning_content: reasoning }
    return { ...choice, [key]: { ...said, content: text ?? '', ...thought } }
  })
  return { ...chunk, choices }
}

function createSplitter(isOpened: boolean): Splitter {
  let state: 'start' | 'thought' | 'gap' | 'text' = isOpened ? 'thought' : 'start'
  let held = ''
  let thought = ''

  function push(more: string): Said {
    held += more
    const said: Said = {}
    if (state === 'start') {
      const begun = held.trimStart()
      if (begun === '' || OPEN.startsWith(begun)) return said
      if (begun.startsWith(OPEN)) [state, held] = ['thought', begun.slice(OPEN.length).replace(/^\n/, '')]
      // the template may have written the opening tag into the prompt: then all before the closing one is thought
      else state = CLOSES_A_LINE.test(held) ? 'thought' : 'text'
    }
    if (state === 'thought') {
      const close = held.indexOf(CLOSE)
      const until = close < 0 ? held.length - tailOf(held, CLOSE) : close
      if (until > 0) said.reasoning = held.slice(0, until)
      if (isOpened) thought += said.reasoning ?? ''
      held = held.slice(close < 0 ? until : until + CLOSE.length)
      if (close < 0) return said
      state = 'gap'
      thought = ''
    }
    // the blank lines between thought and answer belong to neither
    if (state === 'gap') {
      held = held.trimStart()
      if (held === '') return said
      state = 'text'
    }
    if (held !== '') said.text = held
    held = ''
    return said
  }

  return {
    push,
    end() {
      const rest = held
      held = ''
      if (rest === '' || state === 'gap') return {}
      if (state !== 'thought') return { text: rest }
      if (isOpened) thought += rest
      return { reasoning: rest }
    },
    unclosed: () => thought,
    isPast: () => state === 'text',
  }
}

/** How many characters at the end of a text may be the beginning of a tag. */
function tailOf(text: string, tag: string): number {
  for (let length = Math.min(text.length, tag.length - 1); length > 0; length--) {
    if (text.endsWith(tag.slice(0, length))) return length
  }
  return 0
}
