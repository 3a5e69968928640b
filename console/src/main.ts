/** Puts the console together; the only place that touches the browser's globals by name. */
import { createApp } from 'vue'

import App from './App.vue'
import { Client } from './api/client'
import { watchAttention } from './attention'
import { createI18n, I18N } from './i18n'
import { LATE_PAGES, watchLatePages } from './latePages'
import { makeRouter } from './router'
import { CONSOLE, createConsole } from './state/console'
import './theme/element'
import { createThemes, THEMES } from './theme/theme'
import './theme/theme.css'

const i18n = createI18n(localStorage, document)
const client = new Client((url, init) => fetch(url, init), () => Date.now())
const duty = createConsole(client, localStorage, document)
watchAttention(duty, i18n, document)
void duty.begin()

const router = makeRouter()
const late = watchLatePages(
  router,
  () => fetch('/healthz').then((answer) => answer.ok, () => false),
  (address) => window.location.assign(address),
)

createApp(App)
  .provide(I18N, i18n)
  .provide(THEMES, createThemes(localStorage, document))
  .provide(CONSOLE, duty)
  .provide(LATE_PAGES, late)
  .use(router)
  .mount('#app')
