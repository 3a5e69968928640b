/** The pages and their addresses. */
import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router'

import BoardView from './views/BoardView.vue'
import CoverageView from './views/CoverageView.vue'
import DirectoryView from './views/DirectoryView.vue'
import GroupView from './views/GroupView.vue'
import HouseholdView from './views/HouseholdView.vue'
import RegistryView from './views/RegistryView.vue'
import SheetsView from './views/SheetsView.vue'
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
  { path: '/registry', name: 'registry', component: RegistryView },
  { path: '/registry/groups/:id', name: 'registry-group', component: GroupView, props: true },
  { path: '/registry/households/:id', name: 'registry-household', component: HouseholdView, props: true },
  { path: '/registry/coverage', name: 'registry-coverage', component: CoverageView },
  { path: '/registry/directory', name: 'registry-directory', component: DirectoryView },
  { path: '/registry/sheets', name: 'registry-import', component: SheetsView },
  { path: '/:rest(.*)*', name: 'not-found', component: NotFoundView },
]

export function makeRouter() {
  return createRouter({
    history: createWebHistory(),
    routes: ROUTES,
    scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
  })
}
