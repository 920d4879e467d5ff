/** Models that give vectors: those of two models do not compare, so that one must never stand in for another. */

/** By the names that the field gives them. */
export function isEmbeddingModel(model: string): boolean {
  return /embed|(^|[/.])(bge|gte|e5|voyage)-/i.test(model)
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
