/** The fields in which the page makes and changes a client's key, and the entry of `clients:` that they stand for. */

export const FIELDS = ['name', 'models', 'rpm', 'concurrency', 'usd', 'expires'] as const
export type Given = Record<(typeof FIELDS)[number], string>
export const NOTHING: Given = { name: '', models: '', rpm: '', concurrency: '', usd: '', expires: '' }

type Limit = Record<string, unknown>
/** The limits that have a field. */
const LIMITS = ['rpm', 'concurrency', 'usd'] as const

export interface KeyEntry {
  name: string
  models?: string | string[]
  limits?: Limit | Limit[]
  expires?: string
}

/** What the fields hold of a key. */
export function fieldsOf({ name, models, limits, expires }: KeyEntry): Given {
  const of = (metric: (typeof LIMITS)[number]): string => {
    const limit = listOf(limits).find((each) => isOf(each, metric))
    return limit === undefined ? '' : String(limit[metric])
  }
  return {
    name,
    models: listOf(models).join(', '),
    rpm: of('rpm'),
    concurrency: of('concurrency'),
    usd: of('usd'),
    // a day's field; a time of that day stays unless another day is given
    expires: expires?.slice(0, 10) ?? '',
  }
}

/** A new key's entry. */
export function entryOf(given: Given): object {
  const limits = limitsWith([], NOTHING, given)
  return {
    name: given.name.trim(),
    ...(given.models.trim() !== '' && { models: globsOf(given.models) }),
    ...(limits.length > 0 && { limits }),
    ...(given.expires !== '' && { expires: given.expires }),
  }
}

/** What is other than before: null takes away. Limits that have no field stay. */
export function changeOf(key: KeyEntry, given: Given): object {
  const before = fieldsOf(key)
  const isChanged = (...names: readonly (keyof Given)[]): boolean => names.some((name) => before[name] !== given[name])
  const limits = limitsWith(listOf(key.limits), before, given)
  const models = globsOf(given.models)
  return {
    ...(isChanged('models') && { models: models.length > 0 ? models : null }),
    ...(isChanged(...LIMITS) && { limits: limits.length > 0 ? limits : null }),
    ...(isChanged('expires') && { expires: given.expires === '' ? null : given.expires }),
  }
}

function limitsWith(limits: readonly Limit[], before: Given, given: Given): Limit[] {
  const all = limits.map((limit) => ({ ...limit }))
  for (const metric of LIMITS) {
    if (before[metric] === given[metric]) continue
    const found = all.find((each) => isOf(each, metric))
    const amount = Number(given[metric])
    if (given[metric] === '') {
      delete found?.[metric]
    } else if (found) found[metric] = amount
    else all.push(metric === 'usd' ? { usd: amount, per: 'month', resets: '00:00 UTC' } : { [metric]: amount })
  }
  return all.filter(holdsAny)
}

/** Is it about an amount, and not only about how one is counted? */
function holdsAny(limit: Limit): boolean {
  return Object.keys(limit).some((name) => !COUNTED.has(name))
}

const COUNTED = new Set(['per', 'resets', 'shape', 'scope', 'charge', 'burst'])

/** The field for money is about months. */
function isOf(limit: Limit, metric: (typeof LIMITS)[number]): boolean {
  return limit[metric] !== undefined && (metric !== 'usd' || limit['per'] === 'month')
}

function globsOf(text: string): string[] {
  return text.split(/[\s,]+/).filter((glob) => glob !== '')
}

function listOf<T>(value: T | T[] | undefined): T[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value]
}
