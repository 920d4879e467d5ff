/** The files of the page at /ui: its own modules, and the libraries that they import, out of their packages as they are. */
import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface PageFile {
  type: string
  body: string
  /** Strong; quoted. */
  etag: string
}

export interface Page {
  /** By path below `/ui/`; the empty one is the page itself. */
  files: ReadonlyMap<string, PageFile>
  /** Of the page: nothing inline but the map of imports, nothing from elsewhere. */
  policy: string
}

const FOLDER = fileURLToPath(new URL('page/', import.meta.url))
/** `.ts` in a clone, whose types are taken out here; `.js` in the package. */
const OWN = extname(import.meta.url)

const TYPES: Record<string, string> = {
  '.ts': 'text/javascript; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.html': 'text/html; charset=utf-8',
}

/** Names that the page imports, and the package's own file for each. */
const LIBRARIES: Record<string, string> = {
  preact: import.meta.resolve('preact'),
  'preact/hooks': import.meta.resolve('preact/hooks'),
  htm: import.meta.resolve('htm'),
  'htm/preact': import.meta.resolve('htm/preact'),
  uplot: new URL('uPlot.esm.js', import.meta.resolve('uplot')).href,
}

export function readPage(): Page {
  const files = new Map<string, PageFile>()
  for (const name of globSync(`**/*{${OWN},.css,.svg}`, { cwd: FOLDER })) {
    if (name.endsWith('.d.ts')) continue
    const text = readFileSync(join(FOLDER, name), 'utf8')
    // blanks stand where types were, so that lines and columns stay
    files.set(name.replaceAll('\\', '/'), fileOf(name, OWN === '.ts' && name.endsWith('.ts') ? stripped(text) : text))
  }
  const imports: Record<string, string> = {}
  for (const [name, url] of Object.entries(LIBRARIES)) {
    const path = `library/${name.replaceAll('/', '-')}.mjs`
    imports[name] = `/ui/${path}`
    // maps of sources are not served
    files.set(path, fileOf(path, readFileSync(fileURLToPath(url), 'utf8').replace(/\n\/\/# sourceMappingURL=.*/, '')))
  }
  files.set(
    'library/uplot.css',
    fileOf('.css', readFileSync(fileURLToPath(new URL('uPlot.min.css', LIBRARIES['uplot'])), 'utf8')),
  )
  const map = JSON.stringify({ imports })
  files.set('', fileOf('.html', pageText(map)))
  return { files, policy: policyOf(map) }
}

/** Node warns once that this function may change: that is for who develops this, and not for who looks at the page. */
function stripped(text: string): string {
  const { emitWarning } = process
  process.emitWarning = (...[warning, kind]: unknown[]): void => {
    if (kind !== 'ExperimentalWarning') Reflect.apply(emitWarning, process, [warning, kind])
  }
  try {
    return stripTypeScriptTypes(text)
  } finally {
    process.emitWarning = emitWarning
  }
}

function fileOf(name: string, body: string): PageFile {
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
  return { type: TYPES[extname(name) || name] ?? 'application/octet-stream', body, etag }
}

function pageText(imports: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>balanced-call</title>
<link rel="icon" href="/ui/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/ui/library/uplot.css">
<link rel="stylesheet" href="/ui/style.css">
<script type="importmap">${imports}</script>
<script type="module" src="/ui/main${OWN}"></script>
</head>
<body><div id="page"></div><noscript>balanced-call: JavaScript is off.</noscript></body>
</html>
`
}

function policyOf(map: string): string {
  const hash = createHash('sha256').update(map).digest('base64')
  return [
    "default-src 'none'",
    `script-src 'self' 'sha256-${hash}'`,
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}
