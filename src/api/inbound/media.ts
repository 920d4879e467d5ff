/** What an answer has beside its texts and calls: pictures, sound, and what tools did that the vendor ran itself. */
import type { WireDelta } from '../chat-completions/response/wire-types.ts'
import { filled, isRecord } from '../chat-completions/json-value.ts'

export type Media =
  /** `data` in base64; a picture may have an address instead. */
  | { kind: 'picture'; type: string; data: string }
  | { kind: 'picture'; type: string; url: string }
  | { kind: 'sound'; type: string; data: string }
  | { kind: 'tool'; step: Record<string, unknown> }

/** Hears of what an API has no place for, one sentence each. */
export type TellLoss = (loss: string) => void

type Loss = Media['kind'] | 'citation'

const LOSSES: Record<Loss, string> = {
  picture: 'images of the answer: this API has no place for them, left out',
  sound: 'audio of the answer: this API has no place for it, left out',
  tool: 'server_tools of the answer: this API has no place for what the vendor ran itself, left out',
  citation: 'annotations of the answer: this API has no place for the citations of another, left out',
}

/** Tells of each kind once. */
export function createLossTeller(tellLoss: TellLoss): (lost: { kind: Loss }) => void {
  const told = new Set<Loss>()
  return ({ kind }) => {
    if (told.has(kind)) return
    told.add(kind)
    tellLoss(LOSSES[kind])
  }
}

const NONE: readonly Media[] = []

/** In the order in which chat completions tell them. @param sound the type that was said of the answer's sound */
export function mediaOf(delta: WireDelta, sound = 'audio/wav'): readonly Media[] {
  const { images, audio, server_tools: steps } = delta
  if (images === undefined && audio === undefined && steps === undefined) return NONE
  const media: Media[] = []
  if (Array.isArray(images)) for (const image of images) media.push(...pictureOf(image))
  if (isRecord(audio)) {
    const data = filled(audio['data'])
    if (data !== undefined) media.push({ kind: 'sound', type: sound, data })
  }
  if (Array.isArray(steps)) media.push(...steps.filter(isRecord).map((step) => ({ kind: 'tool' as const, step })))
  return media
}

/** Only the first piece says it. */
export function soundType({ audio }: WireDelta): string | undefined {
  return isRecord(audio) ? filled(audio['mime_type']) : undefined
}

/** What is said in the sound is the answer's text where there is no other. */
export function transcriptOf({ audio }: WireDelta): string | undefined {
  return isRecord(audio) ? filled(audio['transcript']) : undefined
}

const DATA_URL = /^data:([^;,]+);base64,/

function pictureOf(image: unknown): Media[] {
  const place = isRecord(image) ? image['image_url'] : undefined
  const url = isRecord(place) ? filled(place['url']) : filled(place)
  if (url === undefined) return []
  // the head alone is matched: a picture has millions of characters
  const head = DATA_URL.exec(url.slice(0, 200))
  if (head) return [{ kind: 'picture', type: head[1] ?? '', data: url.slice(head[0].length) }]
  return [{ kind: 'picture', type: 'image/png', url }]
}
