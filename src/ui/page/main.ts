/** Begins the page. */
import { render } from 'preact'
import { html } from 'htm/preact'
import { App } from './app.ts'
import { follow } from './live.ts'

const root = document.getElementById('page')
if (root) render(html`<${App} />`, root)
follow()
