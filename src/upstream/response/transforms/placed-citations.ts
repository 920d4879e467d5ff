/** Citations get the place in the content that OpenAI tells with them, in characters of the whole content. */
import type { Delta } from '../../../chat/delta.ts'
import { isMap } from '../../../definition/scope.ts'
import { isChoice } from '../delta-fields.ts'
import type { StreamTransformFactory } from './stream-transform.ts'

/** What a vendor says of a place: which of the delta's annotations it is of, and where, in bytes of UTF-8. */
interface Place {
  of: number[]
  start: number
  end: number | undefined
  text: string | undefined
}

/** One choice: its content so far, where its block begins, and what waits for the text that it belongs to. */
interface Answer {
  text: string
  block: number
  open: Record<string, unknown>[]
  waiting: { annotations: unknown[]; places: unknown[] }[]
  told: Set<string>
}

/**
 * Option `by`: `blocks`, a citation is of all of the text block that holds it, which an empty text begins; `places`, a delta says
 * `places` beside its `annotations`. Told once the text is there: when the block, or the answer, is over.
 */
export const placedCitations: StreamTransformFactory = (options) => (request) => {
  const byBlock = options['by'] === 'blocks'
  // only tools of the vendor's own bring any
  if (byBlock && request.vendor_tools === undefined) return undefined
  const answers = new Map<number, Answer>()
  const at = (choice: number): Answer => {
    const known = answers.get(choice) ?? { text: '', block: 0, open: [], waiting: [], told: new Set<string>() }
    answers.set(choice, known)
    return known
  }

  function take(delta: Delta, out: Delta[]): void {
    const { annotations, places, ...rest } = delta
    const choice = isChoice(delta.choice) ? delta.choice : 0
    const isCited = annotations !== undefined && annotations.length > 0
    if (delta.text !== undefined) {
      const answer = at(choice)
      if (byBlock && delta.text === '') closeBlock(answer, choice, out)
      answer.text += delta.text
    }
    if (isCited && byBlock) at(choice).open.push(...annotations.filter(isMap))
    else if (isCited) at(choice).waiting.push({ annotations, places: Array.isArray(places) ? places : [] })
    if (delta.finish_reason !== undefined) tell(choice, out)
    if (annotations === undefined && places === undefined) out.push(delta)
    else if (Object.keys(rest).some((key) => key !== 'choice')) out.push(rest)
  }

  function closeBlock(answer: Answer, choice: number, out: Delta[]): void {
    const end = answer.text.length
    const placed = answer.open.map((each) => withPlace(each, answer.text, answer.block, end))
    answer.block = end
    answer.open = []
    if (placed.length > 0) out.push({ ...(choice > 0 && { choice }), annotations: placed })
  }

  function tell(choice: number, out: Delta[]): void {
    const answer = answers.get(choice)
    if (!answer) return
    closeBlock(answer, choice, out)
    // metadata may be repeated with each piece of a stream
    const placed = answer.waiting
      .flatMap((each) => placedBy(each.annotations, each.places, answer.text))
      .filter((each) => !answer.told.has(JSON.stringify(each)) && answer.told.add(JSON.stringify(each)))
    answer.waiting = []
    if (placed.length > 0) out.push({ ...(choice > 0 && { choice }), annotations: placed })
  }

  return {
    passes: (text) => text !== '',
    pass(text) {
      at(0).text += text
    },
    push(deltas) {
      const out: Delta[] = []
      for (const delta of deltas) take(delta, out)
      return out
    },
    end() {
      const out: Delta[] = []
      for (const choice of answers.keys()) tell(choice, out)
      return out
    },
  }
}

/** One annotation for each place of each source; a source that no place names is told without one. */
function placedBy(annotations: unknown[], places: unknown[], text: string): Record<string, unknown>[] {
  const out: Record<string, unknown>[] = []
  const named = new Set<number>()
  const bytes = Buffer.from(text)
  for (const value of places) {
    const place = readPlace(value)
    const found = place && whereIn(bytes, text, place)
    if (!found) continue
    for (const index of place.of) {
      const annotation = annotations[index]
      if (!isMap(annotation)) continue
      named.add(index)
      out.push(withPlace(annotation, text, ...found))
    }
  }
  return [...out, ...annotations.filter((each, i): each is Record<string, unknown> => isMap(each) && !named.has(i))]
}

function readPlace(value: unknown): Place | undefined {
  if (!isMap(value) || !Array.isArray(value['of'])) return undefined
  const { of, start, end, text } = value
  return {
    of: of.filter(Number.isInteger) as number[],
    start: Number.isInteger(start) ? (start as number) : 0,
    end: Number.isInteger(end) ? (end as number) : undefined,
    text: typeof text === 'string' && text !== '' ? text : undefined,
  }
}

/** Where the words stand: at the bytes if they are there, else where they are found, as the bytes count from their own part. */
function whereIn(bytes: Buffer, text: string, place: Place): [number, number] | undefined {
  const { start, end } = place
  if (end !== undefined && end <= bytes.length) {
    const said = bytes.toString('utf8', start, end)
    if (place.text === undefined || said === place.text) {
      const before = bytes.toString('utf8', 0, start).length
      return [before, before + said.length]
    }
  }
  const found = place.text === undefined ? -1 : text.indexOf(place.text)
  return found < 0 || place.text === undefined ? undefined : [found, found + place.text.length]
}

/** @param start and `end` in UTF-16; the API counts characters, of which some take two */
function withPlace(
  annotation: Record<string, unknown>,
  text: string,
  start: number,
  end: number,
): Record<string, unknown> {
  const { url_citation: citation } = annotation
  const before = charactersIn(text.slice(0, start))
  const place = { start_index: before, end_index: before + charactersIn(text.slice(start, end)) }
  return isMap(citation) ? { ...annotation, url_citation: { ...citation, ...place } } : annotation
}

function charactersIn(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}
