/** What a model is for, by the names that the field gives: wires do not say. */

const begins = '(?<![a-z0-9])'

const VECTORS = new RegExp(
  `embed|minilm|${begins}(?:bge|gte|e5|voyage|colbert|mpnet|jina-clip)-|^(?:openai/)?clip-`,
  'i',
)

/** Ranks, judgements, translations, pictures, films, speech and its text; those that only continue a text, want speech, or a line that stays open. */
const NO_CHAT = new RegExp(
  [
    'rerank|reward|moderation|guard|shieldgemma|distilbert|m2m100|indictrans',
    'dall-?e|stable-?diffusion|sdxl|midjourney',
    'whisper|transcri|realtime|native-audio|cosyvoice|sensevoice|cogv(?:iew|ideo)|nova-(?:\\d-)?(?:canvas|reel|sonic)',
    `${begins}(?:images?|imagen|imagine|flux|kolors|seedream|ideogram|recraft|videos?|veo|sora|wanx?|seedance|kling|hailuo)(?![a-z])`,
    `${begins}(?:audio|live|speech|tts|asr|ocr|parakeet|kokoro|orpheus|lyria|musicgen)(?![a-z])`,
    '(?:davinci|babbage|curie)-|gpt-3\\.5-turbo-instruct',
  ].join('|'),
  'i',
)

/** It gives vectors: those of two models do not compare, so that one must never stand in for another. */
export function isEmbeddingModel(model: string): boolean {
  return VECTORS.test(model) && !/rerank/i.test(model)
}

/** It answers a chat of text, whatever else it can. */
export function isChatModel(model: string): boolean {
  return !isEmbeddingModel(model) && !NO_CHAT.test(model)
}

/** The first that chats, for who has to take one unasked; the first of all where none does. */
export function firstChat(models: readonly string[]): string | undefined {
  return models.find(isChatModel) ?? models[0]
}

/** The names of public models that a chat can go to; of all where there is none. */
export function chatPools(pools: readonly { model: string; routes: readonly { model: string }[] }[]): string[] {
  const chats = pools.filter(({ routes }) => routes.some(({ model }) => isChatModel(model)))
  return (chats.length > 0 ? chats : pools).map(({ model }) => model)
}

/** The name without what hosts write around it: `vendor.`, `vendor/`, a version behind a colon, `.0`. */
export function bareModel(model: string): string {
  const name = model.slice(model.lastIndexOf('/') + 1).toLowerCase()
  return name
    .replace(/^([a-z]+\.)+(?=[a-z])/, '')
    .replace(/[:@].*$/, '')
    .replace(/\.0$/, '')
}

/** What is wrong with a pool that has routes of several models, when one of them gives vectors. */
export function mixedEmbeddings(routes: readonly { model: string }[]): string | undefined {
  if (!routes.some(({ model }) => isEmbeddingModel(model))) return undefined
  const names = [...new Set(routes.map(({ model }) => bareModel(model)))]
  if (names.length < 2) return undefined
  return `vectors of two models do not compare: a pool of an embedding model has routes of that model only, not of ${names.join(' and ')}`
}
