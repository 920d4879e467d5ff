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

/** What an entry says goes before what the format says of all its models. */
export function compileModels(definition: FormatDefinition): (model: string) => ModelPlan {
  const defaults = definition.request?.defaults ?? {}
  const clamp = readClamp(definition.request?.clamp, ['request', 'clamp'])
  const planOf = (traits: ModelPlan['traits'], own: Omit<ModelPlan, 'traits' | 'isPlain'>): ModelPlan => {
    const set = { ...defaults, ...own.defaults }
    const bounds = [...own.clamp, ...clamp.filter(({ field }) => own.clamp.every((each) => each.field !== field))]
    const isPlain = own.drop.length === 0 && Object.keys(set).length === 0 && bounds.length === 0
    return { traits, drop: own.drop, defaults: set, prepare: own.prepare, clamp: bounds, isPlain }
  }
  const entries = Object.entries(definition.models ?? {}).map(([glob, entry]) => {
    const at = ['models', glob]
    if (!isMap(entry)) throw new DefinitionError('a model entry is a map', at)
    const { drop = [], defaults = {}, clamp, prepare, ...traits } = entry
    if (!isTextList(drop)) throw new DefinitionError('drop is a list of fields', [...at, 'drop'])
    if (!isMap(defaults)) throw new DefinitionError('defaults is a map', [...at, 'defaults'])
    const own = {
      drop,
      defaults,
      clamp: readClamp(clamp, [...at, 'clamp']),
      prepare: compileRequestTransforms(prepare, [...at, 'prepare']),
    }
    return { fits: globTest(glob), plan: planOf(traits, own) }
  })
  const usual = planOf({}, { drop: [], defaults: {}, clamp: [], prepare: [] })
  // by entry and not by name: clients name as many models as they like
  return (model) => entries.find(({ fits }) => fits(model))?.plan ?? usual
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
