/** The pages and their addresses. */
import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router'

import BoardView from './views/BoardView.vue'
import CamerasView from './views/CamerasView.vue'
import ClosedView from './views/ClosedView.vue'
import IncidentView from './views/IncidentView.vue'
import DutySettingsView from './views/DutySettingsView.vue'
import DutyView from './views/DutyView.vue'
import LedgerView from './views/LedgerView.vue'
import NotFoundView from './views/NotFoundView.vue'
import PlansView from './views/PlansView.vue'
import QuietView from './views/QuietView.vue'

export const ROUTES: RouteRecordRaw[] = [
  { path: '/', name: 'board', component: BoardView },
  { path: '/incidents/:id', name: 'incident', component: IncidentView, props: true },
  { path: '/closed', name: 'closed', component: ClosedView },
  { path: '/duty', name: 'duty', component: DutyView },
  { path: '/duty/settings', name: 'duty-settings', component: DutySettingsView },
  { path: '/quiet', name: 'quiet', component: QuietView },
  { path: '/drills/:id', name: 'ledger', component: LedgerView, props: true },
  { path: '/plans', name: 'plans', component: PlansView },
  { path: '/cameras', name: 'cameras', component: CamerasView },
  { path: '/:rest(.*)*', name: 'not-found', component: NotFoundView },
]

export function makeRouter() {
  return createRouter({
    history: createWebHistory(),
    routes: ROUTES,
    scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
  })
}
