/** The sandbox's answers beside chat: moderations, pictures and ranks, each the same for the same request. */
import { BadRequest } from '../error.ts'

/** A PNG of one grey pixel. */
export const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=='

type Json = Record<string, unknown>

/** By path. Throw a BadRequest that names the field. */
export const RELAYED: Readonly<Record<string, (body: Json) => Json>> = {
  '/moderations': (body) => {
    const { model, input } = body
    if (input === undefined) throw new BadRequest('input', "Missing required parameter: 'input'.")
    const result = { flagged: false, categories: { violence: false }, category_scores: { violence: 0 } }
    return { id: 'modr-sandbox', model, results: [input].flat().map(() => result) }
  },
  '/images/generations': ({ prompt, n }) => {
    if (typeof prompt !== 'string') throw new BadRequest('prompt', "Missing required parameter: 'prompt'.")
    const count = typeof n === 'number' && n >= 1 && n <= 10 ? Math.floor(n) : 1
    return { created: 1_767_225_600, data: Array.from({ length: count }, () => ({ b64_json: PIXEL })) }
  },
  '/rerank': ({ model, query, documents }) => {
    if (typeof query !== 'string') throw new BadRequest('query', "Missing required parameter: 'query'.")
    if (!Array.isArray(documents)) throw new BadRequest('documents', "Missing required parameter: 'documents'.")
    const words = new Set(query.toLowerCase().split(/\W+/))
    const scored = documents.map((each: unknown, index) => {
      const own = (typeof each === 'string' ? each : JSON.stringify(each)).toLowerCase().split(/\W+/)
      return { index, relevance_score: own.filter((word) => words.has(word)).length / Math.max(own.length, 1) }
    })
    return { model, results: scored.toSorted((a, b) => b.relevance_score - a.relevance_score) }
  },
}
