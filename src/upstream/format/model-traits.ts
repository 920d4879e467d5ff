/** What a definition says of single models: the first entry of `models` whose glob fits. */
import { DefinitionError, type Path } from '../../definition/error.ts'
import { isMap } from '../../definition/scope.ts'
import type { FormatDefinition } from './format-definition.ts'
import type { RequestTransform } from '../request/transforms/request-transform.ts'
import { compileRequestTransforms } from '../request/transforms/index.ts'
import { globTest } from '../../runtime/glob.ts'

export interface ModelPlan {
  /** Values for `$traits.name`. */
  traits: Record<string, unknown>
  /** Fields that this model refuses: left out, with a warning when the client set one. */
  drop: string[]
  defaults: Record<string, unknown>
  /** Request transforms for this model, after those of the format. */
  prepare: ReturnType<RequestTransform>[]
  clamp: Bounds[]
  /** No field is dropped, set or bounded. */
  isPlain: boolean
}

export interface Bounds {
  field: string
  low: number
  high: number
}

const NO_TRAITS: ModelPlan['traits'] = {}

/** Plans of more models than this are made anew each time, so that clients naming models cannot fill the memory. */
const MOST_PLANS = 1000

/** What an entry says goes before what the format says of all its models. */
export function compileModels(definition: FormatDefinition): (model: string) => ModelPlan {
  const request = definition.request
  const entries = Object.entries(definition.models ?? {}).map(([glob, entry]) => {
    const at = ['models', glob]
    if (!isMap(entry)) throw new DefinitionError('a model entry is a map', at)
    const { drop, defaults, clamp, prepare, ...traits } = entry
    if (drop !== undefined && !isTextList(drop)) throw new DefinitionError('drop is a list of fields', [...at, 'drop'])
    if (defaults !== undefined && !isMap(defaults)) throw new DefinitionError('defaults is a map', [...at, 'defaults'])
    return {
      fits: globTest(glob),
      drop: drop ?? [],
      defaults: defaults ?? {},
      clamp: readClamp(clamp, [...at, 'clamp']),
      prepare: compileRequestTransforms(prepare, [...at, 'prepare']),
      traits,
    }
  })
  const defaults = request?.defaults ?? {}
  const clamp = readClamp(request?.clamp, ['request', 'clamp'])
  const plans = new Map<string, ModelPlan>()
  return (model) => {
    const known = plans.get(model)
    if (known) return known
    const entry = entries.find((each) => each.fits(model))
    const own = entry?.clamp ?? []
    const drop = entry?.drop ?? []
    const set = { ...defaults, ...entry?.defaults }
    const bounds = [...own, ...clamp.filter(({ field }) => own.every((each) => each.field !== field))]
    const plan: ModelPlan = {
      traits: entry?.traits ?? NO_TRAITS,
      drop,
      defaults: set,
      prepare: entry?.prepare ?? [],
      clamp: bounds,
      isPlain: drop.length === 0 && Object.keys(set).length === 0 && bounds.length === 0,
    }
    if (plans.size < MOST_PLANS) plans.set(model, plan)
    return plan
  }
}

function readClamp(node: unknown, path: Path): Bounds[] {
  if (node === undefined) return []
  if (!isMap(node)) throw new DefinitionError('clamp is a map: { temperature: [0, 1] }', path)
  return Object.entries(node).map(([field, range]) => {
    const [low, high] = Array.isArray(range) ? (range as unknown[]) : []
    if (typeof low !== 'number' || typeof high !== 'number' || low > high) {
      throw new DefinitionError('a range is [lowest, highest]', [...path, field])
    }
    return { field, low, high }
  })
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}
