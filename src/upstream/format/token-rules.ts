/** How a vendor counts what is no English text, by its own published rules; see `estimate` of a definition. */
import { DefinitionError, type Path } from '../../definition/error.ts'
import { isMap } from '../../definition/scope.ts'
import { onlyKeys } from '../../definition/cases.ts'
import { globTest } from '../../runtime/glob.ts'

/** An image is cut into squares, and each costs. */
export interface ImageRule {
  /** Pixels of a square's side; absent: every image is one square. */
  size?: number
  /** Tokens of a square, and of the image itself. */
  each: number
  base: number
  /** Pixels that the longer and the shorter side are brought down to. */
  longest?: number
  shortest?: number
  /** Squares that an image is brought down to. */
  most?: number
  /** An image with no side longer is one square; pixels. */
  small?: number
  /** Tokens of an image whose detail is low. */
  low?: number
}

/** Tokens. */
export interface TokenRules {
  image: ImageRule
  /** Of a document's page. */
  page: number
  /** Of a second. */
  audio: number
  video: number
  /** Of a Chinese, Japanese or Korean character. */
  cjk: number
}

/** Where a vendor says nothing: what most do. A page costs 258 to 3,000, a second of speech 10 to 32. */
export const USUAL_RULES: TokenRules = {
  image: { size: 28, each: 1, base: 0, longest: 1568, most: 1568 },
  page: 600,
  audio: 25,
  video: 290,
  cjk: 0.83,
}

const IMAGE_KEYS = new Set(['size', 'each', 'base', 'longest', 'shortest', 'most', 'small', 'low'])
const RATES = ['page', 'audio', 'video', 'cjk'] as const
const KEYS = new Set(['image', ...RATES])

/** The rules of a model by its upstream name; undefined where the definition has none. One object for equal rules. */
export function compileTokenRules(node: unknown): ((model: string) => TokenRules) | undefined {
  if (node === undefined || node === null) return undefined
  const path: Path = ['estimate']
  if (!isMap(node)) throw new DefinitionError('estimate is a map: { image, page, audio, video, cjk, models }', path)
  const { models = {}, ...general } = node
  const usual = readRules(general, USUAL_RULES, path)
  if (!isMap(models)) throw new DefinitionError('models is a map of globs', [...path, 'models'])
  const entries = Object.entries(models).map(([glob, entry]) => ({
    fits: globTest(glob),
    rules: readRules(entry, usual, [...path, 'models', glob]),
  }))
  return (model) => entries.find(({ fits }) => fits(model))?.rules ?? usual
}

function readRules(node: unknown, usual: TokenRules, path: Path): TokenRules {
  if (!isMap(node)) throw new DefinitionError('expected { image, page, audio, video, cjk }', path)
  onlyKeys(node, KEYS, path)
  const rules = { ...usual }
  for (const name of RATES) if (node[name] !== undefined) rules[name] = amount(node[name], [...path, name])
  if (node['image'] !== undefined) rules.image = readImage(node['image'], [...path, 'image'])
  return rules
}

function readImage(node: unknown, path: Path): ImageRule {
  if (!isMap(node))
    throw new DefinitionError('expected { size, each, base, longest, shortest, most, small, low }', path)
  onlyKeys(node, IMAGE_KEYS, path)
  const numbers = Object.entries(node).map(([name, value]) => [name, amount(value, [...path, name])] as const)
  return { each: 1, base: 0, ...Object.fromEntries(numbers) }
}

function amount(value: unknown, path: Path): number {
  if (typeof value === 'number' && value > 0 && value < Infinity) return value
  throw new DefinitionError('expected a number above 0', path)
}
